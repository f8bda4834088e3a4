"""confkeep.layout.freshness: what is news, and what is not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.layout.freshness import Freshness
from tests.layout.others import apart, shell

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.support.mounting import Mounts


class Proc:
    """A /proc of ours: poll(2) tells nothing of its files, so that only numbers and namespaces count."""

    def __init__(self, base: Path, last: int) -> None:
        self.base = base
        self.last(last)
        self.process("self", "mnt:[1]")

    def last(self, number: int) -> None:
        """The number that the last process got."""
        (self.base / "loadavg").write_text(f"0.00 0.01 0.05 1/99 {number}\n")

    def process(self, name: str, space: str) -> None:
        """A process in a namespace; one that is there enters it."""
        (self.base / name / "ns").mkdir(parents=True, exist_ok=True)
        (self.base / name / "mountinfo").touch()
        link = self.base / name / "ns" / "mnt"
        link.unlink(missing_ok=True)
        link.symlink_to(space)


FAR = 1 << 22
"""More than any number of a process: all are old."""
HERE = str(os.getpid())


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    """With one process beside us, in our namespace; the number is a real one's, whose end can be waited for."""
    made = Proc(tmp_path, FAR)
    made.process(HERE, "mnt:[1]")
    return made


@pytest.fixture
def fresh(proc: Proc) -> Generator[Freshness]:
    """What was there at first."""
    made = Freshness(str(proc.base))
    yield made
    made.close()


def test_nothing_new(fresh: Freshness) -> None:
    """As often as it is asked."""
    assert [fresh.is_fresh() for _ in range(3)] == [True] * 3


def test_new_process_of_a_known_namespace(fresh: Freshness, proc: Proc) -> None:
    """No news."""
    proc.process("7", "mnt:[1]")
    proc.last(FAR + 1)
    assert fresh.is_fresh()


def test_new_namespace(fresh: Freshness, proc: Proc) -> None:
    """News, for ever."""
    proc.process("7", "mnt:[2]")
    proc.last(FAR + 1)
    assert not fresh.is_fresh()
    assert not fresh.is_fresh()
    assert fresh.fds == {}


def test_new_process_that_goes_on_to_a_namespace(fresh: Freshness, proc: Proc) -> None:
    """It was seen in ours a moment ago, and no process has come since."""
    proc.process("7", "mnt:[1]")
    proc.last(FAR + 1)
    assert fresh.is_fresh()
    proc.process("7", "mnt:[2]")
    assert not fresh.is_fresh()


def test_young_process_that_goes_on_to_a_namespace(proc: Proc) -> None:
    """The same of one that had just been started at the first look."""
    proc.last(int(HERE) + 1)
    fresh = Freshness(str(proc.base))
    assert fresh.is_fresh()
    proc.process(HERE, "mnt:[2]")
    assert not fresh.is_fresh()


def test_numbers_that_begin_anew(fresh: Freshness, proc: Proc) -> None:
    """A number that was known may be another process's now: all are asked again."""
    proc.process(HERE, "mnt:[2]")
    assert fresh.is_fresh()  # an old process does not change: it is not asked
    proc.last(300)
    assert not fresh.is_fresh()


def test_after_a_while(fresh: Freshness, proc: Proc, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers may have been used up between two questions and have come back to the same one."""
    proc.process(HERE, "mnt:[2]")
    assert fresh.is_fresh()
    monkeypatch.setattr("confkeep.layout.freshness._ROUND", 0.0)
    assert not fresh.is_fresh()


def test_process_without_a_namespace(fresh: Freshness, proc: Proc) -> None:
    """One that may not be looked at, or is gone meanwhile, is no news: nobody can say more of it the next time."""
    (proc.base / "7").mkdir()
    proc.last(FAR + 1)
    assert fresh.is_fresh()


@pytest.mark.root
def test_mount_in_our_own_namespace(mounts: Mounts, tmp_path: Path) -> None:
    """And its end."""
    for change in (lambda: mounts.mount(tmp_path / "m", "-t", "tmpfs", "none"), lambda: mounts.unmount(tmp_path / "m")):
        fresh = Freshness()
        assert fresh.is_fresh()
        change()
        assert not fresh.is_fresh()


@pytest.mark.root
def test_nothing_keeps_what_was_mounted(mounts: Mounts, tmp_path: Path) -> None:
    """Once the end of a process was noticed, no descriptor is left that would keep its namespace."""
    source = mounts.mount(tmp_path / "source", "-t", "tmpfs", "none")
    with shell(*apart()) as other:
        fresh = Freshness()
        tables = {os.readlink(f"/proc/self/fd/{fd}") for fd in fresh.fds}
        assert f"/proc/{other.pid}/mountinfo" in tables
        assert other.bind(source, tmp_path / "at").is_dir()
    assert not fresh.is_fresh()
    still = {_leads_to(path) for path in Path("/proc/self/fd").iterdir()}
    assert not still & (tables - {"/proc/self/mountinfo"})


def _leads_to(path: Path) -> str:
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return ""  # the descriptor that lists the others
