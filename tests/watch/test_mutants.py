"""The tests of the watching can fail: each of its guarantees is broken on purpose, and a scenario notices."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from confkeep import recovery, writing
from confkeep.etag import etag_of
from confkeep.expect import ANYTHING
from confkeep.files.root import Root
from confkeep.history import revisions
from confkeep.keeper import Keeper, Request
from confkeep.watch import glance, ground, inotify, marks
from confkeep.watch.watcher import Watcher
from tests.watch.listening import Heard, started

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from confkeep.files.place import Place
    from confkeep.files.written import Written


@contextmanager
def watching(keeper: Keeper, directory: Path) -> Generator[Heard]:
    """Somebody who listens to a watcher of ``directory``; it has seen what is there."""
    heard = Heard()
    watcher = Watcher(keeper, [Root("ha", str(directory))], heard)
    try:
        started(watcher)
        yield heard
    finally:
        watcher.close()


def own_saves_are_not_told(keeper: Keeper, directory: Path) -> None:
    """Saves one after the other; each goes through, none is told, and the history has nothing else."""
    (directory / "a.yaml").write_bytes(b"0" * 4096)
    os.link(directory / "a.yaml", directory / "link.log")
    root = Root("ha", str(directory))
    with watching(keeper, directory) as heard:
        for number in range(150):
            keeper.save(root, "a.yaml", Request(b"%4d" % number * 1024, ANYTHING))
            time.sleep(0.001)
        heard.nothing_more()
    assert {each.origin.value for each in keeper.history(root, "a.yaml", 150)} == {"library"}


def a_slow_save_is_not_told(keeper: Keeper, directory: Path) -> None:
    """The new content is there, and the save has not ended: it is not somebody else's."""
    (directory / "a.yaml").write_bytes(b"0")
    publish = writing.Writing.publish

    def slowly(self: writing.Writing) -> Written:
        written = publish(self)
        time.sleep(0.4)
        return written

    with watching(keeper, directory) as heard, pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing.Writing, "publish", slowly)
        keeper.save(Root("ha", str(directory)), "a.yaml", Request(b"1", ANYTHING))
        heard.nothing_more()


def a_burst_is_told_whole(keeper: Keeper, directory: Path) -> None:
    """Two hundred files, five times each: the last content of each comes last."""
    with watching(keeper, directory) as heard:
        for number in range(1_000):
            (directory / f"{number % 200}.yaml").write_bytes(b"%d" % number)
        left = {f"{number % 200}.yaml": etag_of(b"%d" % number) for number in range(800, 1_000)}
        give_up = time.monotonic() + 8
        while left:
            change = heard.within(give_up)
            if left.get(change.relative) == change.etag:
                del left[change.relative]
        heard.nothing_more()


def editors_that_move_away_first(keeper: Keeper, directory: Path) -> None:
    """One change, no removal."""
    (directory / "a.yaml").write_bytes(b"1")
    with watching(keeper, directory) as heard:
        (directory / "a.yaml").rename(directory / "a.yaml~")
        time.sleep(0.12)
        (directory / "a.yaml").write_bytes(b"2")
        heard.content("a.yaml", b"2")
        heard.nothing_more()


def a_link_in_another_directory(keeper: Keeper, directory: Path) -> None:
    """Written by that name."""
    (directory / "a.yaml").write_bytes(b"1")
    link = directory.with_name("link")
    os.link(directory / "a.yaml", link)
    with watching(keeper, directory) as heard:
        link.write_bytes(b"2")
        assert heard.within(time.monotonic() + 3).etag == etag_of(b"2")


def a_new_directory_with_a_file(keeper: Keeper, directory: Path) -> None:
    """Made at once, far quicker than anybody could add a watch."""
    with watching(keeper, directory) as heard:
        (directory / "x" / "y").mkdir(parents=True)
        (directory / "x" / "y" / "a.yaml").write_bytes(b"1")
        assert heard.within(time.monotonic() + 3).relative == "x/y/a.yaml"


def more_than_the_queue_holds(keeper: Keeper, directory: Path) -> None:
    """The kernel loses count; the last change of all is found."""
    with watching(keeper, directory) as heard:
        for number in range(300):
            (directory / f"{number}.yaml").write_bytes(b"%d" % number)
        give_up = time.monotonic() + 8
        left = {f"{number}.yaml" for number in range(300)}
        while left:
            left.discard(heard.within(give_up).relative)


def removed_while_nobody_watched(keeper: Keeper, directory: Path) -> None:
    """It is found at the start."""
    (directory / "a.yaml").write_bytes(b"1")
    with watching(keeper, directory):
        pass
    (directory / "a.yaml").unlink()
    heard = Heard()
    watcher = Watcher(keeper, [Root("ha", str(directory))], heard)
    watcher.start()
    try:
        assert heard.within(time.monotonic() + 3).etag is None
    finally:
        watcher.close()


# --- what breaks them


def always(*, value: object) -> Callable[..., object]:
    """A function that says nothing else."""

    def answer(*_: object) -> object:
        return value

    return answer


def without_the_lock(patch: pytest.MonkeyPatch) -> None:
    """Look while a save is under way: half of it, or the old content that is not the newest any more."""

    @contextmanager
    def unlocked(self: Keeper, *places: Place, wait: float | None = None) -> Generator[None]:
        if wait == 0:
            yield
        else:
            with locked(self, *places, wait=wait):
                yield

    locked = Keeper.locked
    patch.setattr(Keeper, "locked", unlocked)
    patch.setattr(recovery, "pending", always(value=[]))


def by_time(patch: pytest.MonkeyPatch) -> None:
    """Every look is news: own saves are not known by their content."""

    def is_there(self: glance.Glance) -> bool:
        return self.version is not None

    patch.setattr(glance.Glance, "is_news", property(is_there))


def only_the_first_of_a_burst(patch: pytest.MonkeyPatch) -> None:
    """A file that is marked already, or was looked at a moment ago, is not marked again."""
    add, seen = marks.Marks.add, set[str]()

    def once(self: marks.Marks, path: str, **options: Any) -> None:
        if path not in seen or options.get("silent"):
            seen.add(path)
            add(self, path, **options)

    patch.setattr(marks.Marks, "add", once)


def removed_at_once(patch: pytest.MonkeyPatch) -> None:
    """What is not there is removed."""
    patch.setattr(marks.Marks, "is_really_gone", always(value=True))


def directories_only(patch: pytest.MonkeyPatch) -> None:
    """No file is watched itself, as watchdog has it."""
    patch.setattr(ground.Ground, "pin", always(value=None))


def without_a_round_through_new_directories(patch: pytest.MonkeyPatch) -> None:
    """They are watched from now on, whatever came before that."""
    patch.setattr(ground, "names_in", always(value=[]))


def overflow_goes_by(patch: pytest.MonkeyPatch) -> None:
    """The queue holds ten notices, and that some are lost is not noticed."""
    read = inotify.Inotify.read

    def short(self: inotify.Inotify) -> list[inotify.Notice]:
        return read(self)[:10]

    patch.setattr(inotify.Inotify, "read", short)


def overflow_is_noticed(patch: pytest.MonkeyPatch) -> None:
    """The queue holds ten notices, and says so: no mutant, but the other half of the one above."""
    read = inotify.Inotify.read

    def short(self: inotify.Inotify) -> list[inotify.Notice]:
        found = read(self)
        return found if len(found) <= 10 else [*found[:10], inotify.Notice(-1, inotify.OVERFLOW, "")]

    patch.setattr(inotify.Inotify, "read", short)


def forgets_what_is_gone(patch: pytest.MonkeyPatch) -> None:
    """A round goes by what is there, not by what the history knows."""
    patch.setattr(revisions, "below", always(value=()))


class Case(NamedTuple):
    """``mutate`` breaks what ``scenario`` shows."""

    mutate: Callable[[pytest.MonkeyPatch], None]
    scenario: Callable[[Keeper, Path], None]


CAUGHT = [
    Case(without_the_lock, a_slow_save_is_not_told),
    Case(by_time, own_saves_are_not_told),
    Case(only_the_first_of_a_burst, a_burst_is_told_whole),
    Case(removed_at_once, editors_that_move_away_first),
    Case(directories_only, a_link_in_another_directory),
    Case(without_a_round_through_new_directories, a_new_directory_with_a_file),
    Case(overflow_goes_by, more_than_the_queue_holds),
    Case(forgets_what_is_gone, removed_while_nobody_watched),
]
SCENARIOS = list(dict.fromkeys(case.scenario for case in CAUGHT))


def _name(value: object) -> str:
    return getattr(value, "__name__", "")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=_name)
def test_as_it_is(scenario: Callable[[Keeper, Path], None], keeper: Keeper, config: Path) -> None:
    """Nothing is broken, and the scenario passes."""
    scenario(keeper, config)


def test_a_queue_that_says_so(keeper: Keeper, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notices are lost, the kernel says so, and everything is found all the same."""
    overflow_is_noticed(monkeypatch)
    more_than_the_queue_holds(keeper, config)


@pytest.mark.parametrize(("mutate", "scenario"), CAUGHT, ids=_name)
def test_a_mutant_is_caught(
    mutate: Callable[[pytest.MonkeyPatch], None],
    scenario: Callable[[Keeper, Path], None],
    keeper: Keeper,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Something is broken, and the scenario says so."""
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        scenario(keeper, config)
