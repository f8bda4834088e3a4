"""``confkeep stat``: what a file is to the daemon, and how it would be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkeep.cli import connection
from confkeep.cli.output import findings_lines, guarantees_line, plain, print_fields, print_json

if TYPE_CHECKING:
    import argparse


HELP = "show how a file would be written, or why not"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    parser.add_argument("address", metavar="ROOT/PATH")


def run(options: argparse.Namespace) -> int:
    """The verdict, before anybody types."""
    root, path = connection.split(options.address)
    with connection.client(options) as client:
        found = client.stat(root, path).document
    if options.json:
        print_json(found)
    else:
        print_verdict(options.address, found)
    return 0


def print_verdict(name: str, found: dict[str, Any]) -> None:
    """One field a line."""
    route, refusal = found["route"], found["refusal"]
    print_fields(
        {
            "file": name,
            "size": None if found.get("size") is None else f"{found['size']} bytes",
            "mode": None if found.get("mode") is None else f"{found['mode']}, uid {found['uid']}, gid {found['gid']}",
            "etag": found["etag"],
            "revision": found.get("revision"),
            "route": None if route is None else f"{route['name']} ({route['code']}): {route['reason']}",
            "guarantees": None if found["guarantees"] is None else guarantees_line(found["guarantees"]),
            "refused": None if refusal is None else f"{refusal['slug']}: {refusal['reason']}",
            "seen": None if refusal is None else refusal["evidence"],
            "remedy": None if refusal is None else refusal["remedy"],
        }
    )
    for line in findings_lines(found["findings"]):
        print(plain(line))
