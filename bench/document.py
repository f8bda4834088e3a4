"""A 16 KB configuration as people really write them, different each time."""

from __future__ import annotations

from itertools import count

SIZE = 16 << 10

_AUTOMATION = """\
- id: "16{n:011d}"
  alias: Hallway light {n} on motion
  description: ""
  mode: restart
  trigger:
    - platform: state
      entity_id: binary_sensor.hallway_motion_{n}
      from: "off"
      to: "on"   # PIR, reports within 1 s
  condition:
    - condition: numeric_state
      entity_id: sensor.hallway_illuminance_{n}
      below: 15
    - condition: time
      after: "17:30:00"
      before: "06:00:00"
      weekday: [mon, tue, wed, thu, fri]
  action:
    - service: light.turn_on
      target: {{entity_id: light.hallway_{n}}}
      data:
        brightness_pct: >
          {{% if is_state('input_boolean.night_{n}', 'on') %}} 20
          {{% else %}} {{{{ states('input_number.hallway_{n}') | int(80) }}}} {{% endif %}}
        transition: 2
    - delay: "00:03:00"
    - service: notify.notify
      data:
        message: 'Light {n}: on since {{{{ now() }}}}'
        token: !secret notify_{n}

"""


def automation(number: int) -> str:
    """One of a list."""
    return _AUTOMATION.format(n=number)


_BODY = "".join(automation(number) for number in range(SIZE // 800))
_numbers = count(1)


def fresh() -> bytes:
    """A document of SIZE bytes that no earlier call returned: history stores each content once."""
    head = f"# automations, edit {next(_numbers)}\n"
    text = head + _BODY[: _BODY.rindex("\n\n", 0, SIZE - len(head)) + 2]
    return (text + "#" * (SIZE - len(text) - 1) + "\n").encode("ascii")
