"""``confkeep mounts``: which file or directory of the host is mounted where, without any daemon."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from confkeep.cli.doctor import survey_of
from confkeep.cli.output import plain, print_json

if TYPE_CHECKING:
    import argparse

    from confkeep.layout.picture import Strokes

HELP = "draw which file of the host is mounted where; needs no daemon"
_COULD_NOT_LOOK = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--replay", metavar="DIR", help="draw what `doctor --capture` stored, not this machine")


def run(options: argparse.Namespace) -> int:
    """Exit code 0, or 3 when nothing could be looked at."""
    from confkeep.layout import picture
    from confkeep.layout.model import OK, Scope

    options.json = options.json or options.format == "json"  # errors, too, which main() prints
    survey = survey_of(options.replay, Scope())
    if options.json:
        print_json(picture.document(survey))
    else:
        for line in picture.lines(survey, _strokes()):
            print(plain(line))
        for source, said in survey.sources.items():
            if said != OK:
                print(plain(f"not seen through {source.value}: {said}"), file=sys.stderr)
    return 0 if OK in survey.sources.values() else _COULD_NOT_LOOK


def _strokes() -> Strokes:
    from confkeep.layout import picture

    return picture.BOXES if "utf" in (sys.stdout.encoding or "").lower() else picture.ASCII
