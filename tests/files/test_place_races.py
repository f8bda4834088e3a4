"""confkeep.files.place: a directory that is swapped for a symbolic link, all the time, leads nobody out of the root."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from confkeep.errors import OutsideRoot
from confkeep.expect import ANYTHING
from confkeep.files.place import resolve
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
from tests.support.walkers import WALKERS, choose, link

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

#: So many times at least a path is looked at, or saved, while it is swapped; at most until both of its states were met.
ROUNDS, SAVES, LIMIT = 2_000, 150, 200_000
INSIDE, OUTSIDE = b"inside: yes\n", b"outside: yes\n"
#: Exchanges ``sub`` and ``link`` until its input ends, then says how often.
SWAP: Final = """
import os, sys
from confkeep.files.syscalls import rename_exchange
directory = os.open(sys.argv[1], os.O_RDONLY)
os.set_blocking(0, False)
print("swapping", flush=True)
count = 0
while sys.stdin.buffer.raw.read(1) is None:
    rename_exchange(directory, "sub", "link")
    rename_exchange(directory, "link", "sub")
    count += 2
print(count)
"""


@pytest.fixture(autouse=True, params=WALKERS)
def walker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here holds for both."""
    choose(request.param, monkeypatch)


@pytest.fixture(params=["../outside", "absolute"])
def root(request: pytest.FixtureRequest, disk: Path) -> Root:
    """``sub`` in it is a directory, ``link`` leads to a directory outside that looks the same."""
    for name, content in (("root/sub", INSIDE), ("outside", OUTSIDE)):
        (disk / name / "deeper").mkdir(parents=True)
        (disk / name / "a.yaml").write_bytes(content)
        (disk / name / "deeper/a.yaml").write_bytes(content)
    made = Root("config", f"{disk}/root")
    link(made, "link", disk / "outside" if request.param == "absolute" else request.param)
    return made


@contextmanager
def swapping(root: Root) -> Generator[None]:
    """Another process swaps the directory for the link and back, without a pause."""
    with subprocess.Popen(
        [sys.executable, "-c", SWAP, root.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as swapper:
        assert swapper.stdin is not None
        assert swapper.stdout is not None
        assert swapper.stdout.readline() == "swapping\n"
        try:
            yield
        finally:
            swapper.stdin.close()
        assert int(swapper.stdout.read()) > 0


def nothing_outside_changed(disk: Path) -> bool:
    """The directory outside holds what it held."""
    outside = disk / "outside"
    names = sorted(os.path.relpath(path, outside) for path in outside.rglob("*"))
    files = (outside / "a.yaml", outside / "deeper/a.yaml")
    return names == ["a.yaml", "deeper", "deeper/a.yaml"] and all(file.read_bytes() == OUTSIDE for file in files)


def until_both(attempt: Callable[[], None], rounds: int = ROUNDS) -> set[str]:
    """What became of many attempts: ``found`` and ``refused``."""
    seen: set[str] = set()
    for number in range(LIMIT):
        try:
            attempt()
            seen.add("found")
        except OutsideRoot:
            seen.add("refused")
        if number >= rounds and len(seen) == 2:
            break
    return seen


@pytest.mark.parametrize("relative", ["sub/a.yaml", "sub/deeper/a.yaml", "sub/deeper/../a.yaml", "link/../sub/a.yaml"])
def test_nothing_outside_is_read(root: Root, relative: str) -> None:
    """Whichever it is at the moment, what is found is the directory inside, or nothing."""

    def read() -> None:
        with resolve(root, relative) as place:
            fd = os.open(place.name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=place.parent)
            with os.fdopen(fd, "rb") as file:
                assert file.read() == INSIDE

    with swapping(root):
        assert until_both(read) == {"found", "refused"}


def test_nothing_outside_is_made(root: Root, disk: Path) -> None:
    """A new file is made where the path was found to lead, also when it leads elsewhere by then."""

    def write() -> None:
        with resolve(root, "sub/new.yaml") as place:
            os.close(os.open(place.name, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, dir_fd=place.parent))

    with swapping(root):
        assert until_both(write) == {"found", "refused"}
    assert (disk / "root/sub/new.yaml").exists()
    assert nothing_outside_changed(disk)


def test_a_save_loses_the_race_or_stays_inside(root: Root, disk: Path) -> None:
    """Whole saves beside the swapping: each ends inside, or is refused; the file outside is never touched."""
    saved = [INSIDE]

    def save() -> None:
        data = f"number: {len(saved)}\n".encode()
        keeper.save(root, "sub/a.yaml", Request(data, ANYTHING))
        saved.append(data)

    with Keeper(disk / "state") as keeper, swapping(root):
        assert until_both(save, SAVES) == {"found", "refused"}
    assert (disk / "root/sub/a.yaml").read_bytes() == saved[-1]
    assert nothing_outside_changed(disk)


def test_a_place_cannot_be_swapped(root: Root) -> None:
    """Once resolved, a directory that is renamed away and replaced by a link out of the root changes nothing."""
    with resolve(root, "sub/a.yaml") as place:
        os.rename(f"{root.path}/sub", f"{root.path}/moved")
        os.rename(f"{root.path}/link", f"{root.path}/sub")
        fd = place.look()
        assert fd is not None
        assert os.path.samestat(os.fstat(fd), os.stat(f"{root.path}/moved/a.yaml"))
        os.close(fd)
