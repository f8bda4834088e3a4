"""What is flushed, and in which order: as of 1.4.1, on both ways of publishing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.dropin.writing import PEERS, SERVICE
from tests.support.needs import need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Steps = Callable[..., list[str]]

WRITE = """
import sys
from atomicwrites import atomic_write
with atomic_write(sys.argv[1], overwrite=sys.argv[2] == "True") as file:
    file.write("new")
"""
MOVE = """
import sys, atomicwrites
getattr(atomicwrites, sys.argv[2])(sys.argv[3], sys.argv[1])
"""
#: As strace -y writes them: a descriptor with its path.
_FLUSH = re.compile(r"^(?:fsync|fdatasync)\(\d+<([^>]*)>\)")
_PUBLISH = re.compile(r"^(?:rename|link)\w*\(.*?= 0$")


@pytest.fixture(params=[PEERS, SERVICE], ids=["original", "ours"])
def steps(request: pytest.FixtureRequest, strace: str, tmp_path: Path) -> Steps:
    """``steps(script, path, …)``: what that program, given these arguments, did to bring a file to ``path``."""
    over: Path = request.param
    need((over / "atomicwrites").is_dir(), f"no {over}: make {sys.prefix}/peers.stamp")

    def taken(script: str, path: Path, *arguments: object) -> list[str]:
        log = tmp_path / "log"
        traced = "trace=fsync,fdatasync,/^rename,/^link"
        tracer = [strace, "-y", "-e", traced, "-e", "signal=none", "-o", str(log)]
        command = [*tracer, sys.executable, "-S", "-c", script, str(path), *map(str, arguments)]
        subprocess.run(command, env=os.environ | {"PYTHONPATH": str(over)}, check=True)
        return [step for line in log.read_text().splitlines() if (step := _step(line, path))]

    return taken


def _step(line: str, path: Path) -> str:
    if (flush := _FLUSH.match(line)) is None:
        return "publish" if _PUBLISH.match(line) else ""
    if flush[1] == str(path.parent):
        return "flush the directory"
    if os.path.isdir(flush[1]):
        return "flush the other directory"
    return "flush the file" if os.path.dirname(flush[1]) == str(path.parent) else ""


@pytest.mark.parametrize(("there", "overwrite"), [(True, True), (False, True), (False, False)])
def test_file_then_name_then_directory(steps: Steps, disk: Path, *, there: bool, overwrite: bool) -> None:
    """Each once: a crash leaves the old file or the whole new one, and after the write it is the new one."""
    path = disk / "conf" / "a"
    path.parent.mkdir()
    if there:
        path.write_text("old")
    assert steps(WRITE, path, overwrite) == ["flush the file", "publish", "flush the directory"]
    assert path.read_text() == "new"


@pytest.mark.parametrize("name", ["replace_atomic", "move_atomic"])
def test_name_then_directory(steps: Steps, disk: Path, name: str) -> None:
    """Flushing the file is the caller's; of a move, the directory that has it is flushed before the one that had it."""
    path, source = disk / "to" / "a", disk / "from" / "a"
    for directory in (path.parent, source.parent):
        directory.mkdir()
    source.write_text("new")
    expected = ["publish", "flush the directory"] + ["flush the other directory"] * (name == "move_atomic")
    assert steps(MOVE, path, name, source) == expected
    assert path.read_text() == "new"
