"""What people have written by hand, and what is looked at after a save."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

PORCH: Final = """\
- id: porch      # the porch
  alias: "Porch light"
  trigger:
    # at dusk
    - platform: sun
      event: sunset
  action: []
"""
GARDEN: Final = """\
- id: garden
  alias: 'Garden'   # single quotes

  trigger:
    - platform: time
      at: "17:30:00"
  # water, then rest
  action:
    - delay: 5   # five
"""
HALL: Final = """\
- {id: hall, alias: Hall, trigger: [], action: []}   # in one line
"""
AUTOMATIONS: Final = f"# The house, by hand\n\n{PORCH}\n{GARDEN}\n{HALL}"
SCRIPTS: Final = """\
# Scripts
wake:
  alias: "Wake up"   # early
  sequence: []
sleep:
  # late
  alias: 'Sleep'
  sequence: []
"""
SCENES: Final = """\
# Scenes
- id: '1'
  name: "Evening"   # cosy
  entities: {}
- id: '2'
  name: Night
  entities: {}
"""
#: File, kind, one key, the line that names it, another's text that stays as it is.
EDITED: Final = (
    ("automations.yaml", "automation", "garden", "alias", PORCH),
    ("scripts.yaml", "script", "wake", "alias", "  # late\n  alias: 'Sleep'\n"),
    ("scenes.yaml", "scene", "1", "name", "- id: '2'\n  name: Night\n"),
)


def write_all(directory: Path) -> None:
    """The three files, as somebody has written them."""
    for name, text in (("automations.yaml", AUTOMATIONS), ("scripts.yaml", SCRIPTS), ("scenes.yaml", SCENES)):
        (directory / name).write_text(text)


def changed(entry: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A copy with these."""
    return entry | members
