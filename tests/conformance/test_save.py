"""What any save promises: one suite over both routes and all filesystems, through ``Keeper.save``."""

from __future__ import annotations

import errno
import os
from dataclasses import replace as replaced
from typing import TYPE_CHECKING, Any

import pytest

from confkeep.documents.check import Validate
from confkeep.errors import ConfkeepError, Conflict, InvalidDocument, IoError
from confkeep.etag import etag_of
from confkeep.expect import ABSENT, ANYTHING, Expect
from confkeep.files.root import OnBusy, Root, RoutePolicy
from confkeep.files.route import DECLARED, Route
from confkeep.history.revisions import State
from confkeep.keeper import Keeper, Request
from tests.conformance.traces import revisions_of_all, traces
from tests.support.faults import failing
from tests.support.looking import leftovers_in, opened
from tests.support.saving import NAME, NEW, OLD, Bench, only, open_intents, recorded, save

if TYPE_CHECKING:
    from collections.abc import Callable

_RANDOM = os.urandom(256 << 10)
#: One after the other: growing, shrinking and same size, from nothing and to nothing; none of them is text.
CONTENTS = (
    b"",
    b"x",
    b"y",
    b"\x00",
    b"\xff\xfe no UTF-8 \x00 and NUL \r\n\r",
    _RANDOM,
    _RANDOM[::-1],
    bytes(256 << 10),
    b"no end of line",
    _RANDOM + b"more",
    b"",
)


def test_the_bytes_are_exactly_these(keeper: Keeper, one: Bench) -> None:
    """Of any kind and size, growing, shrinking or neither: in the file, in what is read, and in the answer's etag."""
    names = one.names()
    for data in CONTENTS:
        before = keeper.read(one.root, NAME)
        saved = save(keeper, one, data, only(before.data), validate=Validate.OFF)
        read = keeper.read(one.root, NAME)
        assert one.path.read_bytes() == data
        assert (read.data, read.etag, read.revision) == (data, etag_of(data), saved.revision)
        assert (saved.etag, saved.size, saved.changed, saved.created) == (etag_of(data), len(data), True, False)
        assert one.path.stat().st_size == len(data)
        assert one.names() == names
    assert recorded(keeper, one) == [(State.APPLIED, data) for data in (OLD, *CONTENTS)]
    assert open_intents(keeper) == 0


def test_the_answer_tells_what_was_done(keeper: Keeper, one: Bench, route: str) -> None:
    """The route, and the guarantees that it declares: each is true of the file that is there now."""
    before = one.path.stat()
    os.utime(one.path, ns=(0, 0))
    saved = save(keeper, one)
    after = one.path.stat()
    assert saved.route.name == route
    assert saved.route.code == ("ordinary-file" if route == "replace" else "several-links")
    assert saved.guarantees == DECLARED[Route(route)]
    assert saved.guarantees.reader_atomic
    assert saved.guarantees.crash_safe
    assert saved.guarantees.compare_and_swap
    assert saved.guarantees.metadata_kept
    assert saved.guarantees.inode_kept is (before.st_ino == after.st_ino)
    assert saved.notes == ()
    assert after.st_mtime_ns >= before.st_mtime_ns  # its time is that of the save, whatever it said before


def test_the_metadata_stay(keeper: Keeper, one: Bench) -> None:
    """Mode, owner, attributes and number of links (tests/conformance/test_metadata.py has the whole table)."""
    one.path.chmod(0o640)
    os.chown(one.path, 1234, 4321)
    os.setxattr(one.path, "user.comment", b"by hand \x00\xff")
    before = one.path.stat()
    for data in (NEW, OLD, NEW * 1000):
        assert save(keeper, one, data, validate=Validate.OFF).guarantees.metadata_kept
    after = one.path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_nlink == before.st_nlink
    assert os.getxattr(one.path, "user.comment") == b"by hand \x00\xff"
    assert os.listxattr(one.path) == ["user.comment"]


def test_every_name_of_the_file_sees_it(keeper: Keeper, one: Bench) -> None:
    """Whatever other hard links there are lead to the new bytes: the route is chosen so."""
    save(keeper, one)
    assert {(one.directory / name).read_bytes() for name in one.names()} == {NEW}


def test_the_same_bytes_again_change_nothing(keeper: Keeper, one: Bench) -> None:
    """Not the file, not a time of it or of its directory, not the history; the answer says so."""
    first = save(keeper, one)
    before = traces(one.directory)
    for expect in (only(NEW), only(OLD), ANYTHING):
        again = save(keeper, one, NEW, expect)
        assert (again.changed, again.etag, again.revision) == (False, etag_of(NEW), first.revision)
    assert traces(one.directory) == before
    assert revisions_of_all(keeper) == 2


@pytest.mark.parametrize("expect", [only(NEW), only(b""), Expect(), ABSENT], ids=["other", "empty", "none", "absent"])
def test_a_conflict_leaves_everything(keeper: Keeper, one: Bench, expect: Expect) -> None:
    """Another etag, none at all, or that there is no file: nothing is written, and the answer has the present etag."""
    before = traces(one.directory)
    with pytest.raises(Conflict) as caught:
        save(keeper, one, b"another: 1\n", expect)
    assert caught.value.members["etag"] == etag_of(OLD)
    assert caught.value.remedy
    assert traces(one.directory) == before
    assert (revisions_of_all(keeper), open_intents(keeper)) == (0, 0)
    assert save(keeper, one, expect=only(caught.value.members["etag"] and OLD)).changed


def test_one_of_several_etags_is_enough(keeper: Keeper, one: Bench) -> None:
    """If-Match with a list."""
    either = Expect(etags=frozenset({etag_of(b"else"), etag_of(OLD)}))
    assert save(keeper, one, expect=either).changed


def test_a_new_file(keeper: Keeper, one: Bench, route: str) -> None:
    """Expected to be absent it is created, whole, once; expected to be there, in any content, it is not."""
    root = Root("config", os.fspath(one.directory), route=RoutePolicy("auto" if route == "replace" else "overwrite"))
    before = traces(one.directory)
    for expect in (ANYTHING, only(OLD), only(b""), Expect()):
        with pytest.raises(Conflict) as caught:
            keeper.save(root, "new.bin", Request(b"", expect))
        assert caught.value.members["etag"] is None
    assert traces(one.directory) == before
    saved = keeper.save(root, "new.bin", Request(b"\x00", ABSENT))
    assert (saved.created, saved.changed, saved.route.code) == (True, True, "new-file")
    assert saved.guarantees.compare_and_swap
    assert (one.directory / "new.bin").read_bytes() == b"\x00"
    assert (one.directory / "new.bin").stat().st_nlink == 1
    for again in (b"\x00", b"other"):
        with pytest.raises(Conflict):
            keeper.save(root, "new.bin", Request(again, ABSENT))
    assert (one.directory / "new.bin").read_bytes() == b"\x00"
    assert leftovers_in(one.directory) == []


def test_a_new_file_may_be_empty(keeper: Keeper, one: Bench) -> None:
    """Nothing and an empty file are two things."""
    saved = keeper.save(one.root, "empty", Request(b"", ABSENT))
    assert (saved.created, saved.changed, saved.size) == (True, True, 0)
    assert (one.directory / "empty").read_bytes() == b""


def hasty(one: Bench) -> Bench:
    """The same, for who does not wait long for a lease."""
    return replaced(one, root=replaced(one.root, lease_wait=0.05))


@pytest.mark.parametrize(("old", "new"), [(OLD, NEW * 99), (NEW * 99, OLD), (OLD, OLD[::-1])], ids=str.split("> < ="))
def test_who_has_it_open_sees_old_or_new(keeper: Keeper, one: Bench, route: str, old: bytes, new: bytes) -> None:
    """A replaced file stays what it was for its readers; one written in place turns, and that is in the answer."""
    one.path.write_bytes(old)
    with opened(one.path, os.O_RDONLY) as reader:
        saved = save(keeper, hasty(one), new, validate=Validate.OFF)
        assert os.pread(reader, 1 << 20, 0) == (old if route == "replace" else new)
    assert one.path.read_bytes() == new
    assert saved.guarantees.reader_atomic is (route == "replace")
    assert bool(saved.notes) is (route == "overwrite")


def test_who_would_rather_not_disturb_a_reader(keeper: Keeper, one: Bench, route: str) -> None:
    """on_busy=refuse: a replaced file disturbs nobody; one that is held open is not written in place."""
    before = traces(one.directory)
    with opened(one.path, os.O_RDONLY) as reader:
        if route == "replace":
            assert save(keeper, hasty(one), on_busy=OnBusy.REFUSE).guarantees.reader_atomic
        else:
            with pytest.raises(ConfkeepError) as caught:
                save(keeper, hasty(one), on_busy=OnBusy.REFUSE)
            assert caught.value.slug == "target-busy"
            assert [trace[:-1] for trace in traces(one.directory)] == [trace[:-1] for trace in before]
            assert os.pread(reader, 100, 0) == OLD
    assert save(keeper, one, b"x: 1\n", on_busy=OnBusy.REFUSE).guarantees.reader_atomic


@pytest.mark.parametrize("relative", [True, False], ids=["relative", "absolute"])
def test_a_link_is_followed_and_kept(keeper: Keeper, one: Bench, route: str, relative: bool) -> None:  # noqa: FBT001 - a parameter
    """The file behind it is saved, by the route that it would have without the link, and the link stays a link."""
    below = one.directory / "links"
    below.mkdir()
    text = f"../{NAME}" if relative else os.fspath(one.path)
    (below / "link.yaml").symlink_to(text)
    (below / "second.yaml").symlink_to("link.yaml")
    saved = keeper.save(one.root, "links/second.yaml", Request(NEW, only(OLD)))
    assert (saved.path, saved.route.name) == (os.fspath(one.path), route)
    assert one.path.read_bytes() == NEW
    assert not one.path.is_symlink()
    assert os.readlink(below / "link.yaml") == text
    assert os.readlink(below / "second.yaml") == "link.yaml"
    assert keeper.read(one.root, "links/second.yaml").data == NEW
    assert recorded(keeper, one) == [(State.APPLIED, OLD), (State.APPLIED, NEW)]
    assert sorted(os.listdir(below)) == ["link.yaml", "second.yaml"]


def test_a_dry_run_changes_nothing(keeper: Keeper, one: Bench, route: str) -> None:
    """It answers as the save would, and leaves no trace; what would fail fails."""
    before = traces(one.directory)
    dry = save(keeper, one, expect=only(OLD), dry_run=True)
    assert (dry.dry_run, dry.changed, dry.revision, dry.route.name) == (True, True, None, route)
    assert not save(keeper, one, OLD, dry_run=True).changed
    for data, expect, error in [
        (NEW, only(NEW), Conflict),
        (NEW, ABSENT, Conflict),
        (b"a: [", ANYTHING, InvalidDocument),
    ]:
        with pytest.raises(error):
            save(keeper, one, data, expect, dry_run=True)
    assert keeper.save(one.root, "new.yaml", Request(NEW, ABSENT, dry_run=True)).created
    assert traces(one.directory) == before
    assert (revisions_of_all(keeper), open_intents(keeper)) == (0, 0)
    real = save(keeper, one, expect=only(OLD))
    assert (real.route, real.guarantees, real.etag, real.checked) == (dry.route, dry.guarantees, dry.etag, dry.checked)


@pytest.mark.parametrize(("call", "times"), [("pwrite", 1), ("fsync", 2)])
def test_an_error_leaves_the_old_content(
    keeper: Keeper, one: Bench, call: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails half-way: bytes, names and history are those from before, and the same save succeeds later.

    In place a flush that fails once is made good by writing again.
    """
    names, inode = one.names(), one.path.stat().st_ino
    for data in (NEW * 50, OLD[:3]):
        with monkeypatch.context() as patch:
            failing(patch, call, errno.EIO, set(range(1, times + 1)))
            with pytest.raises(IoError, match="old content is intact"):
                save(keeper, one, data, validate=Validate.OFF)
        assert one.path.read_bytes() == OLD
        assert (one.names(), one.path.stat().st_ino) == (names, inode)
        assert recorded(keeper, one) == [(State.APPLIED, OLD)]
        assert open_intents(keeper) == 0
    assert save(keeper, one).guarantees.metadata_kept
    assert one.path.read_bytes() == NEW


def test_an_invalid_document_leaves_the_old_content(keeper: Keeper, one: Bench) -> None:
    """Bytes, inode, names and history are those from before."""
    names, before = one.names(), one.path.stat()
    with pytest.raises(InvalidDocument):
        save(keeper, one, b"a: [")
    assert one.path.read_bytes() == OLD
    assert (one.path.stat().st_ino, one.path.stat().st_ctime_ns) == (before.st_ino, before.st_ctime_ns)
    assert one.names() == names
    assert (revisions_of_all(keeper), open_intents(keeper)) == (0, 0)


def _by_an_editor(one: Bench) -> None:
    (one.directory / "a.yaml~").write_bytes(b"by: hand\n")
    (one.directory / "a.yaml~").rename(one.path)


def _in_place(one: Bench) -> None:
    one.path.write_bytes(b"by: hand\n")


@pytest.mark.parametrize("edit", [_by_an_editor, _in_place])
def test_an_edit_behind_our_back_is_a_conflict(
    keeper: Keeper, one: Bench, edit: Callable[[Bench], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that comes between the compare and the write, however it is made: it stays, and is in the answer."""
    promise = keeper.store.durable
    done: list[object] = []

    def after_an_edit() -> object:
        if not done:
            done.append(edit(one))
        return promise()

    monkeypatch.setattr(keeper.store, "durable", after_an_edit)
    with pytest.raises(Conflict) as caught:
        save(keeper, one, expect=only(OLD))
    assert caught.value.members["etag"] == etag_of(b"by: hand\n")
    assert one.path.read_bytes() == b"by: hand\n"
    assert leftovers_in(one.directory) == []
    assert open_intents(keeper) == 0
    assert save(keeper, one, expect=only(b"by: hand\n")).changed
