"""confkeep.files.lock: saves of one target queue, threads and processes alike."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import JournalUnavailable, TargetBusy
from confkeep.files import lock

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys
from confkeep.files import lock
with lock.hold(sys.argv[1], [7], wait=0, what="x"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The lock file."""
    return os.fspath(tmp_path / "locks")


def is_free(file: str, *keys: int) -> bool:
    """Whether these bytes can be held now."""
    try:
        with lock.hold(file, keys, wait=0, what="x"):
            return True
    except TargetBusy:
        return False


def test_two_cannot_hold_one_key(file: str) -> None:
    """Not even in one thread; afterwards anybody can."""
    with lock.hold(file, [7], wait=0, what="x"):
        assert not is_free(file, 7)
        assert is_free(file, 8)
    assert is_free(file, 7)


def test_each_of_several_keys_counts(file: str) -> None:
    """A save that holds a name and an inode keeps out who wants either."""
    with lock.hold(file, [7, 9, 7], wait=0, what="x"):
        assert not is_free(file, 9, 1)
        assert is_free(file, 8, 1)
    with lock.hold(file, [9], wait=0, what="x"):
        assert not is_free(file, 7, 9)
        assert is_free(file, 7)  # what was taken on the way has been given back


def test_it_is_given_back_after_an_error(file: str) -> None:
    """However the save ended."""
    with pytest.raises(ZeroDivisionError), lock.hold(file, [7], wait=0, what="x"):
        raise ZeroDivisionError
    assert is_free(file, 7)


def test_the_busy_one_is_named(file: str) -> None:
    """The error names the file whose save has not ended."""
    with (
        lock.hold(file, [7], wait=0, what="x"),
        pytest.raises(TargetBusy, match="another save of /config/a"),
        lock.hold(file, [7], wait=0.01, what="/config/a"),
    ):
        pass


def test_threads_queue(file: str) -> None:
    """Every one of many threads has it to itself."""
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with lock.hold(file, [7, 9], wait=60, what="x"):
                inside += 1
                most = max(most, inside)
                os.sched_yield()
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


@pytest.mark.parametrize("killed", [True, False])
def test_another_process_holds_it_until_it_ends(file: str, killed: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """Another process keeps us out; one that dies, by kill -9 too, blocks nobody."""
    with subprocess.Popen([sys.executable, "-c", HOLD, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert not is_free(file, 7)
        if killed:
            holder.kill()
        else:
            holder.communicate()
        holder.wait()
        assert is_free(file, 7)


def test_the_lock_file_is_closed_to_others(file: str) -> None:
    """Nobody else may hold what we wait for."""
    assert is_free(file, 7)
    assert os.stat(file).st_mode & 0o777 == 0o600


def test_keys_tell_targets_apart() -> None:
    """Names and inodes have keys of their own, all valid offsets of a file."""
    keys = {
        lock.key_of_name(1, 2, "a"),
        lock.key_of_name(1, 2, "b"),
        lock.key_of_name(1, 3, "a"),
        lock.key_of_name(2, 2, "a"),
        lock.key_of_name(1, 2, ""),
        lock.key_of_inode(1, 2),
        lock.key_of_inode(2, 1),
        lock.key_of_inode(12, 1),
        lock.key_of_inode(1, 21),
        lock.key_of_name(1, 2, os.fsdecode(b"\xff")),
    }
    assert len(keys) == 10
    assert all(0 <= key < 1 << 62 for key in keys)
    assert lock.key_of_name(1, 2, "a") in keys


PRESENT = """
import sys
from confkeep.files import lock
presence = lock.Presence(sys.argv[1])
print("present", flush=True)
sys.stdin.read()
"""


def test_presence_is_seen_by_others(file: str) -> None:
    """Two know of each other, in one process as well; who ends leaves the other alone."""
    one = lock.Presence(file)
    assert one.is_alone()
    other = lock.Presence(file)
    assert not one.is_alone()
    assert not other.is_alone()
    other.end()
    assert one.is_alone()
    one.end()


def test_presence_ends_with_its_process(file: str) -> None:
    """However it dies."""
    presence = lock.Presence(file)
    with subprocess.Popen([sys.executable, "-c", PRESENT, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as one:
        assert one.stdout is not None
        assert one.stdout.readline() == b"present\n"
        assert not presence.is_alone()
        one.kill()
        one.wait()
        assert presence.is_alone()
    presence.end()


def test_presence_holds_nobody_up(file: str) -> None:
    """It is no lock of any target."""
    presence = lock.Presence(file)
    assert is_free(file, 0)
    assert is_free(file, (1 << 62) - 1)
    presence.end()


def test_presence_where_no_lock_can_be(tmp_path: Path) -> None:
    """The reason is named."""
    with pytest.raises(JournalUnavailable, match="locks"):
        lock.Presence(os.fspath(tmp_path / "no/locks"))


def test_a_forked_child_holds_nothing(file: str) -> None:
    """A child that lives on has a copy of the descriptor: the lock is given back all the same."""
    readable, writable = os.pipe()
    with lock.hold(file, [7], wait=0, what="x"), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
        if child == 0:
            os.close(writable)
            os.read(readable, 1)  # until the parent has closed its end
            os._exit(0)
    try:
        assert is_free(file, 7)
    finally:
        os.close(readable)
        os.close(writable)
        os.waitpid(child, 0)
