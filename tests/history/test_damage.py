"""confkeep.history.damage: a damaged store is set aside, and no open intent is dropped silently."""

from __future__ import annotations

import errno
import itertools
import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import HistoryDamaged, JournalUnavailable
from confkeep.history import intents, opening, revisions, verify
from confkeep.history.damage import is_in_use
from confkeep.history.revisions import State
from confkeep.history.store import Store
from tests.history.stores import LONG, add, change, damage, numbers, promise, swap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def names(state: Path, part: str) -> list[str]:
    """What is in the state directory under such a name."""
    return sorted(path.name for path in state.iterdir() if part in path.name)


def with_an_open_save(state: Path) -> int:
    """A closed store with a history and one open intent; its number."""
    store = Store(state)
    for turn in range(5):
        add(store, "/config/a.yaml", b"a: %d\n" % turn)
    number = promise(store, "/config/a.yaml", LONG, LONG + b"new")
    store.close()
    return number


def text(state: Path) -> None:
    """Not a database at all."""
    (state / "history.db").write_bytes(b"not a database at all" * 1000)


def head(state: Path) -> None:
    """Only its first bytes are those of one."""
    (state / "history.db").write_bytes(b"SQLite format 3\x00" + bytes(5000))


@pytest.mark.parametrize("ruin", [text, head])
def test_what_is_no_store_is_set_aside(state: Path, ruin: Callable[[Path], None]) -> None:
    """It stays, byte for byte, under a name that says so; saving goes on, and what is lost is said."""
    state.mkdir()
    ruin(state)
    before = (state / "history.db").read_bytes()
    store = Store(state)
    assert store.damage is not None
    assert store.damage.aside.name.startswith("history.db.corrupt-")
    assert store.damage.aside.read_bytes() == before
    assert len(store.damage.lost) == 1
    assert add(store, "/a", b"x") > 0
    store.close()
    assert not Store(state).damage


@pytest.mark.parametrize(
    "index",
    [
        "sqlite_autoindex_files_1", "sqlite_autoindex_contents_1",
        "contents_to_pack", "revisions_of_file", "revisions_of_content",
    ],
)  # fmt: skip
def test_a_damaged_index_loses_no_open_save(state: Path, index: str) -> None:
    """Whichever it is: the intent, both contents and the numbers go over."""
    number = with_an_open_save(state)
    damage(state, index)
    opening.mark_suspect(state)
    store = Store(state)
    assert store.damage is not None
    assert (store.damage.kept, store.damage.lost) == (("/config/a.yaml",), ())
    with store.reading() as connection:
        (intent,) = intents.unsettled(connection)
        assert (intent.revision, intent.old, intent.new) == (number, LONG, LONG + b"new")
        assert verify.problems(connection) == []
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    assert numbers(store, "/config/a.yaml") == [number - 1, number]
    assert add(store, "/a", b"x") == number + 1
    assert {path.stat().st_mode & 0o777 for path in state.glob("history.db*")} == {0o600}
    store.close()
    assert names(state, "next") == names(state, "making") == names(state, "suspect") == []


def test_numbers_of_the_damaged_store_are_not_used_again(state: Path) -> None:
    """Also those of settled saves, which are not taken over: a link to one of them leads nowhere."""
    store = Store(state)
    for turn in range(5):
        add(store, "/config/a.yaml", b"a: %d\n" % turn)
    store.close()
    damage(state, "revisions_of_file")
    opening.mark_suspect(state)
    store = Store(state)
    assert store.damage is not None
    assert add(store, "/config/a.yaml", b"a: 5\n") == 6
    store.close()


def test_a_content_that_changed_on_the_disk_is_noticed_by_the_start(state: Path) -> None:
    """What SQLite cannot see: the bytes that recovery would write are not those of the promise. They are not used."""
    store = Store(state)
    promise(store, "/config/a.yaml", b"the old content", b"the new content")
    promise(store, "/config/b.yaml", b"another old one", b"another new one")
    store.close()
    swap(state, b"the new content", b"the bad content")
    store = Store(state)
    assert store.damage is not None
    assert store.damage.kept == ("/config/b.yaml",)
    assert store.damage.lost == ("revision 2 of /config/a.yaml",)
    with store.reading() as connection:
        assert [intent.path for intent in intents.unsettled(connection)] == ["/config/b.yaml"]
    store.close()


def test_a_start_does_not_read_the_whole_history(state: Path) -> None:
    """Contents of settled saves are verified when asked, not at each start; to read one of them is an error."""
    store = Store(state)
    number = add(store, "/config/a.yaml", b"the old content")
    store.close()
    swap(state, b"the old content", b"the bad content")
    store = Store(state)
    assert store.damage is None
    with pytest.raises(HistoryDamaged) as caught, store.reading() as connection:
        revisions.data_of(connection, revisions.get(connection, number)[1])
    assert "start confkeep again" in caught.value.remedy
    store.close()
    after = Store(state)
    assert after.damage is not None
    assert "hash" in after.damage.reason
    after.close()


def test_damage_that_a_save_meets(state: Path) -> None:
    """The save fails by name and leaves nothing; the next start checks the whole store and sets it aside."""
    with_an_open_save(state)
    damage(state, "revisions_of_content")
    store = Store(state)
    assert store.damage is None
    with pytest.raises(HistoryDamaged, match="the file was not touched"):
        add(store, "/config/b.yaml", b"b: 1\n")
    with store.reading() as connection:
        assert revisions.file_id(connection, "/config/b.yaml") is None
    store.close()
    assert names(state, "suspect") == ["history.db.suspect"]
    store = Store(state)
    assert store.damage is not None
    assert store.damage.kept == ("/config/a.yaml",)
    assert add(store, "/config/b.yaml", b"b: 1\n") > 0
    store.close()


def test_a_store_that_is_sound_after_all_goes_on(state: Path) -> None:
    """Suspected once, found sound by the full check: nothing is set aside, and the next start does not look again."""
    number = with_an_open_save(state)
    opening.mark_suspect(state)
    store = Store(state)
    assert store.damage is None
    assert names(state, "suspect") == []
    assert numbers(store, "/config/a.yaml")[-1] == number
    store.close()


def test_a_missing_table(state: Path) -> None:
    """A store of our version without one of its tables is damaged."""
    with_an_open_save(state)
    change(state / "history.db", lambda connection: connection.execute("DROP TABLE intents"))
    store = Store(state)
    assert store.damage is not None
    assert "no table intents" in store.damage.reason
    assert len(store.damage.lost) == 1
    store.close()


def test_a_removal_is_taken_over(state: Path) -> None:
    """An open save that removes its file has no new content."""
    store = Store(state)
    number = promise(store, "/config/a.yaml", b"old", b"new")
    with store.durable() as connection:
        connection.execute("UPDATE revisions SET hash = NULL, size = 0 WHERE id = ?", (number,))
    store.close()
    damage(state, "revisions_of_file")
    opening.mark_suspect(state)
    store = Store(state)
    with store.reading() as connection:
        (_, found) = revisions.get(connection, number)
        assert (found.etag, found.size, found.state) == (None, 0, State.PROMISED)
        assert connection.execute("SELECT revision FROM intents").fetchall() == [(number,)]
    store.close()


HOLD = """
import sys
from pathlib import Path
from confkeep.history.store import Store
store = Store(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
"""


def test_a_damaged_store_that_others_use_stays(state: Path) -> None:
    """They would go on writing promises to a file that nobody recovers from."""
    with_an_open_save(state)
    damage(state, "revisions_of_content")
    opening.mark_suspect(state)
    held = Store(state)  # sets it aside; from here on the new one is in use
    held.close()
    command = [sys.executable, "-c", HOLD, os.fspath(state)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        assert is_in_use(state / "history.db")
        change(state / "history.db", lambda connection: connection.execute("PRAGMA wal_checkpoint"))
        damage(state, "revisions_of_content")
        opening.mark_suspect(state)
        before = names(state, "corrupt")
        with pytest.raises(JournalUnavailable, match="other processes use it"):
            Store(state)
        assert names(state, "corrupt") == before
        other.communicate(b"\n")
    assert not is_in_use(state / "history.db")


@pytest.mark.parametrize("moved", [[], ["-wal"], ["-wal", "-shm"], ["-wal", "-shm", ""]])
def test_a_crash_while_it_is_set_aside(state: Path, moved: list[str]) -> None:
    """Once the new store is whole the exchange is decided: whoever opens it next completes it, from any step."""
    number = with_an_open_save(state)
    (state / "history.db").rename(state / "history.db.next-20261121T165000")
    for suffix in ("", "-wal", "-shm"):
        name = f"history.db.corrupt-20261121T165000{suffix}" if suffix in moved else f"history.db{suffix}"
        (state / name).write_bytes(b"damaged")
    store = Store(state)
    assert store.damage is not None
    assert store.damage.aside == state / "history.db.corrupt-20261121T165000"
    assert len(names(state, "corrupt-20261121T165000")) == 3
    assert numbers(store, "/config/a.yaml")[-1] == number
    store.close()


@pytest.mark.parametrize("step", range(5))
def test_a_failure_at_any_step(state: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """No save that was open is lost: the next start either repeats the exchange or completes it."""
    number = with_an_open_save(state)
    damage(state, "revisions_of_file")
    opening.mark_suspect(state)
    real, calls = type(state).rename, itertools.count()

    def fail(path: Path, to: Path | str) -> Path:
        if next(calls) == step:
            raise OSError(errno.EIO, "the disk")
        return real(path, to)

    monkeypatch.setattr(type(state), "rename", fail)
    with pytest.raises(JournalUnavailable, match="the disk"):
        Store(state)
    monkeypatch.undo()
    store = Store(state)
    assert store.damage is not None
    assert numbers(store, "/config/a.yaml")[-1] == number
    store.close()
    assert names(state, "next") == names(state, "making") == []


def test_a_crash_before_the_new_store_is_whole(state: Path) -> None:
    """What was begun is thrown away; the damaged store is still in place, and is set aside by the next start."""
    with_an_open_save(state)
    damage(state, "revisions_of_file")
    opening.mark_suspect(state)
    for suffix in ("", "-wal", "-shm"):
        (state / f"history.db.making{suffix}").write_bytes(b"half of it")
    store = Store(state)
    assert store.damage is not None
    assert store.damage.kept == ("/config/a.yaml",)
    store.close()
    assert names(state, "making") == []


def test_a_locked_store_is_not_a_damaged_one(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what the store itself is at fault for sets it aside."""
    with_an_open_save(state)

    def busy(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(verify, "check_open_intents", busy)
    with pytest.raises(JournalUnavailable, match="locked"):
        Store(state)
    assert names(state, "corrupt") == []
