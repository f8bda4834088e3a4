"""A save that is interrupted at any of its calls of the operating system leaves old or new, and nothing else."""

from __future__ import annotations

import errno
import logging
import os
import signal
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest

from confkeep.documents.check import Validate
from confkeep.expect import ABSENT, ANYTHING
from confkeep.files import leftovers
from confkeep.keeper import Request
from tests.support.looking import leftovers_in, opened
from tests.support.saving import NAME, Bench, bench, open_intents
from tests.support.sites import Site, Watch, all_sites, in_a_child

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from confkeep.keeper import Keeper

pytestmark = pytest.mark.slow

#: At least so many places in a save by each route, the calls before and after counted as one.
AT_LEAST = 20
#: Where an interruption finds a name that is made, or another one than before, and that nobody has noted yet.
_IN_BETWEEN = {"open", "rename", "rename_exchange"}
#: Written in pieces, so that a file can be found half written.
PIECE = 1500


class Case(NamedTuple):
    """A route, and the sizes of the old and the new content; None: there is no file."""

    route: str
    before: int | None
    after: int


CASES = {
    "replace": Case("replace", 4000, 6000),
    "create": Case("replace", None, 6000),
    "overwrite and grow": Case("overwrite", 4000, 6000),
    "overwrite and shrink": Case("overwrite", 6000, 4000),
}


class Scene:
    """A file that is saved again and again, each time from and to a content of its own."""

    def __init__(self, directory: Path, case: Case) -> None:
        self.one: Bench = bench(directory / "config", directory / "state", case.route)
        self.case = case
        self.name = NAME if case.before is not None else "new.yaml"
        self.path = self.one.directory / self.name
        self.names = self.one.names()
        self.old: bytes | None = None
        self.new = b""

    def begin(self) -> None:
        """The old content is in place."""
        if self.case.before is None:
            self.path.unlink(missing_ok=True)
        else:
            self.old = os.urandom(self.case.before)
            self.path.write_bytes(self.old)
        self.new = os.urandom(self.case.after)

    def present(self) -> bytes | None:
        """What is in the file."""
        return self.path.read_bytes() if self.path.exists() else None

    def save(self, keeper: Keeper, data: bytes) -> None:
        """Save, in pieces."""
        expect = ANYTHING if self.path.exists() else ABSENT
        keeper.save(self.one.root, self.name, Request(data, expect, validate=Validate.OFF))

    def others(self) -> list[str]:
        """What is in the directory and does not belong there."""
        return sorted(set(self.one.names()) - {*self.names, self.name})


class Outcome(NamedTuple):
    """What an interrupted save left in its own process."""

    said: str
    present: bytes | None
    leftovers: list[str]
    again: str


def attempt(scene: Scene, act: Callable[[Site], None], *, again: bool) -> Outcome:
    """Save, interrupted by ``act``; ``again``: and then once more, from the same process."""
    with scene.one.keeper() as keeper:
        said = said_of(lambda: watched(scene, keeper, act))
        present, leftovers = scene.present(), leftovers_in(scene.one.directory)
        then = said_of(lambda: scene.save(keeper, b"again")) if again else ""
    return Outcome(said, present, leftovers, then)


def watched(scene: Scene, keeper: Keeper, act: Callable[[Site], None]) -> None:
    """The save itself."""
    with Watch(act):
        scene.save(keeper, scene.new)


def said_of(call: Callable[[], object]) -> str:
    """How it ended."""
    try:
        call()
    except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt is one of the cases
        return f"{type(error).__name__}: {error}"
    return "saved"


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def scene(request: pytest.FixtureRequest, disk: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Scene]:
    """One for each case, the same route all the way."""
    pwrite = os.pwrite

    def in_pieces(fd: int, data: memoryview, offset: int) -> int:
        return pwrite(fd, data[:PIECE], offset)

    monkeypatch.setattr(os, "pwrite", in_pieces)
    scene = Scene(disk, request.param)
    yield scene
    assert scene.others() == []


def sites_of(scene: Scene) -> list[Site]:
    """All sites of a save, found in a process of its own, as each of them is then tried."""

    def record() -> list[Site]:
        with scene.one.keeper() as keeper:
            return all_sites(lambda: scene.save(keeper, scene.new))

    scene.begin()
    found: list[Site] = in_a_child(record)
    assert scene.present() == scene.new
    assert len(found) >= 2 * AT_LEAST, found
    return found


def recovered(scene: Scene) -> str:
    """The next process recovers: the file is whole, nothing is left over. Which content it has."""
    with scene.one.keeper() as keeper:
        assert all(found.settled for found in keeper.recover())
        assert open_intents(keeper) == 0
    with opened(scene.one.directory, os.O_RDONLY) as directory:
        leftovers.sweep(directory)
    assert scene.others() == []
    present = scene.present()
    assert present in {scene.old, scene.new}
    return "new" if present == scene.new else "old"


def test_killed_at_every_site(scene: Scene) -> None:
    """By -9 before each call: old or new once recovery has run, and nothing else."""

    def act(at: Site) -> None:
        if at == site:
            os.kill(os.getpid(), signal.SIGKILL)

    found: Counter[str] = Counter()
    for site in sites_of(scene):
        if site.when == "before":
            scene.begin()
            assert in_a_child(lambda: attempt(scene, act, again=False)) is None, f"not killed at {site}"
            found[recovered(scene)] += 1
    tell(scene, found)
    assert found.total() >= AT_LEAST
    assert set(found) == {"old", "new"}


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), MemoryError()], ids=["EIO", "memory"])
def test_failing_at_every_site(scene: Scene, error: BaseException) -> None:
    """Each call fails in turn: whoever says that the old content is intact is right, and nothing is left beside it."""

    def act(at: Site) -> None:
        if at == site:
            raise error

    found: Counter[str] = Counter()
    left: list[tuple[Site, str]] = []
    for site in sites_of(scene):
        if site.when == "before":
            scene.begin()
            outcome: Outcome = in_a_child(lambda: attempt(scene, act, again=False))
            check_told(scene, outcome, site)
            if outcome.leftovers and site.name != "unlink":  # what cannot be removed is what the next sweep removes
                left.append((site, outcome.said))
            found[recovered(scene)] += 1
    tell(scene, found)
    assert left == [], "\n".join(map(str, left))
    assert found.total() >= AT_LEAST
    assert set(found) == {"old", "new"}


def test_interrupted_after_every_site(scene: Scene) -> None:
    """KeyboardInterrupt between two instructions: the same process can save again, and nothing but that is there."""

    def act(at: Site) -> None:
        if at == site:
            raise KeyboardInterrupt

    tried = 0
    left: list[Site] = []
    for site in sites_of(scene):
        if site.when == "after":
            scene.begin()
            outcome: Outcome = in_a_child(lambda: attempt(scene, act, again=True))
            check_told(scene, outcome, site)
            assert outcome.again == "saved", (site, outcome)
            if outcome.leftovers and site.name not in _IN_BETWEEN:
                left.append(site)
            scene.new = b"again"
            assert recovered(scene) == "new", site
            tried += 1
    tell(scene, Counter({"interrupted": tried}))
    assert left == [], "\n".join(map(str, left))
    assert tried >= AT_LEAST


def check_told(scene: Scene, outcome: Outcome, site: Site) -> None:
    """What was said of the file is true."""
    if outcome.said == "saved":
        assert outcome.present == scene.new, site
    elif "the old content is intact" in outcome.said or "nothing was written" in outcome.said:
        assert outcome.present == scene.old, (site, outcome.said)


def tell(scene: Scene, found: Counter[str]) -> None:
    """The figures are part of the result."""
    logging.getLogger(__name__).info("%s: %s", scene.case, dict(found))
