import os
import socket
import stat
from collections.abc import Generator
from pathlib import Path

import pytest

from confkeep.daemon.listening import listening, sole_holder
from confkeep.errors import SettingsError
from tests.daemon.running import short_directory


@pytest.fixture
def path() -> Generator[str]:
    """Where a socket may be made."""
    with short_directory() as directory:
        yield str(directory / "s")


def dead_socket(path: str) -> None:
    """A socket file on which nobody listens."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)


def test_takes_connections_of_its_group(path: str) -> None:
    """The socket is 0660, whatever the umask, and accepts."""
    before = os.umask(0)
    try:
        with listening(path) as listener:
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
            with socket.socket(socket.AF_UNIX) as caller:
                caller.connect(path)
                listener.accept()[0].close()
    finally:
        os.umask(before)


def test_is_gone_afterwards(path: str) -> None:
    """The socket's file goes with the daemon."""
    with listening(path):
        assert os.path.exists(path)
    assert not os.path.exists(path)


def test_dead_socket_is_replaced(path: str) -> None:
    """What a killed daemon left is no obstacle."""
    dead_socket(path)
    with listening(path), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(path)


def test_living_socket_is_left(path: str) -> None:
    """Another program's socket is never taken over: its callers would find us instead."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen()
        with pytest.raises(SettingsError, match=f"another program listens on {path}"), listening(path):
            pass
        assert os.path.exists(path)


@pytest.mark.parametrize("kind", ["file", "empty file", "directory", "link to a file", "link to nothing", "fifo"])
def test_what_is_no_socket_is_never_removed(kind: str, path: str) -> None:
    """A wrong --socket must not cost anybody a file."""
    match kind:
        case "file":
            Path(path).write_bytes(b"precious")
        case "empty file":
            Path(path).touch()
        case "directory":
            os.mkdir(path)
        case "fifo":
            os.mkfifo(path)
        case _:
            Path(path + ".aim").write_bytes(b"precious")
            os.symlink(path + (".aim" if kind == "link to a file" else ".none"), path)
    before = os.lstat(path)
    with pytest.raises(SettingsError, match=f"{path} exists and is no socket") as caught, listening(path):
        pass
    assert caught.value.remedy
    assert os.lstat(path).st_ino == before.st_ino


def test_second_is_told_who_holds_it(path: str) -> None:
    """The message names the process, so that a person can look at it."""
    with listening(path), pytest.raises(SettingsError, match=f"process {os.getpid()}") as caught, listening(path):
        pass
    assert path in caught.value.detail
    assert "--socket" in caught.value.remedy


def test_only_ours_is_removed(path: str) -> None:
    """A socket that somebody put in our place meanwhile stays."""
    with listening(path):
        os.unlink(path)
        dead_socket(path)
        theirs = os.stat(path).st_ino
    assert os.stat(path).st_ino == theirs


def test_removed_meanwhile(path: str) -> None:
    """That the socket is gone already is no error."""
    with listening(path):
        os.unlink(path)


def test_longest_path() -> None:
    """107 bytes are taken, one more is refused before anything is made; bytes count, not characters."""
    with short_directory() as directory:
        fits = str(directory) + "/" + "s" * (107 - len(str(directory)) - 1)
        with listening(fits):
            assert os.path.exists(fits)
        for long in (fits + "s", fits[:-1] + "é"):
            with pytest.raises(SettingsError, match="longer than 107 bytes") as caught, listening(long):
                pass
            assert long in caught.value.detail
            assert not os.path.exists(long + ".lock")


def test_directory_is_made_closed(path: str) -> None:
    """A missing directory is made for owner and group."""
    with listening(path + "dir/s"):
        assert stat.S_IMODE(os.stat(path + "dir").st_mode) == 0o750


def test_directory_that_cannot_be_made(path: str) -> None:
    """The message names what stands in the way."""
    Path(path).write_bytes(b"")
    with pytest.raises(SettingsError, match=path) as caught, listening(path + "/below/s"):
        pass
    assert caught.value.remedy


def test_lock_is_free_again(path: str) -> None:
    """Once released it can be had again, and it names the present holder only."""
    with sole_holder(path, "this", 0o700):
        pass
    Path(path).write_text("99999999999 and more\n", "ascii")
    with sole_holder(path, "this", 0o700):
        assert Path(path).read_text("ascii") == f"{os.getpid()}\n"
