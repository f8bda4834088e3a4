"""Contents that say themselves what they are: each 16 bytes of one name its size and its number.

A mix of two is none of them, nor is a piece of one.
"""

from __future__ import annotations

import random
from typing import Final

#: The length of what a content repeats.
TAG: Final = 16
SMALLEST, LARGEST = 1 << 10, 256 << 10
_COUNT: Final = 97


def contents() -> list[bytes]:
    """The same ones in each process: of 1 to 256 KB, small and large ones alike often, in a random order."""
    chance = random.Random(20)
    sizes = [SMALLEST, LARGEST] + [
        round(SMALLEST * (LARGEST / SMALLEST) ** chance.random()) // TAG * TAG for _ in range(_COUNT - 2)
    ]
    chance.shuffle(sizes)
    return [b"%07d %07d\n" % (size, number) * (size // TAG) for number, size in enumerate(sizes)]
