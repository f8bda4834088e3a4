"""confkeep.transaction: several files at once, all of them or none, each by its own route."""

from __future__ import annotations

import dataclasses
import errno
import os
from typing import TYPE_CHECKING

import pytest

from confkeep.documents.check import Validate
from confkeep.errors import BadParameter, Conflict, InvalidDocument, IoError, NotFound, OutOfSpace, Refused
from confkeep.etag import Version, etag_of
from confkeep.expect import ABSENT, ANYTHING
from confkeep.files import syscalls
from confkeep.files.replace import Staged, stage
from confkeep.files.root import RoutePolicy
from confkeep.history.revisions import LIBRARY, State
from confkeep.keeper import Request
from confkeep.transaction import Change, transact
from confkeep.writing import Writing
from tests.support.batches import FOUR, MODE, OTHER_NAME, TWO, Batch
from tests.support.looking import open_files
from tests.support.saving import open_intents

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from confkeep.files.read import Whole
    from confkeep.files.target import Target
    from confkeep.files.written import Written
    from confkeep.keeper import Keeper


@pytest.fixture
def batch(disk: Path, state: Path) -> Batch:
    """Four files: replaced, in place, created, removed."""
    batch = Batch(disk / "config", state)
    batch.begin()
    return batch


@pytest.fixture
def keeper(batch: Batch) -> Generator[Keeper]:
    """Its keeper."""
    with batch.keeper() as keeper:
        yield keeper


def check_untouched(batch: Batch, keeper: Keeper) -> None:
    """Everything is as it was, nothing is open and nothing left over."""
    assert batch.present() == batch.old
    assert batch.modes() == {MODE}
    assert open_intents(keeper) == 0
    assert batch.others() == []


def test_every_route_at_once(batch: Batch, keeper: Keeper) -> None:
    """Replaced, in place, created, removed: each is said, and each is what was asked for."""
    inode = (batch.directory / "b.yaml").stat().st_ino
    saved = batch.save(keeper)
    assert batch.present() == batch.new
    assert [each.route.name for each in saved] == ["replace", "overwrite", "replace", "replace"]
    assert [(each.changed, each.created, each.removed) for each in saved] == [
        (True, False, False),
        (True, False, False),
        (True, True, False),
        (True, False, True),
    ]
    assert [each.etag for each in saved] == ["" if new is None else etag_of(new) for new in batch.new.values()]
    assert (batch.directory / "b.yaml").stat().st_ino == inode
    assert batch.modes() == {MODE}
    assert batch.others() == []


def test_each_is_a_revision_of_its_file(batch: Batch, keeper: Keeper) -> None:
    """In the history they are saves like any others; a removal is one without a content."""
    saved = batch.save(keeper)
    for each, (name, (old, new)) in zip(saved, FOUR.items(), strict=True):
        newest, *earlier = keeper.history(batch.root, name, 10)
        assert (newest.id, newest.state) == (each.revision, State.APPLIED)
        assert newest.etag == (None if new is None else etag_of(new))
        assert [revision.etag for revision in earlier] == ([] if old is None else [etag_of(old)])
    assert open_intents(keeper) == 0


@pytest.mark.parametrize("names", [["a.yaml"], ["b.yaml"], ["c.yaml"], ["d.yaml"], []])
def test_one_or_none(batch: Batch, keeper: Keeper, names: list[str]) -> None:
    """One change is a transaction like any other; none at all is done at once."""
    assert len(transact(keeper, [batch.change(name) for name in names], LIBRARY)) == len(names)
    assert batch.present() == {name: batch.new[name] if name in names else old for name, old in batch.old.items()}


def test_fifty_files(disk: Path, state: Path) -> None:
    """As many as a program has: in their order, one revision each."""
    batch = Batch(disk / "config", state, {f"{number}.txt": (b"old\n", b"new %d\n" % number) for number in range(50)})
    batch.begin()
    with batch.keeper() as keeper:
        saved = batch.save(keeper)
        assert [each.path for each in saved] == [os.fspath(batch.directory / name) for name in batch.members]
        assert batch.present() == batch.new
        assert len({each.revision for each in saved}) == len(saved)
        assert open_intents(keeper) == 0


def test_what_does_not_change_is_left_alone(batch: Batch, keeper: Keeper) -> None:
    """A file that holds its new content already is not written; the others are."""
    before = (batch.directory / "a.yaml").stat().st_ctime_ns
    same = dataclasses.replace(batch.change("a.yaml"), data=batch.old["a.yaml"])
    unchanged, changed = transact(keeper, [same, batch.change("b.yaml")], LIBRARY)
    assert (unchanged.changed, changed.changed) == (False, True)
    assert (batch.directory / "a.yaml").stat().st_ctime_ns == before
    assert unchanged.revision is not None
    assert batch.content("b.yaml") == batch.new["b.yaml"]


def test_nothing_changes(batch: Batch, keeper: Keeper) -> None:
    """To write what is there and to remove what is not: that is done already."""
    there = dataclasses.replace(batch.change("a.yaml"), data=batch.old["a.yaml"])
    gone = Change(batch.root, "nothing.yaml", None, ABSENT)
    assert [each.changed for each in transact(keeper, [there, gone], LIBRARY)] == [False, False]
    check_untouched(batch, keeper)


def test_a_repetition(batch: Batch, keeper: Keeper) -> None:
    """Whoever has not seen the answer sends it again: what is done already is done, and nothing is written."""
    batch.save(keeper)
    repeated = [change for change in batch.changes() if change.path != "c.yaml"]
    assert [each.changed for each in transact(keeper, repeated, LIBRARY)] == [False, False, False]
    assert batch.present() == batch.new


def test_a_repeated_creation(batch: Batch, keeper: Keeper) -> None:
    """That one asks for no file, and there is one: as with a single save."""
    batch.save(keeper)
    with pytest.raises(Conflict):
        batch.save(keeper)
    assert batch.present() == batch.new


def test_every_conflict_is_listed(batch: Batch, keeper: Keeper) -> None:
    """Two of four preconditions do not hold: both are named, and nothing is changed."""
    batch.put("b.yaml", b"by: hand\n")
    batch.put("c.yaml", b"came: 1\n")
    present = batch.present()
    with pytest.raises(Conflict) as caught:
        batch.save(keeper)
    failed = {os.path.basename(each["path"]): each["etag"] for each in caught.value.members["failed"]}
    assert failed == {"b.yaml": etag_of(b"by: hand\n"), "c.yaml": etag_of(b"came: 1\n")}
    assert "1 more" in caught.value.detail
    assert batch.present() == present
    assert batch.contents("a.yaml") == []


def test_a_file_that_is_not_there(batch: Batch, keeper: Keeper) -> None:
    """To expect some file where none is, is a conflict like any other."""
    change = Change(batch.root, "nothing.yaml", b"x: 1\n", ANYTHING)
    with pytest.raises(Conflict) as caught:
        transact(keeper, [batch.change("a.yaml"), change], LIBRARY)
    assert caught.value.members["failed"][0]["etag"] is None
    check_untouched(batch, keeper)


def test_an_invalid_document(batch: Batch, keeper: Keeper) -> None:
    """One of them is no YAML: the error names it, and nothing is changed."""
    bad = Change(batch.root, "d.yaml", b"a: [\n", ANYTHING, validate=Validate.SYNTAX)
    with pytest.raises(InvalidDocument) as caught:
        transact(keeper, [batch.change("a.yaml"), bad], LIBRARY)
    assert (caught.value.members["root"], caught.value.members["path"]) == (batch.root.name, "d.yaml")
    check_untouched(batch, keeper)


def test_a_refused_member(batch: Batch, keeper: Keeper) -> None:
    """One of them is a directory: nothing is changed."""
    (batch.directory / "e").mkdir()
    with pytest.raises(Refused) as caught:
        transact(keeper, [*batch.changes(), Change(batch.root, "e", b"x", ANYTHING)], LIBRARY)
    assert os.fspath(batch.directory / "e") in caught.value.detail
    (batch.directory / "e").rmdir()
    check_untouched(batch, keeper)


def test_a_directory_that_does_not_exist(batch: Batch, keeper: Keeper) -> None:
    """Nothing is changed either."""
    with pytest.raises(NotFound):
        transact(keeper, [*batch.changes(), Change(batch.root, "no/such", b"x", ABSENT)], LIBRARY)
    check_untouched(batch, keeper)


@pytest.mark.parametrize("again", ["a.yaml", "link.yaml", OTHER_NAME + "b.yaml"])
def test_the_same_file_twice(batch: Batch, keeper: Keeper, again: str) -> None:
    """By its name, by a link to it, or by another name of its inode: one of the two would be lost."""
    (batch.directory / "link.yaml").symlink_to("a.yaml")
    with pytest.raises(BadParameter, match="twice"):
        transact(keeper, [*batch.changes(), Change(batch.root, again, b"x: 1\n", ANYTHING)], LIBRARY)
    (batch.directory / "link.yaml").unlink()
    check_untouched(batch, keeper)


def test_a_name_that_is_created_twice(batch: Batch, keeper: Keeper) -> None:
    """Nothing is there, so the name decides."""
    with pytest.raises(BadParameter, match="twice"):
        transact(keeper, [batch.change("c.yaml"), batch.change("c.yaml")], LIBRARY)
    check_untouched(batch, keeper)


def test_dry_run(batch: Batch, keeper: Keeper) -> None:
    """What would become of each is said, and nothing is done, not even in the history."""
    saved = transact(keeper, batch.changes(), LIBRARY, dry_run=True)
    assert [(each.dry_run, each.changed, each.removed) for each in saved] == [
        (True, True, name == "d.yaml") for name in FOUR
    ]
    check_untouched(batch, keeper)
    assert batch.contents("a.yaml") == []


def test_dry_run_of_a_conflict(batch: Batch, keeper: Keeper) -> None:
    """The preconditions count."""
    batch.put("d.yaml", b"by: hand\n")
    with pytest.raises(Conflict):
        transact(keeper, batch.changes(), LIBRARY, dry_run=True)


def test_the_route_of_the_root(batch: Batch, keeper: Keeper) -> None:
    """Each change goes by the settings of its own root."""
    kept = dataclasses.replace(batch.root, route=RoutePolicy.OVERWRITE)
    changes = [dataclasses.replace(batch.change("a.yaml"), root=kept), batch.change("d.yaml")]
    assert transact(keeper, changes, LIBRARY)[0].route.code == "set-by-root"


def test_one_after_the_other(batch: Batch, keeper: Keeper) -> None:
    """There and back again, many times: each counts on what the last has left."""
    back = dataclasses.replace(batch, members={name: (new, old) for name, (old, new) in FOUR.items()})
    for _ in range(5):
        batch.save(keeper)
        assert batch.present() == batch.new
        back.save(keeper)
        assert batch.present() == batch.old
    assert open_intents(keeper) == 0
    assert batch.others() == []


def test_a_full_disk_is_seen_before_anything_is_published(
    batch: Batch, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last file cannot be staged: no reader has seen the first one change, and no revision stays."""
    exchange = syscalls.rename_exchange
    published: list[str] = []

    def full(target: Target, new: Version, old: Whole | None) -> Staged:
        if target.path.endswith("c.yaml"):
            raise OutOfSpace("full", remedy="")
        return stage(target, new, old)

    def seen(directory: int, name: str, other: str) -> None:
        published.append(other)
        exchange(directory, name, other)

    monkeypatch.setattr("confkeep.writing.stage", full)
    monkeypatch.setattr(syscalls, "rename_exchange", seen)
    with pytest.raises(OutOfSpace):
        batch.save(keeper)
    check_untouched(batch, keeper)
    assert published == []
    assert batch.new["a.yaml"] not in batch.contents("a.yaml")


def test_a_removed_file_comes_back(batch: Batch, keeper: Keeper) -> None:
    """What was removed in a transaction is restored from its earlier revision."""
    batch.save(keeper)
    with pytest.raises(NotFound):
        keeper.read(batch.root, "d.yaml")
    earlier = keeper.history(batch.root, "d.yaml", 10)[-1]
    keeper.restore(batch.root, earlier.id, Request(b"", ABSENT))
    assert batch.content("d.yaml") == batch.old["d.yaml"]


def test_two_of_them(disk: Path, state: Path) -> None:
    """The smallest mixture of the two routes, saved to and fro by two processes' keepers in turn."""
    batch = Batch(disk / "config", state, dict(TWO))
    batch.begin()
    with batch.keeper() as one, batch.keeper() as other:
        batch.save(one)
        dataclasses.replace(batch, members={name: (new, old) for name, (old, new) in TWO.items()}).save(other)
        assert batch.present() == batch.old
        batch.save(one)
    assert batch.present() == batch.new
    assert batch.recover() == []


def test_no_descriptor_stays_open(batch: Batch, keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither after a success, nor a conflict, nor a failure in the middle."""
    back = dataclasses.replace(batch, members={name: (new, old) for name, (old, new) in FOUR.items()})
    batch.save(keeper)
    back.save(keeper)
    keeper.history(batch.root, "a.yaml", 1)  # reads by a connection of its own, which stays
    before = open_files()
    batch.save(keeper)
    with pytest.raises(Conflict):
        batch.save(keeper)
    back.save(keeper)
    for name in ("b.yaml", "d.yaml"):
        with monkeypatch.context() as patch:
            failing_publish(patch, name)
            with pytest.raises(IoError):
                batch.save(keeper)
        assert batch.present() == batch.old
    assert open_files() == before


def failing_publish(patch: pytest.MonkeyPatch, name: str) -> None:
    """The disk fails when that file is published."""
    publish = Writing.publish

    def sometimes(self: Writing) -> Written:
        if self.plan.target.place.name == name:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return publish(self)

    patch.setattr(Writing, "publish", sometimes)
