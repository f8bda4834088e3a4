"""``confkeep sweep``: remove the temporary files of saves that died, without any daemon."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from confkeep.cli.output import plain, print_json
from confkeep.errors import NoPermission, NotFound

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

HELP = "remove what saves that died left below a directory; needs no daemon"
_EDIT = (
    "an edit that a dying save displaced, and nobody else has: the next start of the daemon that made it puts it back;"
    " otherwise compare it with the file beside it and rename or remove it"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("directory", metavar="DIRECTORY", nargs="+")


def run(options: argparse.Namespace) -> int:
    """Exit code 0 when every directory could be swept."""
    from confkeep.files.leftovers import sweep

    removed: list[str] = []
    edits: list[str] = []
    closed: list[str] = []
    for path in _directories(options.directory, closed):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # removed since it was listed
        except PermissionError:
            closed.append(path)
            continue
        try:
            swept = sweep(fd)
        finally:
            os.close(fd)
        removed += [os.path.join(path, name) for name in swept.removed]
        edits += [os.path.join(path, name) for name in swept.edits]
    if options.json:
        print_json({"removed": removed, "edits": edits, "closed": closed})
    else:
        for path in removed:
            print(f"removed {plain(path)}")
        for path in edits:
            print(f"kept    {plain(path)}: {_EDIT}")
        for path in closed:
            print(f"closed  {plain(path)}: no permission to read this directory", file=sys.stderr)
    return NoPermission.exit_code if closed else 0


def _directories(given: list[str], closed: list[str]) -> Iterator[str]:
    """Each directory and all below it; links are not followed."""

    def skip(error: OSError) -> None:
        if isinstance(error, PermissionError):
            closed.append(str(error.filename))

    for path in given:
        if not os.path.isdir(path):
            raise NotFound(f"{path} is not a directory", remedy="name a directory in which files were saved")
    for path in given:
        for directory, _, _ in os.walk(os.path.realpath(path), onerror=skip):
            yield directory
