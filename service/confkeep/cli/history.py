"""``confkeep history``: what a file has been."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.cli import connection
from confkeep.cli.output import plain, print_json

if TYPE_CHECKING:
    import argparse


HELP = "list a file's revisions, newest first"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    parser.add_argument("address", metavar="ROOT/PATH")
    parser.add_argument("--limit", default="", metavar="N", help="at most so many (default: 100)")


def run(options: argparse.Namespace) -> int:
    """One line a revision."""
    root, path = connection.split(options.address)
    target = connection.url("history", root, path, {"limit": options.limit})
    page = connection.request(options.host, "GET", target).json()
    if options.json:
        print_json(page["revisions"])
        return 0
    for revision in page["revisions"]:
        who = "-" if revision["uid"] is None else f"uid {revision['uid']}"
        state = "" if revision["state"] == "applied" else f"  [{revision['state']}]"
        line = (
            f"{revision['id']:>6}  {revision['time'][:19]}  {revision['origin']:<8}  {who:<9}  {revision['size']:>8}  "
            f"{revision['etag'][:12]}{state}  {revision['message']}"
        )
        print(plain(line.rstrip()))
    return 0
