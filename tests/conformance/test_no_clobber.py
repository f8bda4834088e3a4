"""Creating never replaces: of two who create at once exactly one does, the other is told. The kernel decides.

Two processes create the same names, at the same moments, in locks that they share or not; by RENAME_NOREPLACE, and by
link(2) where the filesystem has no such thing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Self

import pytest

from tests.support.looking import leftovers_in

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.support.fixtures import Filesystem

ROUNDS = 12

#: Each line asks for one file: which state, directory, name, and what to do. It answers "ready", waits, and creates.
CREATOR = """
import errno, os, sys
from pathlib import Path
from confkeep.errors import ConfkeepError
from confkeep.expect import ABSENT
from confkeep.files import syscalls
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request

own, shared, way, mark = sys.argv[1:]
if way == "link":
    def cannot(*_):
        raise OSError(errno.EINVAL, "Invalid argument")
    syscalls.rename_noreplace = cannot
keepers = {"own": Keeper(Path(own)), "shared": Keeper(Path(shared))}
print("here", flush=True)
for line in sys.stdin:
    which, directory, name = line.rstrip("\\n").split("\\t")
    data = mark.encode() * 20_000
    try:
        saved = keepers[which].save(Root("config", directory), name, Request(data, ABSENT))
        print("created" if saved.created else "changed", flush=True)
    except ConfkeepError as error:
        print(error.slug, flush=True)
"""


class Creator:
    """One of the two processes."""

    def __init__(self, disk: Path, way: str, mark: str) -> None:
        (disk / mark).mkdir()
        command = [sys.executable, "-c", CREATOR, os.fspath(disk / mark), os.fspath(disk / "shared"), way, mark]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.questions, self.answers = self.process.stdin, self.process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def ask(self, *words: str) -> None:
        """Begin; the answer is not waited for."""
        self.questions.write("\t".join(words) + "\n")
        self.questions.flush()

    def answer(self) -> str:
        """What it says."""
        return self.answers.readline().strip()


@pytest.fixture(scope="module", params=["noreplace", "link"])
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Creator, Creator]]:
    """Two processes that create what they are asked to."""
    disk = tmp_path_factory.mktemp("creators")
    (disk / "shared").mkdir()
    with Creator(disk, request.param, "A") as one, Creator(disk, request.param, "B") as other:
        assert (one.answer(), other.answer()) == ("here", "here")
        yield one, other


@pytest.mark.parametrize("state", ["own", "shared"])
def test_exactly_one_of_two_creates(on: str, state: str, two: tuple[Creator, Creator], filesystem: Filesystem) -> None:
    """The file holds the bytes of the one that was told so, whole; the other one gets a Conflict; nothing is left."""
    directory = filesystem(on)
    for number in range(ROUNDS):
        name = f"{number}.bin"
        order = two if number % 2 else two[::-1]
        for creator in order:
            creator.ask(state, os.fspath(directory), name)
        answers = {creator.answer(): mark for creator, mark in zip(two, "AB", strict=True)}
        assert set(answers) == {"created", "conflict"}
        assert (directory / name).read_bytes() == answers["created"].encode() * 20_000
        assert (directory / name).stat().st_nlink == 1
    assert leftovers_in(directory) == []
    assert len(os.listdir(directory)) == ROUNDS
