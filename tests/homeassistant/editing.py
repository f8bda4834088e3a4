"""What the three editors of the pages save, and what is to be seen of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from pathlib import Path

    from tests.homeassistant.home import Home

#: As somebody's editor left it; Home Assistant makes it 0644.
MODE: Final = 0o640
_TIME: Final = {"platform": "time", "at": "17:30:00"}


@dataclass(frozen=True)
class Edited:
    """One thing of a ``kind``, by its key; ``called(name)`` is what the editor sends."""

    kind: str
    key: str
    named: str
    rest: dict[str, Any]

    @property
    def file(self) -> str:
        """The file of the configuration directory that it is in."""
        return f"{self.kind}s.yaml"

    def called(self, name: str) -> dict[str, Any]:
        """It, by that name."""
        return {self.named: name, **self.rest}

    def stored(self, name: str) -> list[Any] | dict[str, Any]:
        """What its file then says, where nothing else is in it."""
        body = self.called(name)
        return {self.key: body} if self.kind == "script" else [{"id": self.key, **body}]


AUTOMATION: Final = Edited("automation", "1700000000001", "alias", {"trigger": [_TIME], "action": []})
SCRIPT: Final = Edited("script", "evening", "alias", {"sequence": []})
SCENE: Final = Edited("scene", "1700000000002", "name", {"entities": {}})
KINDS: Final = (AUTOMATION, SCRIPT, SCENE)


def until_seen(home: Home, kind: str, names: set[str]) -> None:
    """Wait until Home Assistant has loaded its file again: these are the names of all entities of that kind."""

    def seen() -> bool:
        states = home.owner.states().items()
        return {state["attributes"]["friendly_name"] for key, state in states if key.startswith(f"{kind}.")} == names

    home.until(seen, f"the names of {kind} entities are {names}")


def create_update_delete(home: Home, edited: Edited, path: Path) -> None:
    """Each is answered by 200, is in ``path``, and is loaded."""
    for name in ("First name", "Second name"):
        assert home.owner.post(edited.kind, edited.key, edited.called(name)) == (200, {"result": "ok"})
        assert yaml.safe_load(path.read_bytes()) == edited.stored(name)
        until_seen(home, edited.kind, {name})
    assert home.owner.delete(edited.kind, edited.key) == (200, {"result": "ok"})
    assert not yaml.safe_load(path.read_bytes())
    until_seen(home, edited.kind, set())
