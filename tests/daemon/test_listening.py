import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from confkeep.daemon.listening import listening, sole_holder
from confkeep.errors import SettingsError
from tests.daemon import playing_systemd
from tests.daemon.running import short_directory
from tests.support.fixtures import AsUser
from tests.support.needs import need
from tests.support.users import STRANGER


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


def before_each_step(wanted: Callable[[int], None]) -> Callable[[FrameType, str, Any], Any]:
    """A tracer that calls ``wanted`` with a number before each instruction of listening.py."""
    steps = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:  # noqa: ANN401 - it returns itself
        nonlocal steps
        if frame.f_code.co_filename != sys.modules[listening.__module__].__file__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            steps += 1
            wanted(steps)
        return trace

    return trace


def test_is_never_open_wider(path: str) -> None:
    """From the moment it exists nobody but owner and group may connect, though the umask allows all."""
    seen = set[int]()

    def look(_: int) -> None:
        if os.path.exists(path):
            seen.add(stat.S_IMODE(os.stat(path).st_mode))

    before = os.umask(0)
    sys.settrace(before_each_step(look))
    try:
        with listening(path):
            sys.settrace(None)
    finally:
        sys.settrace(None)
        os.umask(before)
    assert seen == {0o600, 0o660}


# A socket object that a signal keeps from its variable is closed by its deallocation, which warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_signal_at_any_moment_leaves_no_socket(path: str) -> None:
    """SystemExit out of a signal handler, before each single instruction in turn: what was bound is removed."""
    bound = 0
    for at in range(1, 10_000):

        def interrupt(step: int, at: int = at) -> None:
            nonlocal bound
            if step == at:
                bound += os.path.exists(path)
                raise SystemExit(0)

        sys.settrace(before_each_step(interrupt))
        try:
            with listening(path):
                sys.settrace(None)
                break
        except SystemExit:
            sys.settrace(None)
        finally:
            sys.settrace(None)
        assert not os.path.exists(path), f"left behind after instruction {at}"
    assert bound > 10


@pytest.mark.root
def test_belongs_to_the_group(path: str) -> None:
    """The socket is given to the group of the settings; its directory and owner stay as they are."""
    need(os.geteuid() == 0, "giving files away needs the superuser")
    before = os.stat(os.path.dirname(path))
    with listening(path, STRANGER):
        made = os.stat(path)
        assert (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) == (0, STRANGER, 0o660)
    assert os.stat(os.path.dirname(path)).st_gid == before.st_gid


def test_group_that_is_not_ours_to_give(as_user: AsUser, public: Path) -> None:
    """The message names socket, group and remedy, and no socket is left."""
    path = str(public / "s")
    public.chmod(0o777)

    def try_it() -> tuple[str, str]:
        with pytest.raises(SettingsError) as caught, listening(path, STRANGER + 1):
            pass
        return caught.value.detail, caught.value.remedy

    detail, remedy = as_user(STRANGER, try_it)
    assert path in detail
    assert f"group {STRANGER + 1}" in detail
    assert "access.group" in remedy
    assert not os.path.exists(path)


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


HANDED_OVER = """
import os, stat, sys
from confkeep.daemon.listening import listening
from confkeep.errors import SettingsError
try:
    with listening(sys.argv[1], 54321) as listener:
        print(listener.getsockname(), listener.fileno(), os.get_inheritable(listener.fileno()))
        listener.accept()[0].close()
except SettingsError as error:
    print("refused:", error.detail, "|", error.remedy)
print({name for name in os.environ if name.startswith("LISTEN_")} or "no variables")
"""


def handed_over(given: socket.socket | int, own: str, **environment: str) -> list[str]:
    """What a process says that listens on what systemd hands over; ``own`` is the path of its settings."""
    fd = given if isinstance(given, int) else given.fileno()
    command = playing_systemd.hand_over(fd, [sys.executable, "-c", HANDED_OVER, own], **environment)
    done = subprocess.run(command, pass_fds=[fd], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_takes_what_systemd_hands_over(path: str) -> None:
    """It accepts on that very socket, and leaves its mode, its group and itself alone; nothing is made."""
    with socket.socket(socket.AF_UNIX) as given, socket.socket(socket.AF_UNIX) as caller:
        given.bind(path)
        os.chmod(path, 0o606)
        given.listen()
        before = os.stat(path)
        caller.connect(path)
        assert handed_over(given, path + ".own") == [f"{path} 3 False", "no variables"]
        after = os.stat(path)
        assert (after.st_ino, after.st_mode, after.st_gid) == (before.st_ino, before.st_mode, before.st_gid)
        assert os.listdir(os.path.dirname(path)) == ["s"]
        with socket.socket(socket.AF_UNIX) as next_one:
            next_one.connect(path)


def test_what_was_handed_to_another_process_is_left(path: str) -> None:
    """LISTEN_PID names another process: the variables were inherited by mistake (sd_listen_fds(3))."""
    with socket.socket(socket.AF_UNIX) as given:
        given.bind(path)
        given.listen()
        said = handed_over(given, path + "dir/s" + "s" * 120, LISTEN_PID="1")
    assert "107 bytes" in said[0]
    assert said[1] == "no variables"


@pytest.mark.parametrize("count", ["2", "0", "many", "-1", ""])
def test_exactly_one_is_handed_over(count: str, path: str) -> None:
    """Any other number is a wrong socket unit, and the message says how to write it."""
    with socket.socket(socket.AF_UNIX) as given:
        given.bind(path)
        given.listen()
        said = handed_over(given, path + ".own", LISTEN_FDS=count)
    assert said[0].startswith("refused: ")
    assert "exactly one" in said[0]
    assert "ListenStream=" in said[0]
    assert said[1] == "no variables"
    assert os.listdir(os.path.dirname(path)) == ["s"]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("tcp", "is AF_INET, not AF_UNIX"),
        ("datagrams", "is SOCK_DGRAM, not SOCK_STREAM"),
        ("packets", "is SOCK_SEQPACKET, not SOCK_STREAM"),
        ("connection", "does not listen"),
        ("abstract", "abstract name"),
        ("file", "is no socket"),
    ],
)
def test_what_is_handed_over_must_be_a_listening_unix_socket(kind: str, reason: str, path: str) -> None:
    """Anything else is refused with what it is, and what to write into the socket unit."""
    with socket.socket(socket.AF_UNIX) as nobody, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as packets:
        match kind:
            case "tcp":
                given = socket.create_server(("127.0.0.1", 0))
            case "datagrams":
                given = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            case "packets":
                given = packets
                given.bind(path)
                given.listen()
            case "abstract":
                given = nobody
                given.bind("\0" + path)
                given.listen()
            case _:
                given = nobody
        with given, open(os.devnull, "rb") as file:
            said = handed_over(file.fileno() if kind == "file" else given, path + ".own")
    assert said[0].startswith("refused: ")
    assert reason in said[0]
    assert "ListenStream=" in said[0]
    assert not os.path.exists(path + ".own")


@pytest.mark.parametrize("kind", ["symlink", "link", "fifo"])
def test_a_lock_file_that_is_not_ours_is_left_alone(kind: str) -> None:
    """Others may write beside the socket: what they put in the lock file's place is neither followed nor emptied."""
    with short_directory() as directory:
        victim, lock = directory / "victim", directory / "s.lock"
        victim.write_bytes(b"precious\n")
        if kind == "symlink":
            lock.symlink_to(victim)
        elif kind == "link":
            lock.hardlink_to(victim)
        else:
            os.mkfifo(lock)
        with pytest.raises(SettingsError), listening(str(directory / "s")):
            pass
        assert victim.read_bytes() == b"precious\n"


def test_a_listener_with_a_full_queue_is_alive() -> None:
    """To ask whether it lives must not hang: connect(2) would wait for room."""
    with short_directory() as directory, socket.socket(socket.AF_UNIX) as busy, ExitStack() as stack:
        path = str(directory / "s")
        busy.bind(path)
        busy.listen(0)
        with suppress(BlockingIOError):
            for _ in range(10):
                waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
                waiting.settimeout(0)
                waiting.connect(path)
        with pytest.raises(SettingsError, match="another program listens"), listening(path):
            pass
        assert os.path.exists(path)
