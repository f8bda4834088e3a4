"""confkeep.recovery: what a crash left open is settled, by content alone."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NoReturn

import pytest

from confkeep import recovery
from confkeep.errors import Conflict
from confkeep.etag import version_of
from confkeep.expect import ANYTHING
from confkeep.files import leftovers
from confkeep.files.overwrite import overwrite
from confkeep.files.place import resolve
from confkeep.files.root import OnBusy, Root
from confkeep.history import intents
from confkeep.history.intents import Promise
from confkeep.history.revisions import LIBRARY, Origin, State
from confkeep.history.store import Store
from confkeep.keeper import Keeper, Request
from confkeep.recovery import Found
from tests.support.faults import failing
from tests.support.layouts import file_bind
from tests.support.mounting import run
from tests.support.saving import NAME, NEW, OLD, Bench, bench, only, open_intents, promise, recorded, save

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from confkeep.files.target import Target
    from confkeep.files.written import Written
    from tests.support.layouts import Ground

TORN = NEW[:5] + OLD[5:]


@pytest.fixture
def one(disk: Path, state: Path) -> Bench:
    """A file that is saved in place."""
    return bench(disk / "config", state, "overwrite")


@pytest.fixture
def keeper(one: Bench) -> Generator[Keeper]:
    """Its keeper, after a crash: tests make the promise and leave it open."""
    with one.keeper() as keeper:
        yield keeper


@pytest.mark.parametrize(
    ("present", "found", "after"),
    [
        (NEW, Found.NEW, NEW),
        (OLD, Found.OLD, OLD),
        (TORN, Found.TORN, NEW),
        (NEW[:-3], Found.TORN, NEW),
        (OLD + bytes(len(NEW) - len(OLD)), Found.TORN, NEW),
        (bytes(len(NEW)), Found.TORN, NEW),
        (b"by: hand\n", Found.OTHER, b"by: hand\n"),
        (NEW + b"x", Found.OTHER, NEW + b"x"),
        (OLD[:-1], Found.OTHER, OLD[:-1]),
        (b"", Found.OTHER, b""),
        (None, Found.OTHER, None),
    ],
    ids=["new", "old", "torn", "short", "grown", "hole", "other", "longer", "shorter", "empty", "absent"],
)
def test_each_class_of_content(
    keeper: Keeper, one: Bench, present: bytes | None, found: Found, after: bytes | None
) -> None:
    """New and torn become new, old stays old, and what somebody else wrote is never overwritten; twice the same."""
    number = promise(keeper, one.path)
    if present is None:
        one.path.unlink()
    else:
        one.path.write_bytes(present)
    (recovered,) = keeper.recover()
    assert (recovered.revision, recovered.found, recovered.settled) == (number, found, True)
    assert recovered.detail
    assert (one.path.read_bytes() if one.path.exists() else None) == after
    assert open_intents(keeper) == 0
    _, revision, content = keeper.revision(number)
    assert content == NEW
    assert revision.state is (State.APPLIED if found in {Found.NEW, Found.TORN} else State.ABANDONED)
    assert keeper.recover() == []
    if after is not None:
        assert keeper.read(one.root, NAME).revision is not None  # what is there now is in the history


def test_a_torn_file_is_recorded_before_it_is_repaired(
    keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It might be somebody's edit that only looks torn: its bytes are a revision first, durably."""
    promise(keeper, one.path)
    one.path.write_bytes(TORN)
    seen: list[bytes] = []

    def looked_at(target: Target, old: bytes, new: bytes) -> Written:
        other = Store(one.state)  # another connection sees what has been committed
        with other.reading() as connection:
            seen.extend(row[0] for row in connection.execute("SELECT bytes FROM contents"))
        other.close()
        return overwrite(target, old, new)

    monkeypatch.setattr(recovery, "overwrite", looked_at)
    keeper.recover()
    assert TORN in seen
    origins = [revision.origin for revision in keeper.history(one.root, NAME, 10)]
    assert origins == [Origin.RECOVERY, Origin.LIBRARY, Origin.EXTERNAL]
    # it never was the file's content on purpose, so it does not count as a version that somebody may restore
    assert recorded(keeper, one) == [(State.APPLIED, OLD), (State.APPLIED, NEW), (State.ABANDONED, TORN)]


@pytest.mark.parametrize(("present", "found"), [(None, Found.OLD), (NEW, Found.NEW), (b"by: hand\n", Found.OTHER)])
def test_a_file_that_was_to_be_created(keeper: Keeper, one: Bench, present: bytes | None, found: Found) -> None:
    """Absence is a content too: nothing there means that it had not begun."""
    promise(keeper, one.directory / "new.yaml", old=None, route="replace")
    if present is not None:
        (one.directory / "new.yaml").write_bytes(present)
    (recovered,) = keeper.recover()
    assert (recovered.found, recovered.settled) == (found, True)
    assert ((one.directory / "new.yaml").read_bytes() if present is not None else None) == present


def test_a_restored_snapshot_is_reported_not_written(keeper: Keeper, one: Bench) -> None:
    """A content that the file had earlier is somebody's decision, even where it would pass for torn."""
    earlier = NEW[:2] + OLD[2:]
    save(keeper, one, earlier)
    save(keeper, one, OLD)
    promise(keeper, one.path)
    one.path.write_bytes(earlier)
    (recovered,) = keeper.recover()
    assert recovered.found is Found.OTHER
    assert one.path.read_bytes() == earlier


def test_an_edit_during_the_repair_stays(keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repair compares under the lease like any save."""
    promise(keeper, one.path)
    one.path.write_bytes(TORN)

    def after_an_edit(target: Target, old: bytes, new: bytes, *, on_busy: OnBusy = OnBusy.WRITE) -> Written:
        if new == NEW:
            one.path.write_bytes(b"by: hand\n")
        return overwrite(target, old, new, on_busy=on_busy)

    monkeypatch.setattr(recovery, "overwrite", after_an_edit)
    (recovered,) = keeper.recover()
    assert recovered.found is Found.OTHER
    assert one.path.read_bytes() == b"by: hand\n"


def test_an_edit_that_looks_torn_is_kept_in_the_history(keeper: Keeper, one: Bench) -> None:
    """It may be overwritten, but not lost."""
    promise(keeper, one.path)
    one.path.write_bytes(TORN)
    keeper.recover()
    assert TORN in [content for _, content in recorded(keeper, one)]


def test_the_record_is_made_durable_before_anything(
    keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can be read after kill -9 may not be on the disk yet."""
    promise(keeper, one.path)
    one.path.write_bytes(TORN)
    order: list[str] = []
    make_durable = Store.make_durable

    def durable(store: Store) -> None:
        order.append("durable")
        make_durable(store)

    def write(target: Target, old: bytes, new: bytes) -> Written:
        order.append("write")
        return overwrite(target, old, new)

    monkeypatch.setattr(Store, "make_durable", durable)
    monkeypatch.setattr(recovery, "overwrite", write)
    keeper.recover()
    assert (order[0], order[-1]) == ("durable", "write")
    assert order.count("write") == 1


@pytest.mark.parametrize("present", [NEW, OLD, b"by: hand\n"])
def test_also_an_untouched_file_is_flushed_before_the_intent_is_closed(
    keeper: Keeper, one: Bench, present: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New in the page cache is not new on the disk."""
    promise(keeper, one.path)
    one.path.write_bytes(present)
    flushed: list[str] = []
    fsync = os.fsync

    def seen(fd: int) -> None:
        assert open_intents(keeper) == 1
        flushed.append(os.readlink(f"/proc/self/fd/{fd}"))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", seen)
    keeper.recover()
    assert {os.fspath(one.directory)} <= set(flushed)
    assert set(flushed) & {os.fspath(one.path), os.fspath(one.directory / "other-name.yaml")}


def test_temporary_files_of_the_dead_are_removed(keeper: Keeper, one: Bench) -> None:
    """What a replaced save left beside its target."""
    promise(keeper, one.path)
    (one.directory / leftovers.temporary_name()).write_bytes(NEW)
    keeper.recover()
    assert one.names() == [NAME, "other-name.yaml"]


def test_a_living_save_is_left_alone(keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """An intent is recovered only by who holds its target's lock: another process's save is not a dead one."""
    monkeypatch.setattr("confkeep.keeper._LOCK_WAIT", 0.0)
    promise(keeper, one.path)
    one.path.write_bytes(TORN)
    with Keeper(one.state) as other, resolve(one.root, NAME) as place:
        with keeper.locked(place):  # as its own save does
            (recovered,) = other.recover()
        assert not recovered.settled
        assert "another save" in recovered.detail
        assert one.path.read_bytes() == TORN
        assert open_intents(other) == 1
        assert other.recover()[0].found is Found.TORN


def test_what_cannot_be_repaired_now_is_repaired_later(ground: Ground, state: Path) -> None:
    """A mount that is read-only after the restart: the intent stays, and the next save repairs first."""
    path = file_bind(ground)
    root = Root("config", os.fspath(path))
    path.write_bytes(OLD)
    with Keeper(state) as keeper:
        number = promise(keeper, path)
        path.write_bytes(TORN)
        run("mount", "-o", "remount,bind,ro", path)
        (recovered,) = keeper.recover()
        assert not recovered.settled
        assert not keeper.is_settled(number)
        assert path.read_bytes() == TORN
        run("mount", "-o", "remount,bind,rw", path)
        with pytest.raises(Conflict):
            keeper.save(root, path.name, Request(b"x: 1\n", only(OLD)))
        assert path.read_bytes() == NEW
        assert keeper.is_settled(number)


def test_a_missing_directory_keeps_the_intent(keeper: Keeper, one: Bench) -> None:
    """A volume that is not mounted yet: nothing is decided without looking at the file."""
    number = promise(keeper, one.path)
    one.directory.rename(one.directory.with_name("elsewhere"))
    (recovered,) = keeper.recover()
    assert (recovered.found, recovered.settled) == (None, False)
    one.directory.with_name("elsewhere").rename(one.directory)
    assert not keeper.is_settled(number)
    assert keeper.recover()[0].found is Found.OLD


def test_several_intents_are_settled_each_for_itself(keeper: Keeper, one: Bench) -> None:
    """One that cannot be repaired does not keep the others."""
    for name in ("1", "2", "3"):
        (one.directory / name).mkdir()
        (one.directory / name / NAME).write_bytes(TORN)
        promise(keeper, one.directory / name / NAME)
    (one.directory / "2" / NAME).unlink()
    (one.directory / "2" / NAME).mkdir()
    assert [recovered.settled for recovered in keeper.recover()] == [True, False, True]
    assert open_intents(keeper) == 1


def test_a_repair_that_fails_is_put_back_and_tried_again(
    keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails in the middle of the repair; the next start has what it needs."""
    promise(keeper, one.path)
    one.path.write_bytes(TORN)
    with monkeypatch.context() as context:
        failing(context, "pwrite", 5, {1})
        assert not keeper.recover()[0].settled
    assert one.path.read_bytes() == TORN
    assert keeper.recover()[0].found is Found.TORN
    assert one.path.read_bytes() == NEW


def test_a_save_by_rename_tears_nothing(keeper: Keeper, one: Bench) -> None:
    """What looks torn after one is somebody's edit, and stays."""
    promise(keeper, one.path, route="replace")
    one.path.write_bytes(TORN)
    (recovered,) = keeper.recover()
    assert recovered.found is Found.OTHER
    assert one.path.read_bytes() == TORN


def test_another_inode_was_not_torn_by_us(keeper: Keeper, one: Bench) -> None:
    """An editor's rename put it there since: it stays, whatever it looks like."""
    with keeper.store.durable() as connection:
        intents.promise(connection, promised(one.path, one.path.stat().st_ino))
    (one.directory / "new").write_bytes(TORN)
    (one.directory / "new").rename(one.path)
    (recovered,) = keeper.recover()
    assert recovered.found is Found.OTHER
    assert one.path.read_bytes() == TORN


def test_a_save_through_another_name_settles_first(keeper: Keeper, one: Bench) -> None:
    """The inode is half written: a save by its other name comes after the repair, and no later recovery undoes it."""
    with keeper.store.durable() as connection:
        intents.promise(connection, promised(one.path, one.path.stat().st_ino))
    one.path.write_bytes(TORN)
    (one.directory / "other.yaml").hardlink_to(one.path)
    keeper.save(one.root, "other.yaml", Request(b"answered: 1\n", ANYTHING))
    assert keeper.recover() == []
    assert one.path.read_bytes() == b"answered: 1\n"


def promised(path: Path, inode: int) -> Promise:
    """OLD to NEW in place, in this inode."""
    identity = (path.stat().st_dev, inode)
    old, new = version_of(OLD), version_of(NEW)
    return Promise(os.fspath(path), identity, mount_root=False, old=old, new=new, route="overwrite", author=LIBRARY)


def test_a_name_that_leads_elsewhere_is_not_settled(keeper: Keeper, one: Bench) -> None:
    """The file became a link meanwhile: the intent stays open, and recovery says so."""
    promise(keeper, one.path)
    one.path.rename(one.directory / "moved")
    one.path.symlink_to("moved")
    (recovered,) = keeper.recover()
    assert not recovered.settled
    assert "elsewhere" in recovered.detail


def test_an_intent_of_the_living_is_waited_for(keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answered save whose file was edited by hand since looks torn until its intent is closed: it is not touched."""
    with one.keeper() as living:
        number = promise(living, one.path)
        one.path.write_bytes(TORN)
        sleep = time.sleep

        def closes(seconds: float) -> None:
            with living.store.durable() as connection:
                intents.close(connection, number, State.APPLIED)
            sleep(seconds)

        monkeypatch.setattr("confkeep.recovery.time.sleep", closes)
        (recovered,) = keeper.recover()
    assert (recovered.settled, recovered.found) == (True, None)
    assert "meanwhile" in recovered.detail
    assert one.path.read_bytes() == TORN


def test_one_that_nobody_closes_is_settled(keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others use the store, but who made it is dead."""
    monkeypatch.setattr("confkeep.recovery._CLOSED_WITHIN", 0.05)
    promise(keeper, one.path)
    one.path.write_bytes(TORN)
    with one.keeper():
        assert keeper.recover()[0].found is Found.TORN
    assert one.path.read_bytes() == NEW


def test_nobody_is_waited_for_who_is_alone(keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a crash of the only one nothing is lost by waiting, and nothing gained."""

    def waits(*_: object) -> NoReturn:
        raise AssertionError

    monkeypatch.setattr("confkeep.recovery._is_closed_soon", waits)
    promise(keeper, one.path)
    one.path.write_bytes(TORN)
    assert keeper.recover()[0].found is Found.TORN
