"""confkeep.layout.holders: who else has mounted a file, with real mounts in namespaces of other processes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from confkeep.files.elsewhere import NOT_BOUND, UNKNOWN
from confkeep.layout.holders import Holders
from tests.layout.others import Other, apart, asked, shell

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.support.mounting import Mounts

pytestmark = pytest.mark.root


@pytest.fixture
def holders() -> Generator[Holders]:
    """Nothing looked at yet."""
    made = Holders()
    yield made
    made.close()


@pytest.fixture
def other(mounts: Mounts) -> Generator[Other]:
    """A process that has mounts of its own, so that others can be seen."""
    with shell(*apart()) as made:
        yield made


@pytest.fixture
def file(disk: Path) -> Path:
    """A file in a directory of its own."""
    (disk / "conf").mkdir()
    (disk / "conf" / "a.yaml").write_bytes(b"a: 1\n")
    return disk / "conf" / "a.yaml"


def test_nobody(holders: Holders, other: Other, file: Path) -> None:
    """A file that nobody has mounted; nor is its neighbour's mount its own."""
    (file.parent / "b.yaml").write_bytes(b"b: 1\n")
    other.bind(file.parent / "b.yaml", file.parent.parent / "elsewhere")
    assert asked(holders, file) == NOT_BOUND


@pytest.mark.parametrize("options", [(), ("ro",)])
def test_mounted_singly(holders: Holders, other: Other, file: Path, options: tuple[str, ...]) -> None:
    """Said with who and where; a reader's mount counts as well, which would keep the old file too."""
    at = other.bind(file, file.parent.parent / "elsewhere", *options)
    assert asked(holders, file) == ("yes", f"pid {other.pid} at {at}")


def test_directory_above(holders: Holders, other: Other, file: Path) -> None:
    """Whoever has the directory mounted sees what is renamed into it."""
    other.bind(file.parent, file.parent.parent / "elsewhere")
    assert asked(holders, file) == NOT_BOUND


def test_mounted_later(holders: Holders, other: Other, file: Path) -> None:
    """A mount in a namespace that has been looked at is known at the next question, and so is its end."""
    assert asked(holders, file) == NOT_BOUND
    at = other.bind(file, file.parent.parent / "elsewhere")
    assert asked(holders, file).state == "yes"
    other.do("umount", at)
    assert asked(holders, file) == NOT_BOUND


def test_new_namespace_and_its_end(holders: Holders, other: Other, file: Path) -> None:
    """A process that comes with mounts of its own, and goes with them."""
    assert asked(holders, file) == NOT_BOUND
    with shell(*apart()) as new:
        new.bind(file, file.parent.parent / "elsewhere")
        assert asked(holders, file).state == "yes"
    assert asked(holders, file) == NOT_BOUND


def test_process_that_leaves_our_namespace(holders: Holders, other: Other, file: Path) -> None:
    """As a container's first process does, which an engine starts beside us: seen before and after."""
    with shell() as inside:
        assert asked(holders, file) == NOT_BOUND
        inside.become(*apart())
        inside.bind(file, file.parent.parent / "elsewhere")
        assert asked(holders, file).state == "yes"


def test_stale(holders: Holders, other: Other, file: Path) -> None:
    """A mount whose file has been replaced does not hold the new one, whether that was before the look or after."""
    other.bind(file, file.parent.parent / "elsewhere")
    assert asked(holders, file).state == "yes"
    (file.parent / "new").write_bytes(b"a: 2\n")
    (file.parent / "new").rename(file)
    assert asked(holders, file) == NOT_BOUND
    holders.look_around()
    assert asked(holders, file) == NOT_BOUND


def test_renamed_source(holders: Holders, other: Other, file: Path) -> None:
    """The mount goes with the file to its other name: the watching tells of that, the kernel does not."""
    other.bind(file, file.parent.parent / "elsewhere")
    assert asked(holders, file).state == "yes"
    moved = file.rename(file.parent / "b.yaml")
    file.write_bytes(b"a: 2\n")
    assert asked(holders, file) == NOT_BOUND
    assert holders.may_be_stale(str(file))
    holders.look_around()
    assert asked(holders, moved).state == "yes"
    assert asked(holders, file) == NOT_BOUND


def test_our_own_mount(holders: Holders, other: Other, mounts: Mounts, file: Path) -> None:
    """The same file at another path of ours, whichever of the two is saved."""
    at = mounts.bind(file, file.parent.parent / "elsewhere")
    assert asked(holders, file) == ("yes", f"a mount at {at}")
    assert asked(holders, at) == NOT_BOUND  # a mount point is written in place anyway
    mounts.unmount(at)
    assert asked(holders, file) == NOT_BOUND


def test_two_of_them(holders: Holders, other: Other, mounts: Mounts, file: Path) -> None:
    """All are named."""
    here, there = mounts.bind(file, file.parent.parent / "here"), other.bind(file, file.parent.parent / "there")
    assert asked(holders, file) == ("yes", f"a mount at {here}, pid {other.pid} at {there}")


def look_around(holders: Holders) -> None:
    """Look, and take notice of the look itself, which wakes whoever waits; others of this machine may mount as well."""
    holders.look_around()
    while holders.wait():
        holders.look_around()


def test_whoever_waits_is_told(holders: Holders, other: Other, file: Path) -> None:
    """A mount in a namespace that was looked at ends the wait."""
    look_around(holders)
    other.bind(file, file.parent.parent / "elsewhere")
    assert holders.wait()


def test_end_of_a_process_is_told(holders: Holders, other: Other, file: Path) -> None:
    """Also while nobody asks: its mounts would live on with our descriptor of them."""
    with shell(*apart()) as ending:
        look_around(holders)
        told: list[bool] = []
        waiting = threading.Thread(target=lambda: told.append(holders.wait()))
        waiting.start()
        ending.end()
        waiting.join()
    assert told == [True]


def test_a_save_that_saw_it_first(holders: Holders, other: Other, file: Path) -> None:
    """What a question has taken notice of ends the wait as well."""
    look_around(holders)
    other.bind(file, file.parent.parent / "elsewhere")
    assert asked(holders, file).state == "yes"
    assert holders.wait()


def test_closed(holders: Holders, other: Other, file: Path) -> None:
    """Who asks afterwards is told that nobody knows."""
    assert asked(holders, file) == NOT_BOUND
    holders.close()
    assert asked(holders, file) == UNKNOWN


def test_may_be_stale(holders: Holders, other: Other, file: Path) -> None:
    """A file that somebody has mounted and that nobody could stat there; no other, and none before the first look."""
    at = other.bind(file, file.parent.parent / "elsewhere")
    assert not holders.may_be_stale(str(file))
    holders.look_around()
    assert holders.may_be_stale(str(file))
    assert not holders.may_be_stale(str(file.parent / "none.yaml"))
    other.do("umount", at)
    other.bind(file.parent, file.parent.parent / "directory")
    holders.look_around()
    assert not holders.may_be_stale(str(file))
