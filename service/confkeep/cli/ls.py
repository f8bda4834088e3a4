"""``confkeep ls``: roots, and the files below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.cli import connection
from confkeep.cli.output import plain, print_json

if TYPE_CHECKING:
    import argparse


HELP = "list the roots, or the files below one"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    parser.add_argument("address", nargs="?", metavar="ROOT[/PREFIX]", help="without it: the roots")
    parser.add_argument("-l", dest="long", action="store_true", help="with size and time")


def run(options: argparse.Namespace) -> int:
    """All pages of the listing."""
    with connection.client(options) as client:
        if options.address is None:
            return _print_roots(client.service().roots, as_json=options.json)
        root, _, prefix = options.address.partition("/")
        entries = [entry.document for entry in client.list(root, prefix)]
    if options.json:
        print_json(entries)
        return 0
    for entry in entries:
        line = f"{entry['size']:>9}  {entry['last_modified'][:19]}  {entry['path']}" if options.long else entry["path"]
        print(plain(line))
    return 0


def _print_roots(roots: tuple[str, ...], *, as_json: bool) -> int:
    if as_json:
        print_json(roots)
    for root in () if as_json else roots:
        print(root)
    return 0
