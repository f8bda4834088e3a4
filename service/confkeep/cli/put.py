"""``confkeep put``: save a file."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from confkeep.cli import connection, given, saving
from confkeep.errors import Conflict

if TYPE_CHECKING:
    import argparse


HELP = "save a file"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    parser.add_argument("address", metavar="ROOT/PATH")
    parser.add_argument(
        "file", nargs="?", default=given.STDIN, metavar="FILE", help="the new content; - or none: standard input"
    )
    saving.add_options(parser)
    parser.add_argument(
        "--keep",
        choices=["text", "comments"],
        help="comments: the content is a program's dump; what it does not change keeps its comments and formatting",
    )


def run(options: argparse.Namespace) -> int:
    """Send the bytes; say by which route they came into the file."""
    root, path = connection.split(options.address)
    expect, data = saving.expected(options), given.content(options.file)
    with connection.client(options) as client:
        try:
            saved = client.save(root, path, data, expect=expect, keep=options.keep, **saving.asked(options)).document
        except Conflict as error:
            error.remedy = _remedy(error, options)
            raise
    saving.print_saved(options.address, saved, as_json=options.json)
    return 0


def _remedy(error: Conflict, options: argparse.Namespace) -> str:
    """How to go on with what was to be saved; what came from standard input is gone with it."""
    if not error.members.get("etag") or options.file == given.STDIN:
        return error.remedy
    address, file = shlex.quote(options.address), shlex.quote(options.file)
    seen = f"`confkeep diff {address} --to {file}` shows what differs"
    if not (options.if_match and error.members.get("base_known")):
        return seen
    base = shlex.quote(options.if_match.strip('"'))
    return f"{seen}, `confkeep merge {address} {file} --base {base}` merges both"
