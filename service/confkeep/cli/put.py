"""``confkeep put``: save a file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from confkeep.cli import connection, saving
from confkeep.errors import BadPath

if TYPE_CHECKING:
    import argparse


HELP = "save a file"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    parser.add_argument("address", metavar="ROOT/PATH")
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="the new content; - or none: standard input"
    )
    saving.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Send the bytes; say by which route they came into the file."""
    root, path = connection.split(options.address)
    expect, data = saving.expected(options), _content(options.file)
    with connection.client(options) as client:
        saved = client.save(root, path, data, expect=expect, **saving.asked(options)).document
    saving.print_saved(options.address, saved, as_json=options.json)
    return 0


def _content(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError as error:
        raise BadPath(f"{name}: {error.strerror}", remedy="name a readable file, or - for standard input") from error
