"""``confkeep get``: print a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.cli import connection
from confkeep.cli.output import content_members, print_json, write_bytes

if TYPE_CHECKING:
    import argparse

HELP = "print a file, or one of its revisions"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    parser.add_argument("address", metavar="ROOT/PATH")
    parser.add_argument("--revision", metavar="N", help="as it was then: a number from `confkeep history`")


def run(options: argparse.Namespace) -> int:
    """Write the bytes as they are; with --json beside their etag, as text where they are UTF-8."""
    root, path = connection.split(options.address)
    with connection.client(options) as client:
        if options.revision is None:
            found = client.read(root, path)
        else:
            found = client.content(connection.number_of(client, options.address, options.revision))
    if options.json:
        print_json(
            {
                "root": found.root,
                "path": found.path,
                "etag": found.etag,
                "revision": found.revision,
                "size": len(found.data),
                **content_members(found.data),
            }
        )
    else:
        write_bytes(found.data)
    return 0
