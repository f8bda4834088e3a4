"""Every disk that a power cut may leave: whole, where there are few; otherwise the corners, and samples of the rest."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from typing import TYPE_CHECKING, Final

from tests.model.machine import File, Machine, apply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.model.machine import Change

#: A page and a sector: the units in which page caches and disks tear.
_UNITS: Final = (4096, 512)
#: Different contents of one file, at most.
_CONTENTS: Final = 120
#: Mixtures that are made to find them, for each unit.
_TRIES: Final = 400

#: Which of the possible names, commits, contents of each file, modes of each file were on the disk.
Choice = tuple[int, ...]


class Cuts:
    """The same for the same seed."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._known: dict[tuple[bytes, ...], list[bytes]] = {}

    def of(self, machine: Machine, most: int) -> Iterator[tuple[Choice, Machine]]:
        """At most ``most`` of the machines that may start again after the power was cut off, and their choices.

        The first has lost all that was not flushed.
        """
        names = _names(machine)
        reachable = {ino for found in names for ino in found.values()}
        inos = [ino for ino in sorted(reachable) if _is_dirty(machine.files[ino])]
        contents = [self._contents(machine.files[ino].images) for ino in inos]
        modes = [list(dict.fromkeys(machine.files[ino].modes)) for ino in inos]
        clean = {ino: machine.files[ino] for ino in reachable.difference(inos)}
        sizes = [len(names), max(len(machine.store), 1), *map(len, contents), *map(len, modes)]
        for choice in self._choices(sizes, most):
            name, commit, *picks = choice
            dirty = {
                ino: File((contents[at][picks[at]],), (modes[at][picks[at + len(inos)]],))
                for at, ino in enumerate(inos)
            }
            left = machine.store[commit : commit + 1]
            yield (
                choice,
                dataclasses.replace(machine, files={**clean, **dirty}, names=names[name], pending=(), store=left),
            )

    def _choices(self, sizes: list[int], most: int) -> Iterable[Choice]:
        if math.prod(sizes) <= most:
            return itertools.product(*map(range, sizes))
        oldest, newest = tuple(0 for _ in sizes), tuple(size - 1 for size in sizes)
        found = dict.fromkeys([oldest, newest])
        single = [
            (*corner[:axis], pick, *corner[axis + 1 :])
            for corner in (oldest, newest)
            for axis, size in enumerate(sizes)
            for pick in range(size)
        ]
        found.update(dict.fromkeys(self._random.sample(single, min(len(single), most // 2))))
        while len(found) < most:
            found[tuple(self._random.randrange(size) for size in sizes)] = None
        return found

    def _contents(self, images: tuple[bytes, ...]) -> list[bytes]:
        """What a file may hold: each unit of any age, with the size of any age; what was never written is zero."""
        if images not in self._known:
            first, last = images[0], images[-1]
            found = _mixtures(images, self._random)
            others = [content for content in found if content not in {first, last}]
            others = self._random.sample(others, min(len(others), _CONTENTS - 2))
            self._known[images] = [first, *others] if first == last else [first, *others, last]
        return self._known[images]


def _is_dirty(file: File) -> bool:
    return len(file.images) > 1 or len(file.modes) > 1


def _names(machine: Machine) -> list[dict[str, int]]:
    """What directories may say: any changes may be lost, but what built on a lost one at the same name is lost too."""
    found: list[dict[str, int]] = []
    for subset in _subsets(machine.pending):
        names = dict(machine.names)
        for change in subset:
            apply(names, change)
        if names not in found:
            found.append(names)
    return found


def _subsets(pending: tuple[Change, ...]) -> Iterable[list[Change]]:
    """Fewest first."""
    kept: list[tuple[list[Change], frozenset[str]]] = [([], frozenset())]
    for change in pending:
        touched = {name for name, _ in change}
        with_it = [([*subset, change], lost) for subset, lost in kept if not touched & lost]
        kept = [(subset, lost | touched) for subset, lost in kept] + with_it
    return (subset for subset, _ in sorted(kept, key=lambda each: len(each[0])))


def _mixtures(images: tuple[bytes, ...], rng: random.Random) -> dict[bytes, None]:
    sizes = list(dict.fromkeys(map(len, images)))
    found: dict[bytes, None] = {}
    for unit in _UNITS:
        ages = [_units(image, max(sizes), unit) for image in images]
        possible = list(itertools.product(_picks(ages, rng), sizes))
        for picks, size in rng.sample(possible, min(len(possible), _TRIES)):
            found[b"".join(picks)[:size]] = None
    return found


def _units(image: bytes, size: int, unit: int) -> list[bytes]:
    return [image[at : at + unit].ljust(unit, b"\0") for at in range(0, size, unit)]


def _picks(ages: list[list[bytes]], rng: random.Random) -> Iterator[list[bytes]]:
    """Up to here new, from here on new, all but one, only one; whatever an earlier write left; anything at all."""
    old, new, count = ages[0], ages[-1], len(ages[0])
    yield from ages
    for at in range(count):
        yield new[:at] + old[at:]
        yield old[:at] + new[at:]
        yield [*old[:at], new[at], *old[at + 1 :]]
        yield [*new[:at], old[at], *new[at + 1 :]]
    for _ in range(count):
        yield [rng.choice(versions) for versions in zip(*ages, strict=True)]
