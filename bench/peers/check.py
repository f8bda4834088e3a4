"""The comparison is true to its labels: what each writer flushes, and what the trials find.

Not among the tests yet: its peers are not among what these install. ``pytest -c pyproject.toml bench/peers/check.py``.
"""

# ruff: noqa: ARG001 - a fixture is often asked for its effect

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.contents import contents
from bench.peers.comparison import budgets
from bench.peers.keeps import Files, tried
from bench.peers.lane import Failed, running
from bench.peers.places import Folder, folders
from bench.peers.programs import PROGRAMS, Missing
from bench.peers.saved import is_durable
from bench.peers.table import Row, Table
from bench.peers.trace import traced
from bench.peers.worker import content
from bench.peers.writers import FLOOR, KEEPER, KEEPER_BOUND, SAVE, SAVE_BOUND, TWIN
from tests.support.needs import missing

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_PLAIN = "open().write"


@pytest.fixture
def folder(disk: Path, mounts: object) -> Generator[Folder]:
    """One to save in; ``mounts``, because one of its files is mounted."""
    with folders(disk, 1, list(PROGRAMS)) as (made,):
        yield made


@pytest.fixture
def files(disk: Path, mounts: object) -> Generator[Files]:
    """What trials are made with."""
    with folders(disk, 1, [SAVE_BOUND]) as (made,):
        yield Files(made.directory / "a.conf", made.path(SAVE_BOUND))


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != TWIN])
def test_each_writer_flushes_what_its_label_says(name: str, folder: Folder, state: Path, strace: str) -> None:
    """Seen by strace, in the order around the rename."""
    try:
        seen = traced(name, folder.path(name), state)
    except Missing as error:
        missing(f"{name}: {error}")
    assert seen is not None
    assert seen.is_as_said(PROGRAMS[name].flushes), seen


def test_a_wrong_label_would_be_seen(folder: Folder, state: Path, strace: str) -> None:
    """A flush too many, one too few, and one on the other side of the rename."""
    seen = traced(FLOOR, folder.path(FLOOR), state)
    assert seen is not None
    for wrong in ((), ("file", "rename"), ("rename", "directory"), ("directory", "rename", "file"), ("file",)):
        assert not seen.is_as_said(wrong), wrong


@pytest.mark.parametrize(
    ("flushes", "durable"),
    [
        ((), False),
        (("file",), False),
        (("rename",), False),
        (("file", "rename"), False),
        (("rename", "directory"), False),
        (("file", "rename", "directory"), True),
        (("file", "journal", "rename", "directory"), True),
        (("journal", "file"), True),
    ],
)
def test_equal_durability_is_told_by_the_flushes(flushes: tuple[str, ...], *, durable: bool) -> None:
    """New bytes before the name, the name afterwards; in place, a journal first."""
    assert is_durable(flushes) is durable


def test_trials_of_a_plain_write(files: Files, state: Path) -> None:
    """It keeps what belongs to the inode, and nothing else."""
    with running(_PLAIN, state) as lane:
        kept = tried(lane, files)
    assert {name for name, answer in kept.items() if answer is True} == {
        "mode",
        "owner",
        "attributes",
        "symbolic link",
        "hard links",
        "mounted file",
    }


def test_trials_of_a_rename(files: Files, state: Path) -> None:
    """It keeps nothing, and cannot save a mounted file."""
    with running(FLOOR, state) as lane:
        kept = tried(lane, files)
    assert kept.pop("mounted file") == "fails: EBUSY"
    assert not any(kept.values()), kept


def test_trials_of_ours(files: Files, state: Path) -> None:
    """All is kept; what was there before, with a keeper only."""
    with running(KEEPER, state) as lane:
        assert all(answer is True for answer in tried(lane, files).values())
    with running(SAVE, state) as lane:
        assert tried(lane, files)["history"] is False


def test_writers_save_what_readers_look_for() -> None:
    """A reader (bench/reader.py) takes anything else for torn."""
    assert [content(len(data), number) for number, data in enumerate(contents())] == contents()


@pytest.mark.parametrize("name", [FLOOR, "floor: C", "npm write-file-atomic", SAVE])
def test_a_save_that_fails_is_told(name: str, folder: Folder, state: Path) -> None:
    """And the process goes on."""
    try:
        with running(name, state) as lane:
            with pytest.raises(Failed):
                lane.save(folder.directory / "no" / "such", 16, 1)
            cost = lane.save(folder.path(name), 32, 7)
    except Missing as error:
        missing(f"{name}: {error}")
    assert folder.path(name).read_bytes() == content(32, 7)
    assert cost.wall > 0
    assert cost.processor > 0


def test_a_writer_not_installed_is_missing(state: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The table names it, with the remedy; ours is not taken for the original."""
    monkeypatch.setenv("CONFKEEP_PEERS", str(tmp_path))
    with pytest.raises(Missing, match=r"not installed: .*make bench"), running("atomicwrites", state):
        pass


def test_budgets_are_read_off_the_tables() -> None:
    """Each with the twin beside it; a torn read of ours is one too many, of others is not."""
    head = ("/ floor", "CPU / floor, in a row")
    rows = (Row(TWIN, (1.01, 0.99)), Row(SAVE, (1.04, 1.5)), Row(KEEPER_BOUND, (0.8, 3.0)))
    folder = Table("folders-1000", "", "", ("/ floor",), (Row(TWIN, (1.02,)), Row("confkeep.folder", (1.2,))))
    read = Table("torn", "", "", ("torn or empty",), (Row(FLOOR, (7,)), Row(SAVE, (0,)), Row(KEEPER, (1,))))
    found = budgets([Table("saves-16", "", "", head, rows), folder, read])
    assert [(one.measured, one.twin, one.kept) for one in found] == [
        (1.04, 1.01, True),
        (1.5, 0.99, False),
        (0.8, 1.01, True),
        (1.2, 1.02, True),
        (1, None, False),
    ]
