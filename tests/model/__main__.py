"""``python -m tests.model [--seed N] [--seconds N] [--only NAME] [--share X]``; exit code 1: a promise was broken."""

from __future__ import annotations

import argparse
import itertools
import logging
import random
import sys
import time

from tests.model.running import POWER_CUTS, run


def main() -> int:
    """One seed after the other until the time is over; the mutants with the first."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31), help="the first seed (any)")
    parser.add_argument("--seconds", type=float, default=0, help="go on with further seeds for so long (0: one seed)")
    parser.add_argument("--only", default="", help="scenarios with this in their name, and no mutants")
    parser.add_argument("--share", type=float, default=1, help="share of the power cuts that are looked at (1)")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    begun, states = time.monotonic(), 0
    for seed in itertools.count(asked.seed):
        everything = not asked.only and seed == asked.seed
        figures = run(seed, asked.share, only=asked.only, sqlite=0 if asked.only else POWER_CUTS, mutants=everything)
        states += figures.found.states + figures.sqlite.states
        if figures.violations or figures.missed:
            return 1
        if time.monotonic() - begun >= asked.seconds:
            break
    logging.getLogger(__name__).info("%d crash states in %.0f s", states, time.monotonic() - begun)
    return 0


if __name__ == "__main__":
    sys.exit(main())
