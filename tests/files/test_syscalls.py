"""confkeep.files.syscalls: system calls by number."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import struct
from pathlib import Path

import pytest

from confkeep.files import syscalls
from tests.support.looking import opened
from tests.support.needs import need


def test_this_machine_is_in_the_table() -> None:
    """The tests run on a machine whose numbers are known."""
    assert syscalls.NUMBERS[platform.machine()] == syscalls.HERE


#: Where Debian and Ubuntu keep the kernel's own numbers (linux-libc-dev), if there are any.
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
    "riscv64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("machine", HEADERS)
def test_the_table_is_the_kernels(machine: str) -> None:
    """Each number is the one in the kernel's header."""
    header = HEADERS[machine]
    if machine == "x86_64" and platform.machine() != machine:
        pytest.skip("this machine has the headers of another")
    need(header.exists(), f"no {header} (linux-libc-dev)")
    text = header.read_text("ascii", "replace")
    for call, number in syscalls.NUMBERS[machine]._asdict().items():
        assert re.search(rf"#define (__NR_{call}|__NR3264_{call})\s+{number}$", text, re.MULTILINE), call


def test_statx_is_statx(tmp_path: Path) -> None:
    """The number is right: inode and size come out where the header file puts them."""
    path = tmp_path / "a"
    path.write_bytes(b"123")
    buffer = ctypes.create_string_buffer(256)
    with opened(path, os.O_PATH) as fd:
        syscalls.statx(fd, 0x7FF, buffer)
    assert struct.unpack_from("=QQ", buffer, 32) == (path.stat().st_ino, 3)


def test_a_failing_call_raises(tmp_path: Path) -> None:
    """With the kernel's errno."""
    with pytest.raises(OSError, check=lambda error: error.errno == errno.EBADF):
        syscalls.statx(-1, 0, ctypes.create_string_buffer(256))
    with opened(tmp_path, os.O_RDONLY) as directory, pytest.raises(FileNotFoundError):
        syscalls.rename_noreplace(directory, "missing", "new")


def test_openat2_is_openat2(tmp_path: Path) -> None:
    """Flags and what may be resolved arrive: a way out is refused with RESOLVE_BENEATH (8) alone."""
    (tmp_path / "sub").mkdir()
    try:
        with opened(tmp_path / "sub", os.O_PATH) as sub:
            fd = syscalls.openat2(sub, "..", os.O_PATH | os.O_CLOEXEC, 0)
            assert os.path.samestat(os.fstat(fd), tmp_path.stat())
            assert not os.get_inheritable(fd)
            os.close(fd)
            with pytest.raises(OSError, check=lambda error: error.errno == errno.EXDEV):
                syscalls.openat2(sub, "..", os.O_PATH | os.O_CLOEXEC, 8)
    except OSError as error:
        need(error.errno not in {errno.ENOSYS, errno.EPERM}, "openat2(2) is refused here")
        raise


def test_rename_without_replacing(tmp_path: Path) -> None:
    """A free name is taken, one that exists is not."""
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with opened(tmp_path, os.O_RDONLY) as directory:
        with pytest.raises(FileExistsError):
            syscalls.rename_noreplace(directory, "a", "b")
        syscalls.rename_noreplace(directory, "a", "c ü")
    assert (tmp_path / "b").read_text() == "b"
    assert (tmp_path / "c ü").read_text() == "a"


def test_reserve_keeps_the_size(disk: Path) -> None:
    """Blocks are taken; size and content stay."""
    path = disk / "a"
    path.write_bytes(b"123")
    with opened(path, os.O_RDWR) as fd:
        syscalls.reserve(fd, 0, 1 << 20)
    assert path.read_bytes() == b"123"
    assert path.stat().st_blocks * 512 >= 1 << 20


def test_an_unknown_machine_has_no_such_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ENOSYS, which every caller has an answer to."""
    monkeypatch.setattr(syscalls, "HERE", None)
    with pytest.raises(OSError, check=lambda error: error.errno == errno.ENOSYS):
        syscalls.statx(0, 0, ctypes.create_string_buffer(256))
    with pytest.raises(OSError, check=lambda error: error.errno == errno.ENOSYS):
        syscalls.rename_noreplace(0, "a", "b")
    with pytest.raises(OSError, check=lambda error: error.errno == errno.ENOSYS):
        syscalls.openat2(0, "a", 0, 0)
