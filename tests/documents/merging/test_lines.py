from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confkeep.documents.merging.lines import LineMerge, Lines
from confkeep.documents.merging.markers import Labels
from tests.support.needs import need

_BASE = b"1\n2\n3\n4\n5\n6\n"


def _marked(base: bytes, mine: bytes, theirs: bytes) -> tuple[bytes, int]:
    return LineMerge(base, mine, theirs).marked(Labels())


@st.composite
def _three(draw: st.DrawFn) -> list[bytes]:
    """A base of different lines and two edits of it, some the same: every shortest diff finds the same hunks."""
    base = [b"line %d\n" % n for n in range(draw(st.integers(1, 12)))]
    sides: list[list[bytes]] = []
    for name in (b"mine", b"theirs"):
        side: list[bytes] = []
        for n, line in enumerate(base):
            kind = draw(st.sampled_from(["same", "same", "same", "drop", "change", "insert"]))
            new = b"%b %d\n" % (draw(st.sampled_from([name, b"both"])), n)
            side += {"same": [line], "drop": [], "change": [new], "insert": [new, line]}[kind]
        sides.append(side + draw(st.sampled_from([[], [], [name + b"\n"], [b"both\n"]])))
    three = [b"".join(lines) for lines in (base, *sides)]
    if draw(st.booleans()):
        return [data.replace(b"\n", b"\r\n") for data in three]
    return [data.removesuffix(b"\n") if draw(st.booleans()) else data for data in three]


@settings(max_examples=200)
@given(_three())
@example([b"line 0\r\n", b"", b"theirs 0\r\n"])
def test_as_git_merges(three: list[bytes]) -> None:
    """Byte for byte and conflict for conflict what ``git merge-file --zdiff3`` says."""
    need(shutil.which("git"), "git is missing")
    with tempfile.TemporaryDirectory() as directory:
        for name, data in zip(("base", "mine", "theirs"), three, strict=True):
            Path(directory, name).write_bytes(data)
        labels = ["-L", "mine", "-L", "base", "-L", "theirs"]
        command = ["git", "merge-file", "-p", "-q", "--zdiff3", *labels, "mine", "base", "theirs"]
        git = subprocess.run(command, cwd=directory, check=False, capture_output=True)
    assert _marked(*three) == (git.stdout, git.returncode)


def test_separate_changes_are_both_there() -> None:
    """With a line between them they do not touch."""
    assert _marked(_BASE, b"one\n2\n3\n4\n5\n6\n", b"1\n2\nthree\n4\n6\n7\n") == (b"one\n2\nthree\n4\n6\n7\n", 0)


def test_the_same_change_is_one() -> None:
    """It is there once, beside others."""
    assert _marked(_BASE, b"0\n" + _BASE, b"0\n" + _BASE + b"7\n") == (b"0\n" + _BASE + b"7\n", 0)


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_a_conflict_is_marked(newline: bytes) -> None:
    """With the file's line ends; what both sides begin and end with stands outside, once."""
    base, mine, theirs, marked = (
        text.replace(b"\n", newline)
        for text in (
            b"a\nb\nc\n",
            b"a\nx\nmine\ny\nc\n",
            b"a\nx\ntheirs\ny\nc\n",
            b"a\nx\n<<<<<<< mine\nmine\n||||||| base\nb\n=======\ntheirs\n>>>>>>> theirs\ny\nc\n",
        )
    )
    assert _marked(base, mine, theirs) == (marked, 1)


def test_a_marker_begins_a_line() -> None:
    """Also behind a last line without its end."""
    marked = b"<<<<<<< mine\nmine\n||||||| base\nbase\n=======\ntheirs\n>>>>>>> theirs\n"
    assert _marked(b"base", b"mine", b"theirs") == (marked, 1)


def test_a_label_is_one_line() -> None:
    """Whatever it was made from."""
    data, _ = LineMerge(b"b", b"m", b"t").marked(Labels(mine="a\n=======\nb"))
    assert data.startswith(b"<<<<<<< a ======= b\nm\n|||||||")


def test_what_is_said_to_belong_together_is_one_conflict() -> None:
    """Changes that do not touch, between given lines of the base."""
    mine, theirs = b"0\n" + _BASE, _BASE + b"7\n"
    data, conflicts = LineMerge(_BASE, mine, theirs).marked(Labels(), [Lines(0, 6)])
    assert conflicts == 1
    assert data.startswith(b"<<<<<<< mine\n0\n1\n")
    assert data.endswith(b"6\n7\n>>>>>>> theirs\n")


def test_lines_are_found_in_the_base() -> None:
    """A stretch of a side, unchanged or not, is mapped to the lines that it comes from."""
    merge = LineMerge(_BASE, b"0\n1\n2\nx\ny\n5\n6\n", _BASE.replace(b"2\n3\n", b""))
    assert merge.before_mine(Lines(1, 2)) == (0, 1)
    assert merge.before_mine(Lines(4, 5)) == (2, 4)
    assert merge.before_mine(Lines(0, 1)) == (0, 0)
    assert merge.before_theirs(Lines(0, 2)) == (0, 4)
    assert merge.before_theirs(Lines(2, 4)) == (4, 6)
