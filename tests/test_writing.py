"""confkeep.writing: one write under way, between the promise and the settled intent."""

from __future__ import annotations

import errno
import os
import struct
from functools import partial
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import Conflict, IoError
from confkeep.expect import ANYTHING
from confkeep.files import replace
from confkeep.files.root import Root
from confkeep.history import intents
from confkeep.history.revisions import State
from confkeep.history.store import Store
from confkeep.keeper import Keeper, Request
from tests.support.faults import failing, raising
from tests.support.saving import NAME, NEW, OLD, ROUTES, Bench, bench, only, open_intents, recorded, save
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.saved import Saved
    from tests.support.fixtures import AsUser


def committed_intents(one: Bench) -> list[tuple[bytes | None, bytes]]:
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

    def spy(name: str) -> None:
        real = getattr(os, name)

        def spied(*arguments: object, **named: object) -> object:
            on_target = name == "rename" or os.path.samestat(os.fstat(int(str(arguments[0]))), one.path.stat())
            on_directory = name == "fsync" and os.path.samestat(os.fstat(int(str(arguments[0]))), one.directory.stat())
            if on_target or on_directory:
                assert committed_intents(one) == [(OLD, NEW)]
                seen.append(name + " directory" * on_directory)
            return real(*arguments, **named)

        monkeypatch.setattr(os, name, spied)

    with one.keeper() as keeper:
        for name in ("pwrite", "ftruncate", "fsync", "rename"):
            spy(name)
        save(keeper, one)
        monkeypatch.undo()
        assert seen == (["pwrite", "fsync"] if route == "overwrite" else ["rename", "fsync directory"])
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
            context.setattr(replace, "sync_directory", raising(errno.EIO))
            with pytest.raises(IoError, match="could not be flushed"):
                save(keeper, one)
        assert open_intents(keeper) == 1
    with one.keeper() as keeper:
        (recovered,) = keeper.recover()
        assert (recovered.found, recovered.settled) == ("new", True)


@pytest.mark.parametrize("route", ROUTES)
def test_an_intent_that_cannot_be_closed_is_no_failure(
    disk: Path, state: Path, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The save is done and answered; recovery closes the intent after a look."""
    one = bench(disk / "config", state, route)
    with one.keeper() as keeper:
        with monkeypatch.context() as context:
            context.setattr(Store, "soon", partial(_failing_store))
            assert save(keeper, one).revision is not None
        assert open_intents(keeper) == 1
        assert one.path.read_bytes() == NEW
        save(keeper, one, OLD)
        assert recorded(keeper, one)[-2:] == [(State.APPLIED, NEW), (State.APPLIED, OLD)]


def _failing_store() -> None:
    raise IoError("the history failed")


def test_saves_in_a_row_never_redo_an_older_one(disk: Path, state: Path) -> None:
    """A to B, then B to A: what is durable after each never makes recovery write B again."""
    one = bench(disk / "config", state, "overwrite")
    with Keeper(state) as keeper:
        for data in (NEW, OLD, NEW, OLD):
            keeper.save(Root("config", os.fspath(one.directory)), NAME, Request(data, ANYTHING))
            assert len(committed_intents(one)) == 0
    with Keeper(state) as keeper:
        assert keeper.recover() == []
    assert one.path.read_bytes() == OLD
