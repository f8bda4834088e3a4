"""Disks that fill up to the last block, or while a save is under way: no content is ever lost."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from confkeep.documents.check import Validate
from confkeep.errors import IoError, OutOfSpace
from confkeep.keeper import Keeper
from tests.crash.conftest import Note
from tests.support.mounting import Mounts
from tests.support.room import ROOMS, Room, make_room
from tests.support.saving import ROUTES, Bench, bench, open_intents, recorded, save

pytestmark = [pytest.mark.slow]

SEED = 20260103
LEFT = (0, 4 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20)
SIZES = (100, 64 << 10, 1 << 20)

FILLER = """
import os, random, sys
path, chance = sys.argv[1], random.Random(int(sys.argv[2]))
fd, end = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 0
print("filling", flush=True)
while True:
    try:
        end += os.pwrite(fd, chance.randbytes(1 << 15), end)
        if chance.random() < 0.02:
            os.fsync(fd)
    except OSError:
        end = max(0, end - chance.randrange(1 << 21))
        os.ftruncate(fd, end)
"""


class File:
    """One file that is saved again and again, and what it must hold."""

    def __init__(self, room: Room, state: Path, route: str, chance: random.Random) -> None:
        self.room = room
        self.one: Bench = bench(room.at / "config", state, route)
        self.names = self.one.names()
        self.holds = self.one.path.read_bytes()
        self.chance = chance
        self.ends: Counter[str] = Counter()

    def save(self, keeper: Keeper, size: int) -> bool:
        """Save so many bytes that cannot be compressed. False: it must be repaired when there is room."""
        new = self.chance.randbytes(size)
        repaired = True
        try:
            save(keeper, self.one, new, validate=Validate.OFF)
        except OutOfSpace:
            self.ends["refused"] += 1
        except IoError:
            self.ends["left to recovery"] += 1
            repaired = False
            assert {self.holds, new} <= {content for _, content in recorded(keeper, self.one)}
            self.holds = new
        else:
            self.ends["saved"] += 1
            self.holds = new
        if repaired:
            assert open_intents(keeper) == 0
            assert self.one.path.read_bytes() == self.holds
        else:
            assert open_intents(keeper) == 1
        assert self.one.names() == self.names
        return repaired

    def recover(self, keeper: Keeper, old: bytes) -> None:
        """There is room again: the file is whole."""
        assert all(recovered.settled for recovered in keeper.recover())
        present = self.one.path.read_bytes()
        assert present in {old, self.holds}
        assert open_intents(keeper) == 0
        self.holds = present


@pytest.fixture
def room(name: str, public: Path, tmp_path: Path, mounts: Mounts) -> Room:
    """A small filesystem."""
    return make_room(name, public / name, tmp_path, mounts)


@pytest.mark.parametrize("name", ROOMS)
@pytest.mark.parametrize("route", ROUTES)
def test_up_to_the_last_block(room: Room, state: Path, route: str, note: Note) -> None:
    """Whatever is left, whatever the sizes: each save is refused with the old bytes in place, or done."""
    file = File(room, state, route, random.Random(SEED))
    with file.one.keeper() as keeper:
        for left in LEFT:
            for size in SIZES:
                for next_size in SIZES:
                    save(keeper, file.one, file.chance.randbytes(size), validate=Validate.OFF)
                    file.holds = old = file.one.path.read_bytes()
                    room.fill(left)
                    repaired = file.save(keeper, next_size)
                    room.give()
                    if not repaired:
                        file.recover(keeper, old)
    room.again()
    assert file.one.path.read_bytes() == file.holds
    note(f"{dict(file.ends)}")
    assert file.ends["left to recovery"] == 0
    assert file.ends["refused"] > 0
    assert file.ends["saved"] > 0


@contextmanager
def filling(room: Room, seed: int) -> Generator[subprocess.Popen[bytes]]:
    """Another program writes until nothing more fits, gives some back, and begins again."""
    command = [sys.executable, "-c", FILLER, str(room.at / "ballast"), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as filler:
        assert filler.stdout is not None
        assert filler.stdout.readline() == b"filling\n"
        try:
            yield filler
        finally:
            filler.kill()


@pytest.mark.parametrize("name", ROOMS)
@pytest.mark.parametrize("route", ROUTES)
def test_beside_a_program_that_fills_the_disk(room: Room, state: Path, route: str, note: Note) -> None:
    """The room goes between the look and the write, and comes back: no bytes are lost, ever."""
    chance = random.Random(SEED)
    file = File(room, state, route, chance)
    room.fill(6 << 20)
    (room.at / "ballast").unlink()
    with file.one.keeper() as keeper, filling(room, SEED) as filler:
        for _ in range(80):
            old = file.holds
            if not file.save(keeper, int(2 ** chance.uniform(6, 20))):
                filler.send_signal(signal.SIGSTOP)
                os.truncate(room.at / "ballast", 0)
                room.settle()
                file.recover(keeper, old)
                filler.send_signal(signal.SIGCONT)
    room.again()
    assert file.one.path.read_bytes() == file.holds
    note(f"{dict(file.ends)}")
    assert file.ends["saved"] > 0
    # Copy-on-write: who takes the room in the very moment in which the old bytes go back can hold them off
    assert room.name in {"btrfs", "overlay-btrfs"} or file.ends["left to recovery"] == 0
