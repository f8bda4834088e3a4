from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from confkeep.documents.compare import unified
from tests.support.needs import need

_PATCH = ["patch", "--strip=1", "--binary", "--force", "--silent"]
_GIT = ["git", "apply", "--unidiff-zero", "--whitespace=nowarn"]
_LINES = st.sampled_from(
    [
        b"a",
        b"b",
        b"c",
        b"",
        b"-",
        b"+",
        b" x",
        b"--- a/f",
        b"+++ b/f",
        b"@@ -1 +1 @@",
        b"\\ No",
        b"\xe4\xff",
        b"\r",
        b"\x0b",
    ]
)
_ENDS = st.sampled_from([b"\n", b"\n", b"\r\n"])


@st.composite
def _files(draw: st.DrawFn) -> bytes:
    """Lines that a careless diff would take for its own, or for the end of a line."""
    lines = draw(st.lists(st.tuples(_LINES, _ENDS), max_size=12))
    data = b"".join(line + end for line, end in lines)
    return data.removesuffix(b"\n") if draw(st.booleans()) else data


def _applied(program: list[str], old: bytes, patch: bytes, name: str) -> bytes:
    """What ``program`` makes of a file that holds ``old``; a file that it removed is empty."""
    need(shutil.which(program[0]), f"{program[0]} is missing")
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, name)
        file.write_bytes(old)
        subprocess.run(program, cwd=directory, input=patch, check=True, capture_output=True)
        return file.read_bytes() if file.exists() else b""


@pytest.mark.parametrize("program", [_PATCH, _GIT], ids=["patch", "git"])
@settings(max_examples=60)
@given(old=_files(), new=_files(), context=st.sampled_from([0, 1, 3]))
def test_the_diff_applies(program: list[str], old: bytes, new: bytes, context: int) -> None:
    """``patch`` and ``git apply`` make the new bytes of the old ones, whatever they are."""
    # git misplaces GNU diff's own hunks without context too: "a\na" to "a\n" becomes "a" (2.39).
    assume(context or program is not _GIT)
    patch = unified(old, new, "a/f", "b/f", context=context)
    assert bool(patch) == (old != new)
    if patch:
        assert _applied(program, old, patch, "f") == new


@pytest.mark.parametrize("program", [_PATCH, _GIT], ids=["patch", "git"])
@pytest.mark.parametrize("name", ["two words", 'a"quote', "a\\backslash", "a\ttab", "a\nline", "ä"])
def test_odd_names_are_understood(program: list[str], name: str) -> None:
    """A name with blanks, quotes or control characters is the name of the file that is patched."""
    patch = unified(b"old\n", b"new\n", f"a/{name}", f"b/{name}")
    assert _applied(program, b"old\n", patch, name) == b"new\n"


def test_a_name_forges_no_line() -> None:
    """Two lines of header, whatever the names are."""
    patch = unified(b"", b"x\n", "a\n+++ b/other", "b\n@@ -1 +1 @@")
    assert patch == b'--- "a\\012+++ b/other"\n+++ "b\\012@@ -1 +1 @@"\n@@ -0,0 +1 @@\n+x\n'


def test_the_format() -> None:
    """Ranges, context and the missing newline stand as POSIX and GNU have them."""
    old = b"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12"
    new = b"1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n11\n12\n"
    assert unified(old, new, "old", "new", context=2) == (
        b"--- old\n+++ new\n"
        b"@@ -3,5 +3,5 @@\n 3\n 4\n-5\n+five\n 6\n 7\n"
        b"@@ -10,3 +10,3 @@\n 10\n 11\n-12\n\\ No newline at end of file\n+12\n"
    )


def test_equal_bytes_have_no_diff() -> None:
    """Nothing at all, not even a header."""
    assert unified(b"a\n", b"a\n", "a", "b") == b""
