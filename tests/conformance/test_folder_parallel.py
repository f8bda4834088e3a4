"""N processes publish one folder at once, as programs do that share a cache.

Who opens the folder and reads through that descriptor finds one version: all of its files, or, once it has been
replaced, files that are gone. Never does one find files of two versions.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.support.folders import read, write
from tests.support.mounting import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import Filesystem
    from tests.support.mounting import Mounts

PUBLISHERS = 4
FILES = 12
ROUNDS = 12

#: Publishes versions of its own, or the same folder in each round; answers how each of them ended.
PUBLISHER = """
import errno, os, sys
from pathlib import Path
from confkeep.errors import ConfkeepError
from confkeep.files import syscalls
from tests.support.folders import publish

mark, path, overwrite, flags, rounds, files = sys.argv[1:]
if flags == "without":
    def cannot(*_):
        raise OSError(errno.EINVAL, "Invalid argument")
    syscalls.rename_noreplace = syscalls.rename_exchange = cannot
print("here", flush=True)
sys.stdin.readline()
for number in range(int(rounds)):
    content = f"{mark} {number}".encode()
    at = Path(path) if overwrite == "overwrite" else Path(path, str(number))
    try:
        publish(at, {f"{name}/file": content for name in range(int(files))}, overwrite=overwrite == "overwrite")
        print("published")
    except ConfkeepError as error:
        print(error.slug)
"""

#: Reads the folder through one descriptor, until the input ends; answers what was wrong, and how often it was whole.
READER = """
import os, select, sys
path, files = sys.argv[1], int(sys.argv[2])
print("here", flush=True)
sys.stdin.readline()
whole, wrong = 0, set()
while not select.select([sys.stdin], [], [], 0)[0]:
    try:
        folder = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        wrong.add("no folder")
        continue
    found = []
    for name in range(files):
        try:
            fd = os.open(f"{name}/file", os.O_RDONLY, dir_fd=folder)
        except FileNotFoundError:
            found.append(None)
            continue
        found.append(os.read(fd, 100))
        os.close(fd)
    os.close(folder)
    versions = set(found) - {None}
    if len(versions) > 1:
        wrong.add("a mixture")
    whole += None not in found
print(whole, *sorted(wrong), sep=",")
"""


def start(stack: ExitStack, code: str, *arguments: str | Path | int) -> subprocess.Popen[str]:
    """A process that waits for a line."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    process = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    return process


def together(path: Path, how: str, flags: str = "with") -> tuple[list[list[str]], list[str]]:
    """What each publisher answered, and what a reader beside them did."""
    with ExitStack() as stack:
        reader = start(stack, READER, path, FILES)
        publishers = [start(stack, PUBLISHER, mark, path, how, flags, ROUNDS, FILES) for mark in "ABCDEF"[:PUBLISHERS]]
        for process in (reader, *publishers):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = [process.communicate()[0].split() for process in publishers]
        return answers, reader.communicate()[0].strip().split(",")


def versions_in(path: Path) -> set[bytes]:
    """The versions that its files are of."""
    found = read(path)
    assert found is not None
    assert sorted(found) == sorted(f"{name}/file" for name in range(FILES))
    return set(found.values())


@pytest.mark.parametrize("flags", ["with", "without"])
def test_all_replace(on: str, flags: str, filesystem: Filesystem) -> None:
    """Each of them succeeds each time, a reader always finds a folder, of one version, and nothing is left."""
    path = write(filesystem(on) / "cache", {f"{name}/file": b"first" for name in range(FILES)})
    answers, (whole, *wrong) = together(path, "overwrite", flags)
    assert answers == [["published"] * ROUNDS] * PUBLISHERS
    assert int(whole) > 0
    assert set(wrong) <= ({"no folder"} if flags == "without" else set())
    assert len(versions_in(path)) == 1
    assert os.listdir(path.parent) == ["cache"]


@pytest.mark.parametrize("flags", ["with", "without"])
def test_exactly_one_creates(on: str, flags: str, filesystem: Filesystem) -> None:
    """Of those that do not replace one wins in each round, the others are told; nothing is left."""
    path = filesystem(on) / "cache"
    path.mkdir()
    answers, _ = together(path, "keep", flags)
    rounds = [sorted(words) for words in zip(*answers, strict=True)]
    assert rounds == [["already-exists"] * (PUBLISHERS - 1) + ["published"]] * ROUNDS
    assert sorted(os.listdir(path)) == sorted(map(str, range(ROUNDS)))
    for number in range(ROUNDS):
        (version,) = versions_in(path / str(number))
        assert version.endswith(f" {number}".encode())


def test_a_mounted_folder_is_whole_at_the_end(filesystem: Filesystem, mounts: Mounts, disk: Path) -> None:
    """Of those that publish at once in a mounted folder the last one's contents stay, whole; nothing else."""
    source = write(filesystem("ext4") / "host", {f"{name}/file": b"first" for name in range(FILES)})
    path = mounts.bind(source, disk / "cache")
    answers, _ = together(path, "overwrite")
    run("sync")
    assert answers == [["published"] * ROUNDS] * PUBLISHERS
    assert len(versions_in(path)) == 1
