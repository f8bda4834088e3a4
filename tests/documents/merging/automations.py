"""Lists of automations as people write them, in many styles, with comments; and what two people do to them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any, Final

_KINDS: Final = ("alias", "mode", "trigger", "variables", "tags", "new")


@dataclass
class Automation:
    """``number`` is its identity and decides how it is written."""

    number: int
    data: dict[str, Any]

    def text(self) -> str:
        """Its lines in the file."""
        random = Random(self.number)
        dash = random.choice(["- ", "-   "])
        lines = [f"# about {self.number}"] if random.random() < 0.3 else []
        mark = dash
        for key, value in self.data.items():
            lines += _entry(mark, key, value, Random(f"{self.number} {key}"))
            mark = " " * len(dash)
        return "\n".join(lines) + random.choice(["\n", "\n", "\n\n"])


def _entry(mark: str, key: str, value: Any, random: Random) -> list[str]:  # noqa: ANN401
    pad = " " * len(mark)
    if isinstance(value, str):
        return [f"{mark}{key}: {_scalar(value, random)}{random.choice(['', '', f' # why {value}'])}"]
    if random.random() < 0.3 or not value:
        return [f"{mark}{key}: {_flow(value, random)}"]
    lines = [f"{mark}{key}:"]
    if isinstance(value, dict):
        return [*lines, *(f"{pad}  {line}" for line in _pairs(value, random))]
    pad += random.choice(["", "  "])
    for item in value:
        if isinstance(item, str):
            lines.append(f"{pad}- {_scalar(item, random)}")
        else:
            first, *rest = _pairs(item, random)
            lines += [f"{pad}- {first}", *(f"{pad}  {line}" for line in rest)]
    return lines


def _pairs(value: Any, random: Random) -> list[str]:  # noqa: ANN401
    return [f"{name}: {_scalar(part, random)}" for name, part in value.items()]


def _scalar(value: str, random: Random) -> str:
    return random.choice(['"{}"', "'{}'", "{}"]).format(value)


def _flow(value: Any, random: Random) -> str:  # noqa: ANN401
    if isinstance(value, dict):
        return "{" + ", ".join(_pairs(value, random)) + "}"
    return "[" + ", ".join(_scalar(i, random) if isinstance(i, str) else _flow(i, random) for i in value) + "]"


class World:
    """Makes automations and changes; no two things that it makes are the same."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._last = 0

    def word(self) -> str:
        """One that was never there before."""
        self._last += 1
        return f"w{self._last}"

    def automation(self) -> Automation:
        """A new one."""
        random = self.random
        data: dict[str, Any] = {"id": self.word(), "alias": self.word()}
        if random.random() < 0.7:
            data["trigger"] = [{"platform": "state", "entity_id": self.word()} for _ in range(random.randrange(4))]
        if random.random() < 0.5:
            data["variables"] = {self.word(): self.word() for _ in range(random.randrange(3))}
        if random.random() < 0.7:
            data["mode"] = "single"
        if random.random() < 0.4:
            data["tags"] = [random.choice(["a", "b", self.word()]) for _ in range(random.randrange(4))]
        return Automation(self._last * 10 + random.randrange(10), data)

    def edited(self, automations: list[Automation], may: set[int]) -> list[Automation]:
        """One to three changes: of automations in ``may``, or new ones."""
        found = deepcopy(automations)
        for _ in range(self.random.randint(1, 3)):
            theirs = [n for n, one in enumerate(found) if one.number in may]
            match self.random.choice(["edit", "edit", "remove", "insert", "append"]):
                case "edit" if theirs:
                    self._edit(found[self.random.choice(theirs)].data)
                case "remove" if theirs:
                    del found[self.random.choice(theirs)]
                case "insert":
                    found.insert(self.random.randint(0, len(found)), self.automation())
                case _:
                    found.append(self.automation())
        return found

    def _edit(self, data: dict[str, Any]) -> None:
        kind = self.random.choice(_KINDS)
        if kind == "trigger" and data.get(kind):
            self.random.choice(data[kind])["entity_id"] = self.word()
        elif kind == "variables" and kind in data:
            data[kind][self.word()] = self.word()
        elif kind == "tags" and kind in data:
            data[kind].insert(self.random.randint(0, len(data[kind])), self.word())
        elif kind == "mode" and kind in data:
            del data[kind]
        elif kind == "alias":
            data[kind] = self.word()
        else:
            data[self.word()] = self.word()


def written(automations: list[Automation], newline: str = "\n") -> bytes:
    """The file."""
    text = "# My automations\n\n" + ("".join(one.text() for one in automations) or "[]\n")
    return text.replace("\n", newline).encode()
