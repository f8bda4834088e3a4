"""confkeep.history.store: one SQLite file, WAL, synchronous=FULL."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import IoError, JournalUnavailable, OutOfSpace
from confkeep.etag import version_of
from confkeep.history import revisions
from confkeep.history.opening import VERSION
from confkeep.history.revisions import LIBRARY, State
from confkeep.history.store import Store
from tests.support.mounting import fill
from tests.support.users import STRANGER

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.support.fixtures import AsUser, Small


@pytest.fixture
def store(state: Path) -> Generator[Store]:
    """A new store."""
    store = Store(state)
    yield store
    store.close()


def pragma(store: Store, name: str) -> object:
    """What SQLite says."""
    with store.looking() as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def note(store: Store, content: bytes) -> int:
    """One durable revision."""
    with store.durable() as connection:
        return revisions.add(
            connection, revisions.ensure_file(connection, "/a"), version_of(content), State.APPLIED, LIBRARY
        )


def count(store: Store) -> int:
    """How many revisions there are."""
    with store.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM revisions").fetchone()[0])


def test_how_sqlite_is_set_up(store: Store) -> None:
    """The log of WAL, room that can be given back, our version of the schema, keys that lead somewhere."""
    assert pragma(store, "journal_mode") == "wal"
    assert pragma(store, "auto_vacuum") == 2  # INCREMENTAL: from the first table on, or never
    assert pragma(store, "user_version") == VERSION
    assert pragma(store, "foreign_keys") == 1
    assert pragma(store, "integrity_check") == "ok"


def test_a_durable_commit_is_flushed_and_a_soon_one_is_not(store: Store) -> None:
    """synchronous=FULL for what must be on the disk before the next step, NORMAL for what may follow."""
    with store.durable() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    with store.soon() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    note(store, b"x")
    with store.durable() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_others_cannot_read_it(store: Store) -> None:
    """Configuration holds secrets: directory 0700, every file 0600."""
    note(store, b"x")
    assert store.directory.stat().st_mode & 0o777 == 0o700
    files = list(store.directory.iterdir())
    assert {file.name for file in files} >= {"history.db", "history.db-wal"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_it_is_closed_to_others_under_any_umask(state: Path) -> None:
    """Also where the process's umask takes nothing away."""
    before = os.umask(0)
    try:
        store = Store(state)
        note(store, b"x")
    finally:
        os.umask(before)
    modes = {file.stat().st_mode & 0o777 for file in state.iterdir()}
    store.close()
    assert modes == {0o600}


def test_what_was_committed_is_there_after_opening_again(state: Path) -> None:
    """Closed or not."""
    store = Store(state)
    note(store, b"one")
    store.close()
    store = Store(state)
    assert count(store) == 1
    store.close()


def test_an_error_takes_everything_back(store: Store) -> None:
    """A transaction that ends by an error has not happened, and the next one works."""

    def fail(kind: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
        with kind() as connection:
            revisions.ensure_file(connection, "/a")
            raise ZeroDivisionError

    for kind in (store.durable, store.soon):
        with pytest.raises(ZeroDivisionError):
            fail(kind)
    with store.reading() as connection:
        assert revisions.file_id(connection, "/a") is None
    assert note(store, b"x") == 1


def test_an_error_of_sqlite_has_a_name_of_ours(store: Store) -> None:
    """No caller has to know sqlite3."""
    with pytest.raises(IoError, match="the file was not touched"), store.durable() as connection:
        connection.execute("INSERT INTO intents (revision) VALUES (99)")
    with pytest.raises(IoError), store.reading() as connection:
        connection.execute("SELECT * FROM nothing")


def test_a_state_directory_that_is_a_file(state: Path) -> None:
    """The reason is named."""
    state.write_text("x")
    with pytest.raises(JournalUnavailable):
        Store(state)


def test_a_state_directory_that_is_closed(public: Path, as_user: AsUser) -> None:
    """The reason is named."""
    with pytest.raises(JournalUnavailable, match="Permission"):
        as_user(STRANGER, lambda: Store(public / "state"))


def test_a_full_disk_is_out_of_space(small: Small) -> None:
    """The save that needed the room fails, and once there is room again the next one works."""
    directory = small("ext4", 16)
    store = Store(directory / "state")
    ballast = fill(directory)
    with pytest.raises(OutOfSpace, match="its disk is full"):
        note(store, os.urandom(1 << 20))
    assert count(store) == 0
    ballast.unlink()
    assert note(store, os.urandom(1 << 20)) == 1
    assert pragma(store, "integrity_check") == "ok"
    store.close()


def test_threads_take_turns(store: Store) -> None:
    """One connection, many threads: every transaction is whole."""
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(10):
                note(store, b"%d-%d" % (number, turn))
                count(store)
        except BaseException as error:  # noqa: BLE001 - the test shall see it
            errors.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert count(store) == 40


OPEN = """
import sys
from pathlib import Path
from confkeep.history.store import Store
sys.stdin.readline()
Store(Path(sys.argv[1])).close()
"""


def test_several_processes_may_open_a_new_store_at_once(state: Path) -> None:
    """One of them makes the schema, the others find it."""
    command = [sys.executable, "-c", OPEN, os.fspath(state)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(6)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    errors = [process.communicate()[1].decode() for process in processes]
    assert [error.splitlines()[-1:] for error in errors] == [[]] * 6


SOON_THEN_DIE = """
import os, sys
from pathlib import Path
from confkeep.history import revisions
from confkeep.history.store import Store
store = Store(Path(sys.argv[1]))
with store.soon() as connection:
    revisions.ensure_file(connection, "/a")
os.kill(os.getpid(), 9)
"""


def test_a_soon_commit_survives_kill(state: Path) -> None:
    """It is in the log, flushed or not: only a power cut could undo it."""
    assert subprocess.run([sys.executable, "-c", SOON_THEN_DIE, state], check=False).returncode == -9
    store = Store(state)
    with store.reading() as connection:
        assert revisions.file_id(connection, "/a") is not None
    store.close()


def count_flushes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When a store was made durable, as long as the test runs."""
    flushed: list[float] = []
    real = Store.make_durable

    def seen(store: Store) -> None:
        real(store)
        flushed.append(time.monotonic())

    monkeypatch.setattr(Store, "make_durable", seen)
    return flushed


def test_a_soon_commit_becomes_durable_by_itself(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some time after the last save the log is flushed, once, and then nothing wakes any more."""
    flushed = count_flushes(monkeypatch)
    for name in ("/a", "/b"):
        with store.soon() as connection:
            revisions.ensure_file(connection, name)
    give_up = time.monotonic() + 60
    while not flushed and time.monotonic() < give_up:
        time.sleep(0.01)
    assert len(flushed) == 1


def test_a_soon_commit_is_flushed_by_closing(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who closes before that moment waits for the flush."""
    flushed = count_flushes(monkeypatch)
    store = Store(state)
    with store.soon() as connection:
        revisions.ensure_file(connection, "/a")
    store.close()
    assert len(flushed) == 1


def test_a_durable_commit_takes_the_soon_ones_along(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is one sequence: nothing is left to flush."""
    flushed = count_flushes(monkeypatch)
    store = Store(state)
    with store.soon() as connection:
        revisions.ensure_file(connection, "/a")
    note(store, b"x")
    store.close()
    assert flushed == []


def test_what_makes_durable_really_flushes(state: Path, strace: str, tmp_path: Path) -> None:
    """An empty transaction would flush nothing: the log's file is flushed."""
    log = tmp_path / "strace.txt"
    program = (
        "import sys; from pathlib import Path; from confkeep.history.store import Store;"
        "store = Store(Path(sys.argv[1])); print('MARK', flush=True); store.make_durable();"
        "print('MARK', flush=True); store.close()"
    )
    command = [strace, "-y", "-o", os.fspath(log), "-e", "trace=write,fsync,fdatasync", sys.executable, "-c", program]
    subprocess.run([*command, os.fspath(state)], check=True, stdout=subprocess.PIPE)
    between = log.read_text().split("MARK")[1]
    assert "history.db-wal" in "".join(line for line in between.splitlines() if "sync(" in line)


TURNS = """
import sys
from pathlib import Path
from confkeep.history import revisions
from confkeep.history.store import Store
sys.stdin.readline()
for turn in range(10):
    store = Store(Path(sys.argv[1]))
    with store.durable() as connection:
        revisions.ensure_file(connection, f"/{sys.argv[2]}-{turn}")
    store.close()
"""


def test_processes_open_write_and_close_at_once(state: Path) -> None:
    """As the library does for each save in place: the log comes and goes with its last user, and nothing is lost."""
    command = [sys.executable, "-c", TURNS, os.fspath(state)]
    processes = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stderr=subprocess.PIPE) for number in range(8)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    errors = [process.communicate()[1].decode() for process in processes]
    assert [error.splitlines()[-1:] for error in errors] == [[]] * 8
    store = Store(state)
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM files").fetchone() == (80,)
    assert pragma(store, "integrity_check") == "ok"
    store.close()
