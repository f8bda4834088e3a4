"""What reached a disk, in order, and what a power cut at any position of it may leave."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Sector size of the disks: nothing smaller is written, and nothing smaller is torn.
SECTOR: Final = 4096


@dataclass(frozen=True, slots=True)
class Wrote:
    """``data`` was written at byte ``offset`` of the disk number ``disk``: it may be in its cache only."""

    disk: int
    offset: int
    data: bytes

    def sectors(self) -> Iterable[tuple[int, bytes]]:
        """The number of each sector that was written, and its bytes."""
        first = self.offset // SECTOR
        for number in range(len(self.data) // SECTOR):
            yield first + number, self.data[number * SECTOR : (number + 1) * SECTOR]


@dataclass(frozen=True, slots=True)
class Flushed:
    """All that was written to ``disk`` before is durable."""

    disk: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A flush of ``disk`` failed, and what was written to it since the last one is gone for good."""

    disk: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that the world outside the disks saw."""

    text: str


Entry: TypeAlias = Wrote | Flushed | Lost | Mark
#: The sectors of a disk that differ from its base image.
Sectors: TypeAlias = dict[int, bytes]


@dataclass(slots=True)
class Fault:
    """What a disk is told to fail: ``spare`` requests of this kind succeed, then ``count`` of them answer EIO.

    A flush that fails loses what it was to flush; the next one says "ok" all the same.
    """

    kind: Literal["write", "flush"] = "flush"
    spare: int = 0
    count: int = 0

    def hits(self, kind: str) -> bool:
        """Whether this request fails."""
        if kind != self.kind or not self.count:
            return False
        if self.spare:
            self.spare -= 1
            return False
        self.count -= 1
        return True


class Loss(StrEnum):
    """What becomes of the writes that no flush has followed."""

    NOTHING = "nothing"  # all of them arrived: the plain prefix
    WRITES = "writes"  # half of the writes did, each of them whole
    SECTORS = "sectors"  # half of the sectors did: writes are torn
    ALL = "all"  # none of them did


@dataclass(frozen=True, slots=True)
class Cut:
    """A power cut after ``position`` entries of a log. ``disks``: those that lose anything (None: all)."""

    position: int
    loss: Loss = Loss.NOTHING
    seed: int = 0
    disks: frozenset[int] | None = None


def after(cut: Cut, log: Sequence[Entry], bases: Sequence[Sectors]) -> list[Sectors]:
    """The disks as ``cut`` leaves them; ``bases`` is what they were when the log began."""
    durable = [dict(base) for base in bases]
    pending: list[list[Wrote]] = [[] for _ in bases]
    for entry in log[: cut.position]:
        match entry:
            case Wrote():
                pending[entry.disk].append(entry)
            case Flushed():
                _arrive(durable[entry.disk], pending[entry.disk])
                pending[entry.disk].clear()
            case Lost():
                pending[entry.disk].clear()
            case Mark():
                pass
    chance = random.Random(f"{cut.seed}/{cut.position}")
    for disk, writes in enumerate(pending):
        safe = cut.disks is not None and disk not in cut.disks
        _arrive(durable[disk], writes, Loss.NOTHING if safe else cut.loss, chance)
    return durable


def _arrive(
    image: Sectors, writes: Iterable[Wrote], loss: Loss = Loss.NOTHING, chance: random.Random | None = None
) -> None:
    for write in writes:
        if loss is Loss.ALL or (loss is Loss.WRITES and chance and chance.random() < 0.5):
            continue
        for number, data in write.sectors():
            if loss is not Loss.SECTORS or not chance or chance.random() < 0.5:
                image[number] = data


def marks(log: Sequence[Entry]) -> list[str]:
    """The marks in this part of a log."""
    return [entry.text for entry in log if isinstance(entry, Mark)]


def positions(log: Sequence[Entry], wanted: int, seed: int) -> list[int]:
    """Before each flush, after each mark, and as many others as make ``wanted`` together, if there are.

    Before a flush the most is un-flushed; after it the disk is what the plain prefix was before it.
    """
    edges = {at for at, entry in enumerate(log) if isinstance(entry, Flushed | Lost)}
    edges |= {at + 1 for at, entry in enumerate(log) if isinstance(entry, Mark)}
    others = [at for at in range(len(log) + 1) if at not in edges]
    random.Random(seed).shuffle(others)
    return sorted(edges | set(others[: max(0, wanted - len(edges))]))
