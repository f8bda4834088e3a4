"""Power cuts on real filesystems: every file is whole, and every answered save is there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from tests.power import mutants
from tests.power.recording import record
from tests.power.replay import POINTS, figures_of, replay
from tests.power.scenario import several_files, single_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.power.world import World

pytestmark = [pytest.mark.crash, pytest.mark.slow]

FILESYSTEMS = ("ext4", "xfs", "btrfs")
FEWER = 60
_RECORDINGS = 6


@pytest.mark.parametrize("name", FILESYSTEMS)
def test_files_and_state_on_one_disk(disks: Path, name: str) -> None:
    """After each of 150 power cuts, and 150 that lose writes, recovery leaves whole files; so does a second one."""
    figures = figures_of([name], single_files(), disks)
    logging.getLogger(__name__).info("%s: %s", name, figures)
    assert figures.violations == []
    assert figures.points >= POINTS
    assert figures.lossy >= POINTS


@pytest.mark.parametrize("name", FILESYSTEMS)
def test_state_on_a_disk_of_its_own(disks: Path, name: str) -> None:
    """The same where only the files' disk loses writes, or both disks do."""
    figures = figures_of([name, "ext4"], single_files(), disks, FEWER)
    logging.getLogger(__name__).info("%s, state on ext4: %s", name, figures)
    assert figures.violations == []
    assert figures.points >= FEWER


@pytest.mark.parametrize("name", FILESYSTEMS)
def test_several_files_together(disks: Path, name: str) -> None:
    """Files that are saved or removed in one transaction are all old or all new after a power cut."""
    figures = figures_of([name], several_files(), disks)
    logging.getLogger(__name__).info("%s, several files: %s", name, figures)
    assert figures.violations == []
    assert figures.points >= POINTS


@pytest.mark.parametrize("mutant", mutants.SAVING, ids=lambda mutant: mutant.__name__)
def test_a_broken_save_is_found_out(
    on: Callable[..., World], monkeypatch: pytest.MonkeyPatch, mutant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """A power cut shows what a save has left out."""
    world = on("ext4")

    def is_found_out() -> bool:
        with monkeypatch.context() as patch:
            mutant(patch)
            recording = record(world, single_files())
        return bool(replay(world, recording, enough=1).violations)

    assert any(is_found_out() for _ in range(_RECORDINGS))


@pytest.mark.parametrize("mutant", mutants.RECOVERING, ids=lambda mutant: mutant.__name__)
def test_a_broken_recovery_is_found_out(
    on: Callable[..., World], monkeypatch: pytest.MonkeyPatch, mutant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """What it leaves, at once or after a second power cut, shows what a recovery has left out.

    Where the kernel happens to write at the right time nothing is left: so it may be recorded anew a few times.
    """
    world = on("ext4")

    def is_found_out() -> bool:
        recording = record(world, several_files())
        with monkeypatch.context() as patch:
            mutant(patch)
            return bool(replay(world, recording, enough=1).violations)

    assert any(is_found_out() for _ in range(_RECORDINGS))
