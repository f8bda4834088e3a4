"""Home Assistant's own util/file.py, as released, over the drop-in: it saves bind-mounted files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.dropin.writing import PEERS, SERVICE, mode_of
from tests.support.needs import need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.mounting import Mounts

    Save = Callable[..., dict[str, Any]]

#: What Home Assistant does; and, when that fails, what its callers see.
SAVE = """
import json, logging, sys
logging.disable()
import atomicwrites
from homeassistant.util.file import WriteError, write_utf8_file_atomic
answer = {"module": atomicwrites.__file__}
path, data, private, mode = json.loads(sys.argv[1])
try:
    write_utf8_file_atomic(path, data.encode() if "b" in mode else data, private, mode)
except WriteError as error:
    answer |= {"errno": error.__cause__.errno, "says": str(error)}
print(json.dumps(answer))
"""


def saver(over: Path, homeassistant: Path) -> Save:
    """Save in a process of its own, with the module atomicwrites that is in ``over``."""

    def save(path: Path, data: str, *, private: bool = False, mode: str = "w") -> dict[str, Any]:
        command = [sys.executable, "-S", "-c", SAVE, json.dumps([os.fspath(path), data, private, mode])]
        environment = os.environ | {"PYTHONPATH": f"{over}:{homeassistant}"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        answer: dict[str, Any] = json.loads(done.stdout)
        assert answer.pop("module").startswith(f"{over}/"), answer
        return answer

    return save


@pytest.fixture
def save(homeassistant: Path) -> Save:
    """Over the drop-in: one directory in PYTHONPATH, and no site-packages."""
    return saver(SERVICE, homeassistant)


@pytest.fixture
def save_over_the_original(homeassistant: Path) -> Save:
    """Over atomicwrites 1.4.1."""
    need((PEERS / "atomicwrites").is_dir(), f"no {PEERS}: make {sys.prefix}/peers.stamp")
    return saver(PEERS, homeassistant)


@pytest.fixture
def bound(disk: Path, mounts: Mounts) -> tuple[Path, Path]:
    """A file of the host, 0640, and where it is mounted."""
    source = disk / "host" / "core.config"
    source.parent.mkdir()
    source.write_text("old")
    source.chmod(0o640)
    return source, mounts.bind(source, disk / "config" / "core.config")


@pytest.mark.parametrize(("private", "mode_after"), [(True, 0o640), (False, 0o644)])
@pytest.mark.parametrize("mode", ["w", "wb"])
def test_a_file_that_is_mounted(
    save: Save, bound: tuple[Path, Path], mode: str, *, private: bool, mode_after: int
) -> None:
    """Private leaves the mode as it is, otherwise it is 0644 as Home Assistant wants it; the bytes reach the host."""
    source, inside = bound
    inode = source.stat().st_ino
    assert save(inside, "ä: neu\n", private=private, mode=mode) == {}
    assert source.read_text("utf-8") == "ä: neu\n"
    assert (mode_of(source), source.stat().st_ino) == (mode_after, inode)
    assert os.listdir(inside.parent) == ["core.config"]


def test_the_original_on_a_file_that_is_mounted(save_over_the_original: Save, bound: tuple[Path, Path]) -> None:
    """EBUSY: this is what the drop-in is for."""
    source, inside = bound
    answer = save_over_the_original(inside, "new")
    assert (answer["errno"], "Device or resource busy" in answer["says"]) == (16, True)
    assert (source.read_text(), mode_of(source)) == ("old", 0o640)


@pytest.mark.parametrize(("private", "mode_after"), [(True, 0o600), (False, 0o644)])
def test_a_new_file(save: Save, save_over_the_original: Save, disk: Path, *, private: bool, mode_after: int) -> None:
    """In .storage, which is an ordinary directory: as of the original."""
    for name, one in (("ours", save), ("theirs", save_over_the_original)):
        assert one(disk / name, "new", private=private) == {}
        assert ((disk / name).read_text(), mode_of(disk / name)) == ("new", mode_after)


def test_a_file_that_is_there(save: Save, disk: Path) -> None:
    """It is replaced, and not written in place."""
    path = disk / "core.config"
    path.write_text("old")
    path.chmod(0o600)
    with path.open() as before:
        assert save(path, "new", private=True) == {}
        assert before.read() == "old"
    assert (path.read_text(), mode_of(path)) == ("new", 0o600)


def test_a_file_that_is_mounted_read_only(save: Save, disk: Path, mounts: Mounts) -> None:
    """WriteError, as Home Assistant names it, with the reason and the remedy in it; the file stays as it is."""
    (disk / "source").write_text("old")
    inside = mounts.bind(disk / "source", disk / "core.config", read_only=True)
    for private in (True, False):
        answer = save(inside, "new", private=private)
        assert answer["errno"] == 30
        for words in (str(inside), "read-only mount", "drop ':ro'"):
            assert words in answer["says"]
    assert inside.read_text() == "old"
