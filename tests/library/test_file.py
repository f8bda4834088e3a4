"""confkeep.file: an ordinary file until the ``with`` ends, and then the target, at once and whole."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import confkeep
from tests.library.spots import NEW, OLD, Spot, etag, opened, written
from tests.support.mounting import fill

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import Small


def test_it_is_there_when_the_with_ends(spot: Spot) -> None:
    """And not before; then nothing is left beside it."""
    writing = confkeep.file(spot.path, "wb")
    with writing as file:
        file.write(NEW)
        file.flush()
        assert (spot.data, writing.saved) == (OLD, None)
    assert (spot.data, spot.others()) == (NEW, [])
    assert writing.saved is not None
    assert (writing.saved.etag, writing.saved.size, writing.saved.path) == (etag(NEW), len(NEW), spot.name)
    assert writing.saved.route.name == spot.route


def test_the_inode_stays_where_it_must(spot: Spot) -> None:
    """In place: the other name, or the mount, shows the new bytes."""
    before = spot.path.stat().st_ino
    with confkeep.file(spot.path) as file:
        file.write("new")
    assert (spot.path.stat().st_ino == before) is (spot.route == "overwrite")


@pytest.mark.parametrize(
    ("options", "data", "found"),
    [
        ({}, "é\n", "é\n".encode()),
        ({"encoding": "latin-1"}, "é\n", b"\xe9\n"),
        ({"encoding": "utf-16-le"}, "é", b"\xe9\0"),
        ({"newline": "\r\n"}, "a\nb\n", b"a\r\nb\r\n"),
        ({"newline": ""}, "a\r\nb\n", b"a\r\nb\n"),
        ({"mode": "w+"}, "x", b"x"),
        ({"mode": "wt"}, "x", b"x"),
        ({"mode": "wb"}, b"\xff\0", b"\xff\0"),
        ({"mode": "w+b"}, b"\xff\0", b"\xff\0"),
    ],
)
def test_text_and_bytes(spot: Spot, options: dict[str, Any], data: str | bytes, found: bytes) -> None:
    """UTF-8 unless said otherwise, whatever the locale; newlines as ``open`` has them."""
    written(spot.path, data, **options)
    assert spot.data == found


def test_what_was_written_can_be_read(spot: Spot) -> None:
    """``w+``: a draft begins empty, and is read and cut like any file."""
    with confkeep.file(spot.path, "w+") as file:
        assert file.read() == ""
        file.write("one two")
        file.seek(0)
        assert file.read() == "one two"
        file.truncate(3)
    assert spot.data == b"one"


@pytest.mark.parametrize("mode", ["r", "a", "x", "rb", "r+", "a+b", "", "wx", "wtb", "U"])
def test_other_modes(spot: Spot, mode: Any) -> None:  # noqa: ANN401 - what the types forbid
    """It writes whole files."""
    with pytest.raises(ValueError, match="whole files"):
        confkeep.file(spot.path, mode)
    assert (spot.data, spot.others()) == (OLD, [])


@pytest.mark.parametrize("options", [{"encoding": "no such"}, {"newline": "x"}, {"mode": "wb", "encoding": "utf-8"}])
def test_what_open_does_not_take(spot: Spot, options: dict[str, Any]) -> None:
    """As ``open`` says it; no draft is left."""
    with pytest.raises((LookupError, ValueError)):
        opened(spot.path, **options).__enter__()
    assert (spot.data, spot.others()) == (OLD, [])


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, GeneratorExit, OSError, SystemExit])
def test_an_exception_leaves_everything(spot: Spot, error: type[BaseException]) -> None:
    """It comes out as it is; file and directory are as they were."""
    before, descriptors = spot.path.stat(), os.listdir("/proc/self/fd")
    with pytest.raises(error):
        written(spot.path, "half of", then=error())
    after = spot.path.stat()
    assert (spot.data, spot.others()) == (OLD, [])
    assert (after.st_ino, after.st_mode, after.st_ctime_ns) == (before.st_ino, before.st_mode, before.st_ctime_ns)
    assert os.listdir("/proc/self/fd") == descriptors


def test_an_exception_creates_nothing(disk: Path) -> None:
    """Where nothing was."""
    with pytest.raises(ZeroDivisionError):
        written(disk / "a", "half of", then=ZeroDivisionError())
    assert os.listdir(disk) == []


def test_the_caller_may_close_it(spot: Spot) -> None:
    """What was written until then is published."""
    with confkeep.file(spot.path) as file:
        file.write("whole")
        file.close()
    assert spot.data == b"whole"


def test_nothing_is_a_content_too(spot: Spot) -> None:
    """Who writes nothing saves an empty file, as with ``open``."""
    with confkeep.file(spot.path):
        pass
    assert (spot.data, spot.others()) == (b"", [])


def test_it_may_be_closed_and_opened_again_by_its_name(spot: Spot) -> None:
    """As programs do that hand a name to a library."""
    with confkeep.file(spot.path) as file:
        file.close()
        with open(file.name, "ab") as again:
            again.write(NEW)
    assert spot.data == NEW


def test_detached_and_wrapped(spot: Spot) -> None:
    """The raw file can be taken out of its wrapper."""
    with confkeep.file(spot.path, "wb") as file, io.TextIOWrapper(file, "ascii") as text:
        text.write("wrapped")
    assert spot.data == b"wrapped"


def test_expect(spot: Spot) -> None:
    """An edit while it was written is a conflict, and stays."""
    with confkeep.file(spot.path, "wb", expect=etag(OLD)) as file:
        file.write(NEW)
    assert spot.data == NEW
    edited = confkeep.file(spot.path, expect=etag(NEW))
    edited.__enter__().write("mine")
    spot.path.write_bytes(b"by: hand\n")
    with pytest.raises(confkeep.Conflict) as caught:
        edited.__exit__(None, None, None)
    assert caught.value.members["etag"] == etag(b"by: hand\n")
    assert (spot.data, spot.others()) == (b"by: hand\n", [])


def test_overwrite_false(disk: Path) -> None:
    """Decided when it is published: a file that came meanwhile stays."""
    with confkeep.file(disk / "a", overwrite=False) as file:
        file.write("first")
    with pytest.raises(FileExistsError), confkeep.file(disk / "a", overwrite=False) as file:
        file.write("second")
    with pytest.raises(FileExistsError), confkeep.file(disk / "b", overwrite=False) as file:
        (disk / "b").write_text("by hand")
    assert ((disk / "a").read_text(), (disk / "b").read_text()) == ("first", "by hand")
    assert sorted(os.listdir(disk)) == ["a", "b"]


def test_overwrite_false_over_a_file_in_place(linked: Spot) -> None:
    """Also where it could not be renamed over."""
    with pytest.raises(FileExistsError), confkeep.file(linked.path, overwrite=False):
        pass
    assert linked.data == OLD


def test_a_full_disk(small: Small) -> None:
    """What does not fit at the last flush is named; the old content is there and the draft is gone."""
    directory = small("ext4", 16)
    path = directory / "a"
    path.write_bytes(OLD)
    fill(directory)
    with pytest.raises(confkeep.OutOfSpace, match="the old content is intact"), confkeep.file(path, "wb") as file:
        file.write(bytes(1000))  # less than its buffer
    assert (path.read_bytes(), sorted(os.listdir(directory))) == (OLD, ["a", "ballast", "lost+found"])


def test_a_full_disk_in_the_body(small: Small) -> None:
    """There the caller's own write fails, as with any file."""
    directory = small("ext4", 16)
    path = directory / "a"
    path.write_bytes(OLD)
    fill(directory, 8192)
    with pytest.raises(OSError, match="No space") as caught:
        written(path, bytes(2 << 20), mode="wb")
    assert caught.value.errno == errno.ENOSPC
    assert (path.read_bytes(), sorted(os.listdir(directory))) == (OLD, ["a", "ballast", "lost+found"])


MUCH = """
import sys, confkeep
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
piece = bytes(1 << 20)
confkeep.save(sys.argv[1], b"small")
before = peak()
with confkeep.file(sys.argv[1], "wb") as file:
    for _ in range(50):
        file.write(piece)
print(peak() - before)
"""


def test_much_is_not_held_in_memory(plain: Spot) -> None:
    """50 MB by a rename cost a few pieces at a time."""
    done = subprocess.run([sys.executable, "-c", MUCH, plain.path], capture_output=True, text=True, check=True)
    assert plain.path.stat().st_size == 50 << 20
    assert int(done.stdout) < 20 << 10


def test_one_object_may_be_used_again(spot: Spot) -> None:
    """Each ``with`` is a save of its own."""
    writing = confkeep.file(spot.path)
    for text in ("one", "two"):
        with writing as file:
            file.write(text)
        assert spot.data == text.encode()
    assert spot.others() == []
