"""A question to the person at the terminal."""

from __future__ import annotations

import sys
from enum import StrEnum

from confkeep.cli.output import plain


class Answer(StrEnum):
    """What can be done with a text that could not be saved; each begins with another letter."""

    MERGE = "merge"
    AGAIN = "edit again"
    ANYWAY = "save anyway"
    OVERWRITE = "overwrite"
    ABANDON = "abandon"


def choose(said: str, *choices: Answer) -> Answer:
    """One of ``choices``, by its first letter, or ABANDON: also where nobody can be asked, or does not answer."""
    print(plain(said), file=sys.stderr)
    if not sys.stdin.isatty():
        return Answer.ABANDON
    letters = {choice[0]: choice for choice in (*choices, Answer.ABANDON)}
    question = ", ".join(f"[{choice[0]}]{choice[1:]}" for choice in letters.values())
    while True:
        print(f"{question}? ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            return Answer.ABANDON
        chosen = letters.get(line.strip().lower()[:1])
        if chosen is not None:
            return chosen
