"""confkeep.keeper: the one transaction."""

from __future__ import annotations

import errno
import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from confkeep.documents.check import Validate
from confkeep.errors import (
    BadPath,
    Conflict,
    InvalidDocument,
    IoError,
    NotARegularFile,
    NotFound,
    Refused,
    TargetBusy,
)
from confkeep.etag import etag_of
from confkeep.expect import ABSENT, ANYTHING
from confkeep.files import lock
from confkeep.files.root import Root
from confkeep.files.route import DECLARED, Route
from confkeep.history.revisions import Author, Origin, State
from confkeep.keeper import Keeper, Request
from confkeep.writing import Writing
from tests.support.faults import raising
from tests.support.layouts import LAYOUTS
from tests.support.looking import open_files
from tests.support.saving import NAME, NEW, OLD, ROUTES, Bench, bench, only, open_intents, promise, recorded, save

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.support.layouts import Ground

BOTH_ROUTES = pytest.mark.parametrize("route", ROUTES)


@pytest.fixture
def route() -> str:
    """Tests that look at both routes give their own."""
    return "replace"


@pytest.fixture
def one(disk: Path, state: Path, route: str) -> Bench:
    """A file that takes the route."""
    return bench(disk / "config", state, route)


@pytest.fixture
def keeper(one: Bench) -> Generator[Keeper]:
    """Its keeper."""
    with one.keeper() as keeper:
        yield keeper


@BOTH_ROUTES
def test_a_save_is_in_the_file_and_in_the_history(keeper: Keeper, one: Bench, route: str) -> None:
    """The new bytes, both contents as revisions, no open intent, nothing left behind, and all of the guarantees."""
    names, inode = one.names(), one.path.stat().st_ino
    saved = save(keeper, one, expect=only(OLD), author=Author(Origin.API, 7, "why", "request"))
    assert one.path.read_bytes() == NEW
    assert recorded(keeper, one) == [(State.APPLIED, OLD), (State.APPLIED, NEW)]
    assert open_intents(keeper) == 0
    assert one.names() == names
    assert (saved.path, saved.etag, saved.size) == (os.fspath(one.path), etag_of(NEW), len(NEW))
    assert (saved.changed, saved.created, saved.dry_run, saved.checked) == (True, False, False, "yaml")
    assert saved.route.name == route
    assert saved.guarantees == DECLARED[Route(route)]
    assert (saved.notes, saved.findings, saved.diagnostics) == ((), (), ())
    assert saved.guarantees.inode_kept is (one.path.stat().st_ino == inode)
    newest = keeper.history(one.root, NAME, 1)[0]
    assert (newest.id, newest.origin, newest.uid) == (saved.revision, Origin.API, 7)
    assert (newest.message, newest.request) == ("why", "request")


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_every_layout_can_be_saved(ground: Ground, state: Path, layout: Callable[[Ground], Path]) -> None:
    """Whichever way a file is mounted; what was in it is a revision."""
    path = layout(ground)
    old, root = path.read_bytes(), Root("config", os.fspath(path.parent))
    with Keeper(state) as keeper:
        saved = keeper.save(root, path.name, Request(NEW, only(old)))
        assert path.read_bytes() == NEW
        assert saved.guarantees == DECLARED[saved.route.name]
        contents = [keeper.revision(revision.id)[2] for revision in keeper.history(root, path.name, 10)]
    assert contents == [NEW, old]


def test_a_new_file(keeper: Keeper, one: Bench) -> None:
    """It is created where nothing is, and only there."""
    saved = keeper.save(one.root, "new.yaml", Request(NEW, ABSENT))
    assert (saved.created, saved.route.code) == (True, "new-file")
    assert (one.directory / "new.yaml").read_bytes() == NEW
    with pytest.raises(Conflict) as caught:
        keeper.save(one.root, "new.yaml", Request(OLD, ABSENT))
    assert caught.value.members == {"etag": etag_of(NEW), "revision": saved.revision, "base_known": False}


@BOTH_ROUTES
def test_a_stale_edit_is_a_conflict(keeper: Keeper, one: Bench) -> None:
    """An edit on top of an older version: the file is untouched and its etag is in the answer."""
    saved = save(keeper, one)
    with pytest.raises(Conflict) as caught:
        save(keeper, one, b"stale: 1\n", only(OLD))
    assert one.path.read_bytes() == NEW
    base = {"base_known": True, "base": etag_of(OLD)}
    assert caught.value.members == {"etag": etag_of(NEW), "revision": saved.revision, **base}
    assert len(recorded(keeper, one)) == 2
    assert open_intents(keeper) == 0


def test_a_removed_file_is_a_conflict(keeper: Keeper, one: Bench) -> None:
    """Who expects a file does not create one."""
    one.path.unlink()
    for expect in (ANYTHING, only(OLD)):
        with pytest.raises(Conflict) as caught:
            save(keeper, one, expect=expect)
        assert caught.value.members["etag"] is None
    assert one.names() == []


@BOTH_ROUTES
def test_the_same_bytes_again(keeper: Keeper, one: Bench) -> None:
    """A retry of a save that was done is answered well, whatever it expects: nothing is written or recorded."""
    saved = save(keeper, one, expect=only(OLD))
    before = one.path.stat()
    again = save(keeper, one, expect=only(OLD))
    assert (again.changed, again.etag, again.revision) == (False, etag_of(NEW), saved.revision)
    assert one.path.stat().st_mtime_ns == before.st_mtime_ns
    assert one.path.stat().st_ino == before.st_ino
    assert len(recorded(keeper, one)) == 2


@BOTH_ROUTES
def test_bytes_that_somebody_else_wrote_already(keeper: Keeper, one: Bench) -> None:
    """Also then a save that is answered is in the history."""
    saved = save(keeper, one, OLD)
    assert not saved.changed
    assert saved.revision is not None
    assert recorded(keeper, one) == [(State.APPLIED, OLD)]


@BOTH_ROUTES
@pytest.mark.parametrize("validate", Validate)
def test_a_dry_run_writes_nothing(keeper: Keeper, one: Bench, route: str, validate: Validate) -> None:
    """It says what would happen."""
    before = one.path.stat()
    saved = save(keeper, one, dry_run=True, validate=validate)
    assert (saved.dry_run, saved.changed, saved.revision, saved.route.name) == (True, True, None, route)
    assert saved.checked == (None if validate is Validate.OFF else "yaml")
    assert one.path.read_bytes() == OLD
    assert one.path.stat().st_mtime_ns == before.st_mtime_ns
    assert recorded(keeper, one) == []


def test_a_dry_run_of_what_would_fail(keeper: Keeper, one: Bench) -> None:
    """It fails in the same way."""
    with pytest.raises(Conflict):
        save(keeper, one, expect=ABSENT, dry_run=True)
    with pytest.raises(InvalidDocument):
        save(keeper, one, b"a: [", dry_run=True)


@BOTH_ROUTES
def test_an_invalid_document_leaves_no_trace(keeper: Keeper, one: Bench) -> None:
    """Line and column of the error; file, directory and history are as they were."""
    before, names = one.path.stat(), one.names()
    with pytest.raises(InvalidDocument, match="line 2, column 5") as caught:
        save(keeper, one, b"a: 1\nb: [}\n")
    assert (caught.value.members["line"], caught.value.members["column"]) == (2, 5)
    assert caught.value.members["diagnostics"][0].code == "syntax"
    assert one.path.stat().st_mtime_ns == before.st_mtime_ns
    assert one.path.read_bytes() == OLD
    assert one.names() == names
    assert recorded(keeper, one) == []
    assert open_intents(keeper) == 0


def test_only_the_strict_refuse_duplicate_keys(keeper: Keeper, one: Bench) -> None:
    """Home Assistant takes them: they are no matter of syntax."""
    with pytest.raises(InvalidDocument) as caught:
        save(keeper, one, b"a: 1\na: 2\n", validate=Validate.STRICT)
    assert [diagnostic.code for diagnostic in caught.value.members["diagnostics"]] == ["duplicate-key"]
    assert save(keeper, one, b"a: 1\na: 2\n").changed


def test_who_asks_not_to_validate(keeper: Keeper, one: Bench) -> None:
    """Gets it saved; a file whose name announces no format is never checked."""
    assert save(keeper, one, b"a: [", validate=Validate.OFF).checked is None
    assert keeper.save(one.root, "notes.txt", Request(b"a: [", ABSENT)).checked is None


def test_a_check_that_takes_too_long(keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is an invalid document with a remedy, not a hanging save."""
    monkeypatch.setattr("confkeep.checking._CHECK_SECONDS", 0.0)
    with pytest.raises(InvalidDocument) as caught:
        save(keeper, one, b"- a\n" * 10_000, validate=Validate.STRICT)
    assert "validate=off" in caught.value.remedy
    assert one.path.read_bytes() == OLD


@BOTH_ROUTES
def test_an_edit_behind_our_back_becomes_a_revision(keeper: Keeper, one: Bench) -> None:
    """What an editor wrote is recorded before it is replaced, as somebody else's."""
    save(keeper, one)
    one.path.write_bytes(b"by: hand\n")
    save(keeper, one, OLD)
    assert [content for _, content in recorded(keeper, one)] == [OLD, NEW, b"by: hand\n", OLD]
    assert keeper.history(one.root, NAME, 2)[1].origin is Origin.EXTERNAL


@BOTH_ROUTES
def test_an_edit_at_the_last_moment_is_a_conflict(keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the promise and the write: the edit stays, and the promise is withdrawn without a trace."""
    promise = Writing.promise

    def after_an_edit(writing: Writing, author: Author) -> None:
        promise(writing, author)
        one.path.write_bytes(b"by: hand\n")

    monkeypatch.setattr(Writing, "promise", after_an_edit)
    with pytest.raises(Conflict):
        save(keeper, one, expect=only(OLD))
    assert one.path.read_bytes() == b"by: hand\n"
    assert recorded(keeper, one) == [(State.APPLIED, OLD)]
    assert open_intents(keeper) == 0


def test_a_file_that_never_stands_still(keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who would take anything still does not overwrite what nobody has seen; in the end it is busy."""
    promise = Writing.promise
    edits: list[bytes] = []

    def after_an_edit(writing: Writing, author: Author) -> None:
        promise(writing, author)
        edits.append(b"edit: %d\n" % len(edits))
        one.path.write_bytes(edits[-1])

    monkeypatch.setattr(Writing, "promise", after_an_edit)
    with pytest.raises(TargetBusy, match="changes faster"):
        save(keeper, one)
    assert one.path.read_bytes() == edits[-1]


def test_refusals_are_raised_before_anything(keeper: Keeper, one: Bench) -> None:
    """A directory, a FIFO: each its own error, nothing recorded."""
    (one.directory / "sub").mkdir()
    os.mkfifo(one.directory / "fifo")
    for name in ("sub", "fifo"):
        with pytest.raises(NotARegularFile):
            keeper.save(one.root, name, Request(NEW, ANYTHING))
        assert isinstance(keeper.verdict(one.root, name).refusal, Refused)
    with pytest.raises(NotFound):
        keeper.save(one.root, "missing/a.yaml", Request(NEW, ABSENT))


@BOTH_ROUTES
def test_read_and_verdict(keeper: Keeper, one: Bench, route: str) -> None:
    """What is there, its etag and revision, and how it would be saved."""
    content = keeper.read(one.root, NAME)
    assert (content.data, content.etag, content.revision) == (OLD, etag_of(OLD), None)
    saved = save(keeper, one)
    content, verdict = keeper.read(one.root, NAME), keeper.verdict(one.root, NAME)
    assert (content.data, content.revision) == (NEW, saved.revision)
    assert (verdict.etag, verdict.revision, verdict.refusal) == (etag_of(NEW), saved.revision, None)
    assert verdict.route is not None
    assert verdict.route.name == route
    assert verdict.guarantees == DECLARED[Route(route)]
    one.path.write_bytes(OLD)
    assert keeper.read(one.root, NAME).revision is None


def test_what_is_not_there(keeper: Keeper, one: Bench) -> None:
    """Nothing to read; a verdict on what would be new; no such revision."""
    with pytest.raises(NotFound):
        keeper.read(one.root, "missing.yaml")
    verdict = keeper.verdict(one.root, "missing.yaml")
    assert (verdict.stat, verdict.etag) == (None, None)
    assert verdict.route is not None
    with pytest.raises(NotFound):
        keeper.revision(99)
    assert keeper.history(one.root, "missing.yaml", 10) == []


def test_a_single_file_root(keeper: Keeper, one: Bench) -> None:
    """Addressed by its name; its directory's other files are not its business."""
    single = Root("one", os.fspath(one.path))
    assert keeper.save(single, NAME, Request(NEW, only(OLD))).changed
    with pytest.raises(NotFound):
        keeper.save(single, "other.yaml", Request(NEW, ABSENT))


def test_a_file_has_one_history_by_every_way(keeper: Keeper, one: Bench) -> None:
    """Through a link, through another root: the revisions are the same file's."""
    (one.directory / "link.yaml").symlink_to(NAME)
    keeper.save(one.root, "link.yaml", Request(NEW, ANYTHING))
    assert (one.directory / "link.yaml").is_symlink()
    assert len(recorded(keeper, one)) == 2
    assert len(keeper.history(Root("one", os.fspath(one.path)), NAME, 10)) == 2


def test_no_descriptor_is_left(keeper: Keeper, one: Bench) -> None:
    """However a save ends."""
    save(keeper, one)
    keeper.history(one.root, NAME, 1)  # opens the connection that reads
    before = open_files()
    save(keeper, one, OLD)
    for failing in (partial(save, keeper, one, b"a: ["), partial(save, keeper, one, NEW, ABSENT)):
        with pytest.raises((InvalidDocument, Conflict)):
            failing()
    assert open_files() == before


def test_the_lock_file_is_in_the_state(keeper: Keeper, one: Bench) -> None:
    """Never the target itself: a process waiting there would prevent the lease."""
    save(keeper, one)
    assert (one.state / "locks").exists()
    parent = one.directory.stat()
    key = lock.key_of_name(parent.st_dev, parent.st_ino, NAME)
    with lock.hold(os.fspath(one.state / "locks"), [key], wait=0, what="x"):
        pass


def test_what_cannot_be_settled_is_not_called_intact(
    keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails while an earlier save is settled: an error with a name, which does not say what nobody knows."""
    promise(keeper, one.path)
    monkeypatch.setattr("confkeep.recovery.settle", raising(errno.EIO))
    with pytest.raises(IoError, match=r"an earlier save of .* cannot be settled") as caught:
        save(keeper, one)
    assert "intact" not in caught.value.detail


@BOTH_ROUTES
def test_an_unforeseen_error_is_settled_at_once(keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fails in the last compare: an error that says what became of the file, and no intent stays open."""
    with monkeypatch.context() as context:
        context.setattr(Writing, "write", raising(errno.EIO))
        with pytest.raises(IoError, match="had not begun"):
            save(keeper, one)
    assert open_intents(keeper) == 0
    assert one.path.read_bytes() == OLD


@BOTH_ROUTES
def test_what_is_there_already_is_flushed(keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 means on the disk, also for bytes that somebody else wrote and did not flush."""
    flushed: list[int] = []
    real = os.fsync

    def spied(fd: int) -> None:
        flushed.append(os.fstat(fd).st_ino)
        real(fd)

    save(keeper, one)
    one.path.write_bytes(NEW)
    monkeypatch.setattr(os, "fsync", spied)
    assert not save(keeper, one).changed
    assert one.path.stat().st_ino in flushed


def test_a_name_of_our_own_is_refused(keeper: Keeper, one: Bench) -> None:
    """A sweep would remove it."""
    with pytest.raises(BadPath):
        keeper.save(one.root, ".confkeep-0123456789abcdef.tmp", Request(b"x", ABSENT))


def test_identical_bytes_do_not_create(keeper: Keeper, one: Bench) -> None:
    """Who asks for a new file is told that there is one."""
    with pytest.raises(Conflict):
        save(keeper, one, OLD, expect=ABSENT)
