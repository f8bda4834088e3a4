"""confkeep.files.leftovers: what a sweep must not remove, because somebody is alive or nobody else has it."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from confkeep.etag import etag_of, version_of
from confkeep.files import leftovers
from confkeep.files.replace import stage
from tests.support.looking import leftovers_in, looking, opened
from tests.support.saving import NAME, bench, save
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fixtures import AsUser

OLD, NEW = b"old: 1\n", b"new: 1\n"

STAGE_AND_WAIT = """
import sys
from pathlib import Path
from confkeep.etag import etag_of, version_of
from confkeep.etag import version_of
from confkeep.files.replace import stage
from tests.support.looking import looking
data = b"by another process\\n"
with looking(Path(sys.argv[1])) as target:
    staged = stage(target, version_of(data), None)
    print("staged", flush=True)
    if sys.stdin.readline():
        staged.publish()
"""


def sweep(directory: Path) -> leftovers.Swept:
    """Sweep one directory."""
    with opened(directory, os.O_RDONLY) as fd:
        return leftovers.sweep(fd)


def displaced(directory: Path, content: bytes, old: bytes = OLD) -> Path:
    """What is left of a publication of NEW that was to replace ``old``."""
    temporary = directory / leftovers.temporary_name(etag_of(old), etag_of(NEW))
    temporary.write_bytes(content)
    return temporary


def create(path: Path, data: bytes) -> None:
    """Save a file that is not there yet."""
    with looking(path) as target:
        stage(target, version_of(data), None).publish()


def test_our_own_file_under_its_second_name(tmp_path: Path) -> None:
    """Killed before the exchange: it never was anybody's."""
    path = displaced(tmp_path, NEW)
    assert sweep(tmp_path) == leftovers.Swept(removed=[path.name])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", [b"", NEW[:5]])
def test_an_unfinished_file(tmp_path: Path, content: bytes) -> None:
    """Killed while it was written: its name says that it never was anybody else's."""
    path = tmp_path / leftovers.temporary_name()
    path.write_bytes(content)
    assert sweep(tmp_path) == leftovers.Swept(removed=[path.name])


def test_what_was_compared_with(tmp_path: Path) -> None:
    """Killed after the exchange: what was displaced is the old content, which the history has."""
    path = displaced(tmp_path, OLD)
    assert sweep(tmp_path) == leftovers.Swept(removed=[path.name])


@pytest.mark.parametrize("content", [b"by: hand\n", OLD + b"x", OLD[:-1], b""])
def test_an_edit(tmp_path: Path, content: bytes) -> None:
    """Anything else is somebody's edit: kept, told, and again by each further sweep."""
    path = displaced(tmp_path, content)
    for _ in range(3):
        assert sweep(tmp_path) == leftovers.Swept(edits=[path.name])
        assert path.read_bytes() == content


def test_edits_are_found_by_what_was_to_be_replaced(tmp_path: Path) -> None:
    """Recovery asks for those of its own save only, and gets no file of the living."""
    mine, other = displaced(tmp_path, b"by: hand\n"), displaced(tmp_path, b"by: hand\n", b"another: 1\n")
    with opened(tmp_path, os.O_RDONLY) as fd:
        assert leftovers.edits(fd, etag_of(OLD), etag_of(NEW)) == [mine.name]
        assert leftovers.edits(fd, etag_of(b"another: 1\n"), etag_of(NEW)) == [other.name]
        with opened(mine, os.O_RDONLY) as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert leftovers.edits(fd, etag_of(OLD), etag_of(NEW)) == []


@pytest.mark.parametrize("killed", [True, False])
def test_another_process_is_alive(tmp_path: Path, killed: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """While it lives nobody sweeps its file, and it publishes it; once it is dead anybody does."""
    target = tmp_path / "a.yaml"
    command = [sys.executable, "-c", STAGE_AND_WAIT, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"staged\n"
        (name,) = leftovers_in(tmp_path)
        assert sweep(tmp_path) == leftovers.Swept()
        assert leftovers_in(tmp_path) == [name]
        if killed:
            other.send_signal(signal.SIGKILL)
            other.wait()
            assert sweep(tmp_path) == leftovers.Swept(removed=[name])
            assert os.listdir(tmp_path) == []
        else:
            other.communicate(b"publish\n")
            assert os.listdir(tmp_path) == ["a.yaml"]
            assert target.read_bytes() == b"by another process\n"


def test_a_stopped_process_is_alive(tmp_path: Path) -> None:
    """Stopped is not dead."""
    command = [sys.executable, "-c", STAGE_AND_WAIT, str(tmp_path / "a.yaml")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        other.send_signal(signal.SIGSTOP)
        assert sweep(tmp_path) == leftovers.Swept()
        other.send_signal(signal.SIGCONT)
        other.communicate(b"publish\n")
    assert os.listdir(tmp_path) == ["a.yaml"]


def test_swept_between_its_making_and_its_lock(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep that comes in that moment removes it: the save notices, and makes another."""
    one = bench(disk / "config", disk / "state")
    flock, swept = fcntl.flock, leftovers.Swept()

    def after_a_sweep(fd: int, operation: int) -> None:
        if not swept.removed and not operation & fcntl.LOCK_NB:
            swept.removed.extend(sweep(one.directory).removed)
        flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", after_a_sweep)
    with one.keeper() as keeper:
        save(keeper, one, NEW)
    assert len(swept.removed) == 1
    assert one.names() == [NAME]
    assert one.path.read_bytes() == NEW


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening, opened(path.parent, os.O_PATH) as fd:
        listening.bind(f"/proc/self/fd/{fd}/{path.name}")  # a socket's own path may have 107 bytes


KINDS: dict[str, Callable[[Path], object]] = {
    "directory": lambda path: path.mkdir(),
    "FIFO": os.mkfifo,
    "socket": _socket,
    "link": lambda path: path.symlink_to("a.yaml"),
    "dangling link": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        (kind, suffix)
        for kind in KINDS
        for suffix in (".tmp", f"-{etag_of(OLD)[:16]}-{etag_of(NEW)[:16]}.tmp")
        if (kind, suffix) != ("directory", ".tmp")  # a folder that was being built
    ],
)
def test_anything_but_a_regular_file(tmp_path: Path, kind: str, suffix: str) -> None:
    """We never made that: it is left alone, and stops neither a sweep nor a save."""
    name = f".confkeep-0123456789abcdef{suffix}"
    (tmp_path / "a.yaml").write_bytes(OLD)
    KINDS[kind](tmp_path / name)
    dead = tmp_path / ".confkeep-fedcba9876543210.tmp"
    dead.touch()
    assert sweep(tmp_path) == leftovers.Swept(removed=[dead.name])
    create(tmp_path / "b.yaml", NEW)
    assert sorted(os.listdir(tmp_path)) == [name, "a.yaml", "b.yaml"]


@pytest.mark.parametrize(
    "name",
    [
        ".confkeep-0123456789abcde.tmp",
        f".confkeep-0123456789abcdef-{'0' * 16}.tmp",
        f".confkeep-0123456789abcdef-{'0' * 15}-{'0' * 16}.tmp",
        f".confkeep-0123456789abcdef-{'A' * 16}-{'0' * 16}.tmp",
        f".confkeep-0123456789abcdef-{'0' * 16}-{'0' * 16}.tmp~",
        f".confkeep-0123456789abcdef-{'0' * 16}-{'0' * 16}.swp",
        f"confkeep-0123456789abcdef-{'0' * 16}-{'0' * 16}.tmp",
    ],
)
def test_names_that_are_nearly_ours(tmp_path: Path, name: str) -> None:
    """Left alone."""
    (tmp_path / name).touch()
    assert sweep(tmp_path) == leftovers.Swept()
    assert os.listdir(tmp_path) == [name]


def test_another_users_leftovers(public: Path, as_user: AsUser) -> None:
    """What may not be read or removed stops nobody's sweep."""
    public.chmod(0o1777)
    theirs = [public / leftovers.temporary_name() for _ in range(2)]
    for path, mode in zip(theirs, (0o600, 0o644), strict=True):
        path.touch()
        path.chmod(mode)
    own = public / leftovers.temporary_name()
    as_user(STRANGER, own.touch)
    assert as_user(STRANGER, lambda: sweep(public)).removed == [own.name]
    assert all(path.exists() for path in theirs)


def test_a_disk_that_fails_while_it_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep is a favour: that it cannot be done is no reason not to save."""

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "scandir", fail)
    create(tmp_path / "a.yaml", NEW)
    assert os.listdir(tmp_path) == ["a.yaml"]
