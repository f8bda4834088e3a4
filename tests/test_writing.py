"""confkeep.writing: one write under way, between the promise and the settled intent."""

from __future__ import annotations

import errno
import os
import shutil
import struct
from dataclasses import replace as replaced
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import Conflict, IoError
from confkeep.expect import ANYTHING
from confkeep.files import syscalls, temporary
from confkeep.files.root import Root
from confkeep.history import intents
from confkeep.history.revisions import State
from confkeep.history.store import Store
from confkeep.keeper import Keeper, Request
from confkeep.recovery import Found
from tests.support.faults import FLUSHES, failing, raising
from tests.support.saving import NAME, NEW, OLD, ROUTES, Bench, bench, only, open_intents, recorded, save
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from confkeep.saved import Saved
    from tests.support.fixtures import AsUser


def committed_intents(one: Bench) -> list[tuple[bytes | None, bytes | None]]:
    """Old and new content of the intents that another connection sees."""
    store = Store(one.state)
    with store.reading() as connection:
        found = [(intent.old, intent.new) for intent in intents.unsettled(connection)]
    store.close()
    return found


@pytest.mark.parametrize("route", ROUTES)
def test_the_target_changes_only_while_it_is_promised(
    disk: Path, state: Path, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intent with both contents is committed before the first byte, and open until the target is flushed."""
    one = bench(disk / "config", state, route)
    seen: list[str] = []

    def spy(name: str, module: ModuleType = os) -> None:
        real = getattr(module, name)

        def spied(*arguments: object, **named: object) -> object:
            on_target = name == "rename_exchange" or os.path.samestat(os.fstat(int(str(arguments[0]))), one.path.stat())
            on_directory = name == "fsync" and os.path.samestat(os.fstat(int(str(arguments[0]))), one.directory.stat())
            if on_target or on_directory:
                assert committed_intents(one) == [(OLD, NEW)]
                seen.append(name + " directory" * on_directory)
            return real(*arguments, **named)

        monkeypatch.setattr(module, name, spied)

    with one.keeper() as keeper:
        for name in ("pwrite", "ftruncate", *FLUSHES):
            spy(name)
        spy("rename_exchange", syscalls)
        save(keeper, one)
        monkeypatch.undo()
        keeper.store.make_durable()
        assert seen == (["pwrite", "fdatasync"] if route == "overwrite" else ["rename_exchange", "fsync directory"])
        assert committed_intents(one) == []


def test_what_cannot_be_reproduced_is_written_in_place(public: Path, as_user: AsUser) -> None:
    """A new file could not have the old one's capability: the route changes and says why."""
    one = bench(public / "config", public / "state")
    os.chown(one.path, STRANGER, STRANGER)
    os.chown(public, STRANGER, STRANGER)
    os.chown(one.directory, STRANGER, STRANGER)
    os.setxattr(one.path, "user.kept", b"1")
    os.setxattr(one.path, "security.capability", struct.pack("<5I", 0x02000000, 1 << 10, 0, 0, 0))
    inode = one.path.stat().st_ino

    def work() -> Saved:
        with one.keeper() as keeper:
            return save(keeper, one)

    saved = as_user(STRANGER, work)
    assert (saved.route.name, saved.route.code) == ("overwrite", "metadata")
    assert saved.guarantees.inode_kept
    assert one.path.read_bytes() == NEW
    assert one.path.stat().st_ino == inode
    assert one.names() == [NAME]


@pytest.mark.parametrize("route", ROUTES)
def test_an_error_withdraws_the_promise(disk: Path, state: Path, route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fails: the old content is in place, and the history knows nothing of the save."""
    one = bench(disk / "config", state, route)
    names = one.names()
    with one.keeper() as keeper:
        failing(monkeypatch, "pwrite", errno.EIO, {1})
        with pytest.raises(IoError, match="old content is intact"):
            save(keeper, one)
        assert one.path.read_bytes() == OLD
        assert one.names() == names
        assert recorded(keeper, one) == [(State.APPLIED, OLD)]
        assert open_intents(keeper) == 0
        save(keeper, one)
    assert one.path.read_bytes() == NEW


def test_an_unsettled_save_is_repaired_by_the_next(disk: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither written nor put back: the intent stays, both contents are recorded, and the next save repairs first."""
    one = bench(disk / "config", state, "overwrite")
    with one.keeper() as keeper:
        with monkeypatch.context() as context:
            failing(context, "pwrite", errno.EIO, {1, 2})
            with pytest.raises(IoError, match="could neither be written nor put back") as caught:
                save(keeper, one)
        number = caught.value.members["revision"]
        assert not keeper.is_settled(number)
        assert one.path.read_bytes() not in {OLD, NEW}
        assert recorded(keeper, one) == [(State.APPLIED, OLD), (State.PROMISED, NEW)]
        with pytest.raises(Conflict):
            save(keeper, one, b"x: 1\n", only(OLD))
        assert one.path.read_bytes() == NEW
        assert keeper.is_settled(number)
        save(keeper, one, b"x: 1\n", only(NEW))


def test_a_rename_that_may_not_be_on_the_disk_is_not_answered(
    disk: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory cannot be flushed: no answer of success, and the next start looks again."""
    one = bench(disk / "config", state)
    with one.keeper() as keeper:
        with monkeypatch.context() as context:
            context.setattr(temporary, "sync_directory", raising(errno.EIO))
            with pytest.raises(IoError, match="could not be flushed"):
                save(keeper, one)
        assert open_intents(keeper) == 1
    with one.keeper() as keeper:
        (recovered,) = keeper.recover()
        assert (recovered.found, recovered.settled) == ("new", True)


@pytest.mark.parametrize("route", ROUTES)
def test_a_crash_before_the_intent_is_closed(disk: Path, state: Path, route: str) -> None:
    """The save is done and answered; recovery finds the new content and closes the intent."""
    one = bench(disk / "config", state, route)
    with one.keeper() as keeper:
        number = save(keeper, one).revision
        after_crash = crashed(one)
    with after_crash.keeper() as keeper:
        (recovered,) = keeper.recover()
        assert (recovered.revision, recovered.found, recovered.settled) == (number, Found.NEW, True)
        assert recorded(keeper, after_crash) == [(State.APPLIED, OLD), (State.APPLIED, NEW)]
        assert one.path.read_bytes() == NEW


def crashed(one: Bench) -> Bench:
    """The state directory as a crash at this moment leaves it."""
    state = one.state.with_name("crashed")
    shutil.rmtree(state, ignore_errors=True)
    shutil.copytree(one.state, state)
    return replaced(one, state=state)


def test_saves_in_a_row_never_redo_an_older_one(disk: Path, state: Path) -> None:
    """A to B, then B to A: at most the last save is open, and recovery after each never brings back what was before."""
    one = bench(disk / "config", state, "overwrite")
    with Keeper(state) as keeper:
        for data in (NEW, OLD, NEW, OLD):
            keeper.save(Root("config", os.fspath(one.directory)), NAME, Request(data, ANYTHING))
            after_crash = crashed(one)
            assert [new for _, new in committed_intents(after_crash)] in ([], [data])
            with after_crash.keeper() as recovering:
                recovering.recover()
            assert one.path.read_bytes() == data
    with Keeper(state) as keeper:
        assert keeper.recover() == []
