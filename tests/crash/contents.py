"""Contents that know each other: whatever a reader sees is one of them, or torn."""

import random
from functools import cache

SMALLEST, LARGEST = 1, 64 << 10
COUNT = 500


@cache
def contents(seed: int) -> tuple[bytes, ...]:
    """So many different contents of 1 byte to 64 KB, small and large ones alike often, in a random order.

    No two share a byte for long, so that a mix of two is neither.
    """
    chance = random.Random(seed)
    made: dict[bytes, None] = {}
    while len(made) < COUNT:
        size = round(SMALLEST * (LARGEST / SMALLEST) ** chance.random())
        made[chance.randbytes(size)] = None
    return tuple(made)


@cache
def known(seed: int) -> frozenset[bytes]:
    """The same, to look one up."""
    return frozenset(contents(seed))
