"""Many processes save the same files and others, as uv does with its cache: each is always wholly one version."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

import confkeep
from tests.library.killing import ends, run
from tests.library.spots import Spot, spot_in
from tests.support.looking import leftovers_in

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import Popen

PROCESSES: Final = 8
WAYS = pytest.mark.parametrize("way", ["replace", "linked"])

#: Each content is one byte again and again, in a length of its own: a mixture of two has two kinds of bytes.
_CONTENT: Final = """
import os, sys
import confkeep
def content(number):
    return bytes([33 + number % 90]) * (2000 + 37 * number)
def whole(data):
    return len(data) >= 2000 and set(data) == {33 + (len(data) - 2000) // 37 % 90}
print("ready", flush=True)
sys.stdin.readline()
"""

_SAVE: Final = f"""
{_CONTENT}
for turn in range(50):
    confkeep.save(sys.argv[1], content(int(sys.argv[2]) * 50 + turn))
print("saved")
"""

_FILE: Final = f"""
{_CONTENT}
for turn in range(25):
    with confkeep.file(sys.argv[1], "wb") as file:
        data = content(int(sys.argv[2]) * 25 + turn)
        file.write(data[:1000])
        file.flush()
        file.write(data[1000:])
print("saved")
"""

_READ: Final = f"""
{_CONTENT}
reads = 0
while not os.path.exists(sys.argv[2]):
    with open(sys.argv[1], "rb") as file:
        assert whole(file.read())
    reads += 1
print(reads)
"""

_COUNT: Final = f"""
{_CONTENT}
met = 0
for _ in range(25):
    while True:
        with open(sys.argv[1], "rb") as file:
            data = file.read()
        number = int(data.split()[0])
        from hashlib import sha256
        try:
            confkeep.save(sys.argv[1], b"%d %s" % (number + 1, b"#" * (number % 7000)), expect=sha256(data).hexdigest(),
                          on_busy="refuse")
            break
        except (confkeep.Conflict, confkeep.TargetBusy):
            met += 1
print(met)
"""

_CREATE: Final = f"""
{_CONTENT}
won = 0
for turn in range(50):
    try:
        confkeep.save(os.path.join(sys.argv[1], f"entry-{{turn}}"), content(int(sys.argv[2])), overwrite=False)
        won += 1
    except FileExistsError:
        pass
print(won)
"""

_CACHE: Final = f"""
{_CONTENT}
for turn in range(40):
    number = (int(sys.argv[2]) + turn) % 10
    path = os.path.join(sys.argv[1], f"entry-{{number}}.json")
    confkeep.save(path, content(number))
    with open(path, "rb") as file:
        assert file.read() == content(number)
print("saved")
"""


def started(program: str, *arguments: str | Path) -> list[Popen[str]]:
    """So many processes, which begin together; each gets its number as the last argument."""
    processes = [run(program, *arguments, str(number)) for number in range(PROCESSES)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return processes


def all_said(program: str, *arguments: str | Path) -> list[str]:
    """What each of them said in the end; all have ended well."""
    processes = started(program, *arguments)
    said = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES
    return said


def whole(data: bytes) -> bool:
    """Whether it is one of the contents."""
    return len(data) >= 2000 and set(data) == {33 + (len(data) - 2000) // 37 % 90}


def crowd(disk: Path, way: str) -> Spot:
    """A file for all of them, whole."""
    spot = spot_in(disk / "config", way)
    spot.path.write_bytes(b"!" * 2000)
    return spot


PROGRAMS = pytest.mark.parametrize("program", [_SAVE, _FILE], ids=["save", "file"])


@PROGRAMS
def test_one_file_by_renames(disk: Path, program: str) -> None:
    """All succeed, whoever reads meanwhile sees whole contents, and nothing is left."""
    spot = crowd(disk, "replace")
    stop = disk / "stop"
    reader = run(_READ, spot.path, stop)
    assert reader.stdin is not None
    reader.stdin.write("go\n")
    reader.stdin.flush()
    try:
        assert all_said(program, spot.path) == ["saved"] * PROCESSES
    finally:
        stop.touch()
    assert int(ends(reader).split()[-1]) > 0
    assert whole(spot.data)
    assert spot.others() == []


@PROGRAMS
def test_one_file_in_place(disk: Path, program: str) -> None:
    """All succeed, and what is there in the end is one of the contents."""
    spot = crowd(disk, "linked")
    assert all_said(program, spot.path) == ["saved"] * PROCESSES
    assert whole(spot.data)
    assert spot.others() == []


@WAYS
def test_a_counter(disk: Path, way: str) -> None:
    """Each counts on from what it has read, until it is no conflict: none is lost, though two save the same bytes."""
    spot = spot_in(disk / "config", way)
    spot.path.write_bytes(b"0 ")
    met = sum(map(int, all_said(_COUNT, spot.path)))
    assert int(spot.data.split()[0]) == PROCESSES * 25
    assert met > 0, "they never met"
    assert spot.others() == []


def test_exactly_one_creates(disk: Path) -> None:
    """Of all who want to create each of 50 files; the others are told."""
    won = list(map(int, all_said(_CREATE, disk)))
    assert sum(won) == 50
    assert len(os.listdir(disk)) == 50
    assert all(whole(path.read_bytes()) for path in disk.iterdir())


def test_a_cache(disk: Path) -> None:
    """Same and different entries in one directory, by all of them: each is whole, and nothing else is there."""
    (disk / "cache").mkdir()
    assert all_said(_CACHE, disk / "cache") == ["saved"] * PROCESSES
    assert sorted(os.listdir(disk / "cache")) == [f"entry-{number}.json" for number in range(10)]


def test_the_dead_leave_nothing_for_long(disk: Path) -> None:
    """Killed in the middle of their drafts: the next process that saves there removes them."""
    program = f"""{_CONTENT}
with confkeep.file(sys.argv[1] + sys.argv[2], "wb") as file:
    file.write(b"half")
    file.flush()
    print("half", flush=True)
    sys.stdin.readline()
"""
    processes = started(program, disk / "entry")
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
    assert len(leftovers_in(disk)) == PROCESSES
    for process in processes:
        process.kill()
        process.communicate()
    (disk / "wanted").write_bytes(b"x")
    assert ends(run("import sys, confkeep; confkeep.save(sys.argv[1], b'x')", disk / "entry")) == ""
    assert sorted(os.listdir(disk)) == ["entry", "wanted"]


def test_drafts_of_the_living_stay(disk: Path) -> None:
    """A sweep by another process leaves them alone."""
    with confkeep.file(disk / "a") as file:
        file.write("mine")
        ends(run("import sys, confkeep; confkeep.save(sys.argv[1], b'x')", disk / "b"))
    assert ((disk / "a").read_text(), sorted(os.listdir(disk))) == ("mine", ["a", "b"])
