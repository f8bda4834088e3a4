"""``confkeep ls``: roots, and the files below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    if options.address is None:
        roots: list[str] = connection.request(options.host, "GET", "/v1").json()["roots"]
        if options.json:
            print_json(roots)
        for root in [] if options.json else roots:
            print(root)
        return 0
    root, _, prefix = options.address.partition("/")
    entries: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        target = connection.url("files", root, "", {"prefix": prefix, "after": after})
        page = connection.request(options.host, "GET", target).json()
        entries += page["entries"]
        after = page["next"]
    if options.json:
        print_json(entries)
        return 0
    for entry in entries:
        line = f"{entry['size']:>9}  {entry['last_modified'][:19]}  {entry['path']}" if options.long else entry["path"]
        print(plain(line))
    return 0
