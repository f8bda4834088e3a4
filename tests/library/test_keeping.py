"""confkeep.Keeper: the daemon's own transaction for any path, with history."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

import confkeep
from confkeep.history.revisions import Origin
from tests.library import killing
from tests.library.spots import NEW, OLD, Spot, etag
from tests.support.saving import promise

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture
def keeper() -> Generator[confkeep.Keeper]:
    """One on this test's state."""
    with confkeep.Keeper() as keeper:
        yield keeper


def contents(keeper: confkeep.Keeper, path: Path) -> list[bytes]:
    """What the file has been, oldest first."""
    return [keeper.content(revision.id) for revision in keeper.history(path)][::-1]


def test_each_content_is_kept(spot: Spot, keeper: confkeep.Keeper) -> None:
    """What was there before the first save as well, and what others made of it."""
    first = keeper.save(spot.path, b"one\n", expect=etag(OLD), message="by me")
    spot.path.write_bytes(b"by: hand\n")
    keeper.save(spot.path, NEW)
    assert contents(keeper, spot.path) == [OLD, b"one\n", b"by: hand\n", NEW]
    newest = keeper.history(spot.path)
    assert [revision.origin for revision in newest] == [
        Origin.LIBRARY,
        Origin.EXTERNAL,
        Origin.LIBRARY,
        Origin.EXTERNAL,
    ]
    assert (newest[2].id, newest[2].message, newest[2].uid) == (first.revision, "by me", os.geteuid())
    assert spot.others() == []


def test_history_in_pieces(spot: Spot, keeper: confkeep.Keeper) -> None:
    """The newest first, and those before it."""
    for number in range(5):
        keeper.save(spot.path, b"%d\n" % number)
    newest = keeper.history(spot.path, limit=2)
    before = keeper.history(spot.path, limit=2, before=newest[-1].id)
    assert [keeper.content(revision.id) for revision in (*newest, *before)] == [b"4\n", b"3\n", b"2\n", b"1\n"]


def test_read_and_inspect_know_the_revision(spot: Spot, keeper: confkeep.Keeper) -> None:
    """That is there now, if it is recorded."""
    assert keeper.inspect(spot.path).revision is None
    saved = keeper.save(spot.path, NEW)
    read, verdict = keeper.read(spot.path), keeper.inspect(spot.path)
    assert (read.data, read.etag, read.revision) == (NEW, etag(NEW), saved.revision)
    assert (verdict.etag, verdict.revision, verdict.refusal) == (etag(NEW), saved.revision, None)


def test_expect_and_overwrite_are_those_of_save(spot: Spot, keeper: confkeep.Keeper, disk: Path) -> None:
    """The same errors."""
    with pytest.raises(confkeep.Conflict):
        keeper.save(spot.path, NEW, expect=etag(NEW))
    with pytest.raises(FileExistsError) as caught:
        keeper.save(spot.path, NEW, overwrite=False)
    assert isinstance(caught.value, confkeep.AlreadyExists)
    assert keeper.save(disk / "new", NEW, overwrite=False).created is True
    assert spot.data == OLD


def test_a_stale_expect_with_the_same_bytes_is_a_conflict(spot: Spot, keeper: confkeep.Keeper) -> None:
    """As ``confkeep.save`` has it: who counts on from what is gone must be told."""
    for save in (confkeep.save, keeper.save):
        with pytest.raises(confkeep.Conflict):
            save(spot.path, OLD, expect=etag(NEW))


def test_one_file_has_one_history(spot: Spot, keeper: confkeep.Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the path to it is called."""
    (spot.path.parent.parent / "link").symlink_to(spot.path.parent)
    monkeypatch.chdir(spot.path.parent)
    keeper.save("a.txt", b"one\n")
    keeper.save(os.fsencode(spot.path.parent.parent / "link/a.txt"), b"two\n")
    assert contents(keeper, spot.path) == [OLD, b"one\n", b"two\n"]


@pytest.mark.parametrize("validate", [None, "syntax", "strict"])
def test_a_document_is_checked(plain: Spot, keeper: confkeep.Keeper, validate: Any) -> None:  # noqa: ANN401 - a literal
    """Unless told otherwise: what is no YAML does not get into a YAML file."""
    path = plain.path.with_suffix(".yaml")
    path.write_bytes(OLD)
    with pytest.raises(confkeep.InvalidDocument, match="line 1"):
        keeper.save(path, b"a: [", validate=validate)
    assert path.read_bytes() == OLD
    assert keeper.save(path, NEW, validate=validate).checked == "yaml"
    assert keeper.save(path, b"a: [", validate="off").checked is None


def test_a_check_that_nobody_knows(plain: Spot, keeper: confkeep.Keeper) -> None:
    """It is named."""
    with pytest.raises(confkeep.BadParameter, match="validate='yaml'"):
        keeper.save(plain.path, NEW, validate="yaml")  # type: ignore[arg-type]


def test_without_pyyaml(plain: Spot) -> None:
    """Nothing is checked, and who asks for a check is told what is missing."""
    program = """
import sys
from importlib import util
find = util.find_spec
util.find_spec = lambda name, *rest: None if name == "yaml" else find(name, *rest)
import confkeep
with confkeep.Keeper() as keeper:
    print(keeper.save(sys.argv[1], b"a: [").checked)
    try:
        keeper.save(sys.argv[1], b"b", validate="strict")
    except confkeep.BadParameter as error:
        print(error.remedy)
"""
    path = plain.path.with_suffix(".yaml")
    assert killing.ends(killing.run(program, path)).splitlines() == ["None", "pip install 'confkeep[service]'"]
    assert path.read_bytes() == b"a: ["


def test_what_a_crash_left_open_is_settled_at_the_start(linked: Spot, state: Path) -> None:
    """And said."""
    with confkeep.Keeper(state) as before:
        promise(before._keeper, linked.path)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - no other way to crash
        linked.path.write_bytes(NEW[:5] + OLD[5:])
    with confkeep.Keeper(os.fsencode(state)) as after:
        assert [(found.path, found.settled) for found in after.recovered] == [(linked.name, True)]
    assert linked.data == NEW
    with confkeep.Keeper(state) as third:
        assert third.recovered == []


def test_a_state_of_its_own(spot: Spot, disk: Path, state: Path) -> None:
    """The environment does not count where one is given."""
    with confkeep.Keeper(disk / "own") as keeper:
        keeper.save(spot.path, NEW)
    assert (disk / "own/history.db").exists()
    assert not state.exists()


def test_no_state(disk: Path) -> None:
    """A Keeper without one is none."""
    (disk / "file").touch()
    with pytest.raises(confkeep.JournalUnavailable):
        confkeep.Keeper(disk / "file")


def test_the_library_and_a_keeper_share_a_state(linked: Spot, keeper: confkeep.Keeper) -> None:
    """What ``confkeep.save`` did in place is in the history."""
    confkeep.save(linked.path, b"by: save\n")
    keeper.save(linked.path, NEW)
    assert contents(keeper, linked.path) == [OLD, b"by: save\n", NEW]


def test_revisions_that_are_not_there(keeper: confkeep.Keeper) -> None:
    """They are named."""
    with pytest.raises(confkeep.NotFound, match="7"):
        keeper.content(7)


def test_several_files_together(tmp_path: Path, keeper: confkeep.Keeper) -> None:
    """Saved, made and removed by one transaction; each in its history, with the message."""
    saved, gone, new = (tmp_path / name for name in ("a.txt", "b.txt", "c.txt"))
    for path in (saved, gone):
        path.write_bytes(OLD)
    done = keeper.transaction(
        [
            confkeep.Change(saved, bytearray(NEW), expect=etag(OLD)),
            confkeep.Change(os.fsencode(gone), None),
            confkeep.Change(new, b"new\n", overwrite=False),
        ],
        message="all three",
    )
    assert [(one.changed, one.created, one.removed) for one in done] == [
        (True, False, False), (True, False, True), (True, True, False),
    ]  # fmt: skip
    assert (saved.read_bytes(), gone.exists(), new.read_bytes()) == (NEW, False, b"new\n")
    assert {keeper.history(path)[0].message for path in (saved, gone, new)} == {"all three"}


def test_none_of_several_files(tmp_path: Path, keeper: confkeep.Keeper) -> None:
    """One expectation that does not hold keeps all of them as they were, and is named."""
    paths = [tmp_path / name for name in ("a.txt", "b.txt")]
    for path in paths:
        path.write_bytes(OLD)
    with pytest.raises(confkeep.Conflict) as caught:
        keeper.transaction([confkeep.Change(paths[0], NEW), confkeep.Change(paths[1], NEW, expect=etag(NEW + b"x"))])
    assert [failed["path"] for failed in caught.value.members["failed"]] == [os.fspath(paths[1])]
    assert [path.read_bytes() for path in paths] == [OLD, OLD]


def test_a_revision_comes_back(spot: Spot, keeper: confkeep.Keeper) -> None:
    """As a new revision that says what it is, if the file is what the caller expects."""
    keeper.save(spot.path, b"one\n")
    first = keeper.history(spot.path)[-1]
    with pytest.raises(confkeep.Conflict):
        keeper.restore(first.id, expect=etag(OLD))
    restored = keeper.restore(first.id, expect=etag(b"one\n"))
    assert (spot.path.read_bytes(), restored.changed) == (OLD, True)
    newest = keeper.history(spot.path)[0]
    assert (newest.origin, newest.message) == (Origin.RESTORE, f"restores revision {first.id}")
    with pytest.raises(confkeep.NotFound):
        keeper.restore(12345)
