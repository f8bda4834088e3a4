"""A daemon that watches a layout, everybody who changes files in it, and what it told and recorded of each file."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from tests.daemon.looking import etag
from tests.watching.changes import OLD, WRITE, Who
from tests.watching.told import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.daemon.client import Answer
    from tests.watching.layouts import Layout, Seen
    from tests.watching.told import Event, Told

#: The file that is changed after the others: once it is told, what came before it ought to be.
MARKER = "marker.yaml"
#: Files of tests that are no mere change.
AWAY = "away.yaml"
MOMENTS = tuple(f"moment-{number}.yaml" for number in range(5))
#: What a test's tools find around them: nobody's own settings.
_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "HOME": "/nonexistent"}


class Asked(Protocol):
    """A daemon, in whatever process it is."""

    def ask(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request."""
        ...


@dataclass
class World:
    """``slowest``: the longest time from a change to its event, in seconds."""

    daemon: Asked
    told: Told
    layout: Layout
    slowest: dict[str, float] = field(default_factory=dict[str, float])
    marked: int = 0

    def run(self, who: Who, seen: Seen, script: str) -> float:
        """Run a script on the file as ``who``; when it ended."""
        command = ("sh", "-euc", script, "sh", seen.by[who], seen.link)
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | _ENVIRONMENT, check=False)
        assert done.returncode == 0, (command, done.stderr)
        return time.monotonic()

    def read(self, seen: Seen) -> bytes | None:
        """What a reader in confkeep's container sees; None where nothing is."""
        try:
            with open(seen.by[Who.INSIDE], "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def events(self, seen: Seen) -> list[Event]:
        """What was told of a file: what became of it, not what the doctor says of its mount when it looks next."""
        return [event for event in self.told.events(seen.root, seen.path) if event.type != "doctor.finding"]

    def history(self, seen: Seen) -> list[dict[str, Any]]:
        """Its revisions, the newest first."""
        answer = self.daemon.ask("GET", f"/v1/history/{seen.root}/{quote(seen.path)}?limit=1000")
        assert answer.status == 200, answer
        found: list[dict[str, Any]] = answer.json["revisions"]
        return found

    def content(self, revision: dict[str, Any]) -> bytes:
        """The bytes of a revision."""
        answer = self.daemon.ask("GET", f"/v1/revisions/{revision['id']}/content")
        assert answer.status == 200, answer
        return answer.body

    def await_first_sight(self) -> None:
        """Until the history has all files as they are at first."""
        for seen in self.layout.files.values():
            eventually(partial(self._is_as_at_first, seen), f"recorded: {seen}")

    def _is_as_at_first(self, seen: Seen) -> bool:
        return [each["etag"] for each in self.history(seen)] == [etag(OLD)]

    def mark(self) -> None:
        """Change the marker and wait until that is told."""
        seen = self.layout.files[MARKER]
        self.marked += 1
        self.run(Who.HOST, seen, WRITE.script.replace("new", f"{self.marked:03}"))
        wanted = etag(b"greeting: %03d\n" % self.marked)
        assert self.told.wait(lambda: any(each.data["etag"] == wanted for each in self.events(seen))), "no marker"

    def note(self, outcome: str, seconds: float) -> None:
        """One change took so long to be told."""
        self.slowest[outcome] = max(seconds, self.slowest.get(outcome, 0.0))

    def figures(self) -> str:
        """The slowest of each outcome."""
        return ", ".join(f"{outcome} {1000 * seconds:.0f} ms" for outcome, seconds in sorted(self.slowest.items()))


def eventually(holds: Callable[[], object], what: str) -> None:
    """Fail where it does not hold after PATIENCE seconds."""
    give_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up, f"never: {what}"
        time.sleep(0.02)


def check_one_each(world: World) -> None:
    """Over its whole life, for every file: each revision but the first sight was told once, and nothing else was."""
    by_address = {(seen.root, seen.path): seen for seen in world.layout.files.values()}
    files = [event for event in world.told.events() if event.type.startswith("file.")]
    assert {event.about for event in files} <= by_address.keys()
    for address, seen in by_address.items():
        revisions = [each["id"] for each in reversed(world.history(seen))]
        assert [event.data["revision"] for event in files if event.about == address] == revisions[1:], seen
