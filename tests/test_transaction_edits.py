"""Somebody edits one of the files while several are saved, or while they are put back: the edit stays, always."""

from __future__ import annotations

import errno
import logging
import os
import signal
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pytest

from confkeep.errors import IoError
from confkeep.files import leftovers
from confkeep.writing import Writing
from tests.support.batches import FOUR, MODE, Batch, Contents
from tests.support.looking import opened
from tests.support.sites import Site, Watch, in_a_child

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

EDITED: Final = b"by: hand\n"
#: The last one to be published; in some tests that fails.
LAST: Final = "z.yaml"
MEMBERS: Final[dict[str, tuple[bytes | None, bytes | None]]] = {**FOUR, LAST: (b"last: 1\n", None)}

Edit = Callable[[Batch, str], bool]


def in_place(batch: Batch, name: str) -> bool:
    """What ``>`` does in a shell, to a file that is there or not; who would have to wait for a lease comes later."""
    try:
        fd = os.open(batch.directory / name, os.O_WRONLY | os.O_TRUNC | os.O_CREAT | os.O_NONBLOCK)
    except BlockingIOError:
        return False
    os.write(fd, EDITED)
    os.close(fd)
    return True


def renamed_over(batch: Batch, name: str) -> bool:
    """What most editors do."""
    other = batch.directory.with_name("edited")
    other.write_bytes(EDITED)
    other.rename(batch.directory / name)
    return True


def removed(batch: Batch, name: str) -> bool:
    """Somebody removes it; not if it is gone already."""
    try:
        (batch.directory / name).unlink()
    except FileNotFoundError:
        return False
    return True


EDITS: Final[list[Edit]] = [in_place, renamed_over, removed]
EACH_FILE = pytest.mark.parametrize("name", list(FOUR))


def edit_for(number: int, name: str) -> Edit:
    """They take turns, so that each file meets each of them at many sites: all at all of them take minutes."""
    edits = [edit for edit in EDITS if edit is not removed or MEMBERS[name][1] is not None]
    return edits[(number + list(FOUR).index(name)) % len(edits)]


@pytest.fixture
def batch(disk: Path, state: Path) -> Batch:
    """Five files."""
    return Batch(disk / "config", state, MEMBERS)


class Watched:
    """A transaction in a process of its own; ``act`` is called at each site, before the call."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def run(self, act: Callable[[int, Site], object], *, last_fails: bool) -> str | None:
        """How it ended. ``act`` has the number of the site; with ``last_fails`` from then on, else from the start."""
        self.batch.begin()

        def attempt() -> str:
            numbers = iter(range(1 << 30))
            counting = [not last_fails]

            def at(site: Site) -> None:
                if counting[0] and site.when == "before" and site.thread == "main":
                    act(next(numbers), site)

            def fail() -> None:
                counting[0] = True
                raise OSError(errno.EIO, os.strerror(errno.EIO))

            with self.batch.keeper() as keeper, pytest.MonkeyPatch.context() as patch:
                if last_fails:
                    failing_last(patch, fail)
                try:
                    with Watch(at):
                        self.batch.save(keeper)
                except BaseException as error:  # noqa: BLE001 - the test shall see it
                    return f"{type(error).__name__}: {error}"
            return "saved"

        said: str | None = in_a_child(attempt)
        return said

    def sites(self, *, last_fails: bool) -> int:
        """How many there are."""
        readable, writable = os.pipe()
        self.run(lambda _, __: os.write(writable, b"."), last_fails=last_fails)
        os.close(writable)
        with os.fdopen(readable, "rb") as pipe:
            return len(pipe.read())


def failing_last(patch: pytest.MonkeyPatch, fail: Callable[[], None]) -> None:
    """The publish of the last file fails, when all others are done."""
    publish = Writing.publish

    def sometimes(self: Writing) -> Any:  # noqa: ANN401 - passed on
        if self.plan.target.place.name == LAST:
            fail()
        return publish(self)

    patch.setattr(Writing, "publish", sometimes)


def edit_at(batch: Batch, number: int, name: str, edit: Edit, *, last_fails: bool) -> tuple[str | None, bool]:
    """How a transaction ends when somebody edits ``name`` at that site; and whether the edit could be made."""
    done = batch.directory.with_name("done")
    done.unlink(missing_ok=True)

    def act(at: int, _: Site) -> None:
        if at == number and edit(batch, name):
            done.touch()

    said = Watched(batch).run(act, last_fails=last_fails)
    return said, done.exists()


def wrong_with(batch: Batch, name: str, edited: bytes | None, others: Contents) -> list[str]:
    """Both before and after recovery the edit is there, and the other files are as they must be."""
    expected = {**others, name: edited}
    wrong: list[str] = []
    for when in ("at once", "after recovery"):
        present = batch.present()
        wrong += [f"{when} {each}: {present[each]!r}" for each in present if present[each] != expected[each]]
        wrong += [f"{when}: {each}" for each in (batch.others() if when == "at once" else batch.recover())]
    return wrong


@EACH_FILE
def test_at_every_moment(batch: Batch, name: str) -> None:
    """Before its file is published: a conflict, and all others are as before. After that: a later save."""
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(Watched(batch).sites(last_fails=False)):
        edit = edit_for(number, name)
        said, done = edit_at(batch, number, name, edit, last_fails=False)
        if not done:
            ends["held off"] += 1
            continue
        end = str(said).partition(":")[0]
        ends[end] += 1
        others = batch.new if end == "saved" else batch.old
        edited = None if edit is removed else EDITED
        wrong += [f"{number} {edit.__name__} {said}: {each}" for each in wrong_with(batch, name, edited, others)]
        if end not in {"saved", "Conflict"}:
            wrong.append(f"{number} {said}")
    tell(name, ends)
    assert wrong == [], "\n".join(wrong)
    assert ends["Conflict"] > 0
    assert ends["saved"] > 0


@EACH_FILE
def test_while_they_are_put_back(batch: Batch, name: str) -> None:
    """The last one fails, and somebody edits a file that was published: that one stays, the others are as before."""
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(Watched(batch).sites(last_fails=True)):
        edit = edit_for(number, name)
        said, done = edit_at(batch, number, name, edit, last_fails=True)
        ends[str(said).partition(":")[0] if done else "held off"] += 1
        edited = None if edit is removed else EDITED
        if done:
            wrong += [f"{number} {edit.__name__} {said}: {each}" for each in wrong_with(batch, name, edited, batch.old)]
    tell(name, ends)
    assert wrong == [], "\n".join(wrong)
    assert set(ends) <= {"IoError", "held off"}
    assert ends["IoError"] > 0


def tell(name: str, ends: Counter[str]) -> None:
    """The figures are part of the result."""
    logging.getLogger(__name__).info("%s: %s", name, dict(ends))


@EACH_FILE
def test_killed_after_an_edit_in_the_put_back(batch: Batch, name: str) -> None:
    """An editor renames its file over one that is being put back, and we are killed at any moment after that."""
    wrong: list[str] = []
    tried = 0
    count = Watched(batch).sites(last_fails=True)
    moved = _renames(batch)
    for first in moved:
        for second in range(first + 1, min(first + 8, count)):

            def act(at: int, _: Site, first: int = first, second: int = second) -> None:
                if at == first:
                    renamed_over(batch, name)
                if at == second:
                    os.kill(os.getpid(), signal.SIGKILL)

            if Watched(batch).run(act, last_fails=True) is not None:
                continue
            tried += 1
            left = batch.recover()
            present = batch.present()
            if present != {**batch.old, name: EDITED} or left:
                wrong.append(f"{first} {second}: {present[name]!r} {left}")
    assert wrong == [], "\n".join(wrong)
    assert tried > 0


def _renames(batch: Batch) -> list[int]:
    """The sites of a put-back that give a file another name, or write it."""
    readable, writable = os.pipe()

    def act(at: int, site: Site) -> None:
        if site.name.startswith("rename") or site.name == "pwrite":
            os.write(writable, b"%d\n" % at)

    Watched(batch).run(act, last_fails=True)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        return list(map(int, pipe))


def test_what_is_put_back_has_its_attributes(batch: Batch) -> None:
    """Also a file that was removed already: nobody may read what was closed to them, and hard links stay together."""
    Watched(batch).run(lambda _, __: None, last_fails=True)
    assert batch.present() == batch.old
    assert batch.modes() == {MODE}


def test_a_second_link_of_a_removed_file(batch: Batch) -> None:
    """Removed and put back: it is the same inode as its other name, not a copy."""
    other = batch.directory.with_name("link-of-d")
    batch.begin()
    other.hardlink_to(batch.directory / "d.yaml")
    with batch.keeper() as keeper, pytest.MonkeyPatch.context() as patch:
        failing_last(patch, _fail)
        with pytest.raises(IoError):
            batch.save(keeper)
    assert batch.present() == batch.old
    assert other.stat().st_nlink == 2


def _fail() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_sweep_beside_it(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process sweeps the directory while a file that is to be removed is set aside: it comes back as it was."""

    def swept_and_failed() -> None:
        with opened(batch.directory, os.O_RDONLY) as directory:
            leftovers.sweep(directory)
        _fail()

    batch.begin()
    failing_last(monkeypatch, swept_and_failed)
    with batch.keeper() as keeper, pytest.raises(IoError):
        batch.save(keeper)
    assert batch.present() == batch.old
    assert batch.modes() == {MODE}
    assert batch.others() == []
