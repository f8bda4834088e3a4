"""Library calls in processes of their own, which are killed, stopped, or left to live."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

#: A save whose ``number``-th write is done by half, and then nothing more.
_HALF: Final = """
import os, signal, sys
import confkeep
pwrite = os.pwrite
def half(fd, data, offset):
    pwrite(fd, data[: len(data) // 2], offset)
    os.kill(os.getpid(), {signal})
    return pwrite(fd, data[len(data) // 2 :], offset + len(data) // 2) + len(data) // 2
os.pwrite = half
with open(sys.argv[2], "rb") as wanted:
    confkeep.save(sys.argv[1], wanted.read())
print("saved", flush=True)
"""


def killed_half_way(path: Path, data: bytes) -> bytes:
    """What is in ``path`` after a save of ``data`` was killed by -9 with half of it written."""
    with _half(path, data, "signal.SIGKILL") as process:
        assert process.wait() == -9
    return path.read_bytes()


def stopped_half_way(path: Path, data: bytes) -> subprocess.Popen[bytes]:
    """A process that is stopped with half of it written; the caller continues or kills it."""
    process = _half(path, data, "signal.SIGSTOP")
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    return process


def _half(path: Path, data: bytes, signal: str) -> subprocess.Popen[bytes]:
    wanted = path.parent.with_name("wanted")
    wanted.write_bytes(data)
    program = _HALF.replace("{signal}", signal)
    return subprocess.Popen([sys.executable, "-c", program, path, wanted], stdout=subprocess.PIPE)


def run(program: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """A Python process with ``program``; its input and output are pipes."""
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ends(process: subprocess.Popen[str]) -> str:
    """What it said, once it has ended well."""
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return said
