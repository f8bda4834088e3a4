"""confkeep.save and confkeep.file by a rename, interrupted at any system call: old or new, and nothing else."""

from __future__ import annotations

import errno
import os
import signal
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pytest

import confkeep
from confkeep.files import leftovers
from tests.library.spots import etag
from tests.support.looking import leftovers_in, opened
from tests.support.sites import Site, Watch, all_sites, in_a_child

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

OLD, NEW = b"a" * 4000, b"b" * 6000
#: Where an interruption finds a name that is made, or another one than before, and that nobody has noted yet.
_IN_BETWEEN = {"open", "rename", "rename_exchange"}
AT_LEAST = 12


def save(path: Path) -> None:
    """Whatever is there."""
    confkeep.save(path, NEW)


def save_expecting(path: Path) -> None:
    """Only over OLD."""
    confkeep.save(path, NEW, expect=etag(OLD))


def create(path: Path) -> None:
    """Only where nothing is."""
    confkeep.save(path, NEW, overwrite=False)


def file(path: Path) -> None:
    """Bit by bit, with a mode of its own."""
    with confkeep.file(path, "wb") as draft:
        os.fchmod(draft.fileno(), 0o600)
        draft.write(NEW)


def file_expecting(path: Path) -> None:
    """Only over OLD."""
    with confkeep.file(path, "wb", expect=etag(OLD)) as draft:
        draft.write(NEW)


def file_created(path: Path) -> None:
    """Only where nothing is."""
    with confkeep.file(path, "wb", overwrite=False) as draft:
        draft.write(NEW)


CALLS = pytest.mark.parametrize("call", [save, save_expecting, create, file, file_expecting, file_created])


class Outcome(NamedTuple):
    """What an interrupted call left in its own process."""

    said: str
    present: bytes | None
    left: list[str]
    descriptors: int


@dataclass(frozen=True, slots=True)
class Acting:
    """Does something at one site."""

    site: Site
    act: Callable[[], None]

    def __call__(self, at: Site) -> None:
        """For ``Watch``."""
        if at == self.site:
            self.act()


class Scene:
    """A directory of its own, where ``call`` is tried again and again."""

    def __init__(self, disk: Path, call: Callable[[Path], None]) -> None:
        self.directory = disk / "config"
        self.directory.mkdir()
        self.path = self.directory / "a.txt"
        self.call = call
        self.old = None if call in {create, file_created} else OLD
        self.begin()
        self.sites: list[Site] = in_a_child(lambda: all_sites(lambda: call(self.path)))
        assert self.present() == NEW
        assert len(self.sites) >= 2 * AT_LEAST, self.sites

    def begin(self) -> None:
        """The old content is in place."""
        self.path.unlink(missing_ok=True)
        if self.old is not None:
            self.path.write_bytes(self.old)

    def present(self) -> bytes | None:
        """What is in the file."""
        return self.path.read_bytes() if self.path.exists() else None

    def tried(self, act: Callable[[Site], None]) -> Outcome | None:
        """The call in a process of its own, interrupted by ``act``."""
        self.begin()
        found: Outcome | None = in_a_child(lambda: self._try(act))
        return found

    def _try(self, act: Callable[[Site], None]) -> Outcome:
        before = len(os.listdir("/proc/self/fd"))
        try:
            with Watch(act):
                self.call(self.path)
            said = "saved"
        except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt is one of the cases
            said = f"{type(error).__name__}: {error}"
        descriptors = len(os.listdir("/proc/self/fd")) - before
        return Outcome(said, self.present(), leftovers_in(self.directory), descriptors)

    def swept(self) -> str:
        """After a sweep the directory holds the file, old or new, and nothing else. Which it is."""
        with opened(self.directory, os.O_RDONLY) as directory:
            leftovers.sweep(directory)
        present = self.present()
        assert present in {self.old, NEW}
        assert os.listdir(self.directory) == ([] if present is None else ["a.txt"])
        return "new" if present == NEW else "old"


@CALLS
def test_killed_at_every_site(disk: Path, call: Callable[[Path], None]) -> None:
    """By -9 before each call."""
    scene, found = Scene(disk, call), Counter[str]()
    for site in scene.sites:
        if site.when == "before":
            assert scene.tried(Acting(site, kill)) is None, site
            found[scene.swept()] += 1
    assert found.total() >= AT_LEAST
    assert set(found) == {"old", "new"}


def kill() -> None:
    """Nothing that comes after it has an effect."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail(error: BaseException) -> None:
    """Raise it."""
    raise error


@CALLS
@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), MemoryError()], ids=["EIO", "memory"])
def test_failing_at_every_site(disk: Path, call: Callable[[Path], None], error: BaseException) -> None:
    """Each call fails in turn: what is said of the file is true, and nothing is left beside it."""
    scene, tried, left = Scene(disk, call), 0, list[tuple[Site, str]]()
    for site in scene.sites:
        if site.when != "before":
            continue
        outcome = scene.tried(Acting(site, partial(fail, error)))
        assert outcome is not None, site
        if outcome.said == "saved":
            assert outcome.present == NEW, site
        elif "the old content is intact" in outcome.said or "nothing was written" in outcome.said:
            assert outcome.present == scene.old, (site, outcome.said)
        if outcome.left and site.name != "unlink":  # what cannot be removed is what the next sweep removes
            left.append((site, outcome.said))
        scene.swept()
        tried += 1
    assert left == [], "\n".join(map(str, left))
    assert tried >= AT_LEAST


@CALLS
def test_interrupted_after_every_site(disk: Path, call: Callable[[Path], None]) -> None:
    """KeyboardInterrupt between two instructions: old or new; left is only what nobody can have noted yet."""
    scene, tried, left = Scene(disk, call), 0, list[Site]()
    for site in scene.sites:
        if site.when != "after":
            continue
        outcome = scene.tried(Acting(site, partial(fail, KeyboardInterrupt())))
        assert outcome is not None, site
        if outcome.left and site.name not in _IN_BETWEEN:
            left.append(site)
        scene.swept()
        tried += 1
    assert left == [], "\n".join(map(str, left))
    assert tried >= AT_LEAST
