"""A folder's publication that is interrupted at any of its calls leaves the old or the new one, and nothing else."""

from __future__ import annotations

import errno
import logging
import os
import signal
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pytest

from confkeep.files import leftovers, syscalls
from tests.support.faults import raising
from tests.support.folders import NEW, OLD, publish, read, write
from tests.support.looking import leftovers_in, opened
from tests.support.sites import Site, Watch, all_sites, in_a_child

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fixtures import Filesystem
    from tests.support.mounting import Mounts

pytestmark = pytest.mark.slow

CASES = ["replace", "create", "contents", "three steps"]
#: At least so many places in a publication.
AT_LEAST = 40
#: Calls that remove: where they fail, something stays that a later sweep removes.
_REMOVING = {"unlink", "rmdir", "open", "scandir", "statx", "close"}


class Outcome(NamedTuple):
    """What an interrupted publication left in its own process."""

    said: str
    present: dict[str, bytes] | None
    left: list[str]


class Scene:
    """A folder that is published again and again."""

    def __init__(self, case: str, disk: Path, mounts: Mounts) -> None:
        self.case = case
        (disk / "in").mkdir()
        self.path = disk / "in" / "conf"
        if case == "contents":
            write(disk / "host", {})
            mounts.bind(disk / "host", self.path)

    @property
    def old(self) -> dict[str, bytes] | None:
        """What is there before."""
        return None if self.case == "create" else OLD

    def begin(self) -> None:
        """The old folder is in place."""
        self.clear(self.path)
        if self.old is not None:
            write(self.path, self.old)

    def clear(self, path: Path) -> None:
        """Remove what is there, but not the mount."""
        for entry in sorted(path.rglob("*"), reverse=True):
            entry.rmdir() if entry.is_dir() else entry.unlink()
        if path.exists() and not path.is_mount() and self.case != "contents":
            path.rmdir()

    def left(self) -> list[str]:
        """What is beside the folder, or in it, and belongs to neither."""
        beside = [name for name in os.listdir(self.path.parent) if name != self.path.name]
        return sorted(beside + (leftovers_in(self.path) if self.path.exists() else []))

    def present(self) -> dict[str, bytes] | None:
        """What is in the folder, but for leftovers."""
        found = read(self.path)
        return found and {name: content for name, content in found.items() if not name.startswith(".confkeep-")}

    def sweep(self) -> None:
        """As ``confkeep sweep`` does."""
        for directory in (self.path.parent, self.path):
            if directory.exists():
                with opened(directory, os.O_RDONLY) as fd:
                    leftovers.sweep(fd)

    def restored(self) -> None:
        """Where an exchange takes three steps, somebody has to give the old folder its name again."""
        for name in self.left():
            if self.case == "three steps" and name.endswith(".old"):
                assert read(self.path.parent / name) == OLD
                if self.path.exists():
                    assert read(self.path) == NEW
                    self.clear(self.path.parent / name)
                else:
                    (self.path.parent / name).rename(self.path)

    def check(self) -> str:
        """Old or new, once a sweep has come by, and nothing else; which."""
        self.sweep()
        self.restored()
        assert self.left() == []
        present = read(self.path)
        if self.case == "contents" and present not in (OLD, NEW):
            assert present is not None
            assert all(content in {OLD.get(name), NEW.get(name)} for name, content in present.items())
            assert {"a.yaml", "both/x"} <= present.keys()
            return "mixed"
        assert present in (self.old, NEW)
        return "new" if present == NEW else "old"


@pytest.fixture(params=CASES)
def scene(
    request: pytest.FixtureRequest, filesystem: Filesystem, mounts: Mounts, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    """Each case in turn, in memory: a flush waits for nobody else there."""
    if request.param == "three steps":
        monkeypatch.setattr(syscalls, "rename_exchange", raising(errno.EINVAL))
        monkeypatch.setattr(syscalls, "rename_noreplace", raising(errno.EINVAL))
    return Scene(request.param, filesystem("tmpfs"), mounts)


def attempt(scene: Scene, act: Callable[[Site], None]) -> Outcome:
    """Publish, interrupted by ``act``."""
    try:
        with Watch(act):
            publish(scene.path)
        said = "published"
    except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt is one of the cases
        said = f"{type(error).__name__}: {error}"
    return Outcome(said, scene.present(), scene.left())


def sites_of(scene: Scene, when: str) -> list[Site]:
    """All sites of a publication, those of the product alone."""
    scene.begin()
    found: list[Site] = in_a_child(lambda: all_sites(lambda: publish(scene.path)))
    assert read(scene.path) == NEW
    found = [site for site in found if site.when == when]
    assert len(found) >= AT_LEAST, found
    return found


def tell(scene: Scene, found: Counter[str]) -> None:
    """The figures are part of the result."""
    logging.getLogger(__name__).info("%s: %s", scene.case, dict(found))


def expected(scene: Scene) -> set[str]:
    """What has to be found at some site each."""
    return {"old", "new"} | ({"mixed"} if scene.case == "contents" else set())


def test_killed_at_every_site(scene: Scene) -> None:
    """By -9 before each call: old or new, and after a sweep nothing else; mounted ones hold whole entries of both."""
    found: Counter[str] = Counter()
    for site in sites_of(scene, "before"):

        def act(at: Site, site: Site = site) -> None:
            if at == site:
                os.kill(os.getpid(), signal.SIGKILL)

        scene.begin()
        assert in_a_child(partial(attempt, scene, act)) is None, f"not killed at {site}"
        found[scene.check()] += 1
    tell(scene, found)
    assert set(found) == expected(scene)


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), MemoryError()], ids=["EIO", "memory"])
def test_failing_at_every_site(scene: Scene, error: BaseException) -> None:
    """Each call fails in turn: what is said of the folder is true, and nothing stays but what could not be removed."""
    found: Counter[str] = Counter()
    left: list[tuple[Site, Outcome]] = []
    for site in sites_of(scene, "before"):

        def act(at: Site, site: Site = site) -> None:
            if at == site:
                raise error

        scene.begin()
        outcome: Outcome = in_a_child(partial(attempt, scene, act))
        if outcome.said == "published":
            assert outcome.present == NEW, site
        elif "the old content is intact" in outcome.said:
            assert outcome.present == scene.old, (site, outcome.said)
        if outcome.left and site.name not in _REMOVING:
            left.append((site, outcome))
        found[scene.check()] += 1
    tell(scene, found)
    assert left == [], "\n".join(map(str, left))
    assert set(found) == {"old", "new"}


def test_interrupted_after_every_site(scene: Scene) -> None:
    """KeyboardInterrupt between two instructions: old or new, never a mixture, and the next publication is whole."""
    found: Counter[str] = Counter()
    for site in sites_of(scene, "after"):

        def act(at: Site, site: Site = site) -> None:
            if at == site:
                raise KeyboardInterrupt

        scene.begin()
        outcome: Outcome = in_a_child(partial(attempt, scene, act))
        found[scene.check()] += 1
        if outcome.said == "published":
            assert outcome.present == NEW
        publish(scene.path)
        assert read(scene.path) == NEW
        assert scene.left() == []
    tell(scene, found)
    assert set(found) == {"old", "new"}
