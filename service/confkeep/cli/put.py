"""``confkeep put``: save a file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from confkeep.cli import connection
from confkeep.cli.output import findings_lines, plain, print_json
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
    expect = parser.add_mutually_exclusive_group(required=True)
    expect.add_argument("--if-match", metavar="ETAG", help="only if the file still has this etag (its sha256sum)")
    expect.add_argument("--create", action="store_true", help="only if nothing is there yet")
    expect.add_argument("--force", action="store_true", help="overwrite whatever is there")
    parser.add_argument(
        "--validate", choices=["off", "syntax", "strict"], help="default: syntax, where the format is known"
    )
    parser.add_argument(
        "--on-busy", choices=["write", "refuse"], help="when readers hold the file; default: as its root says"
    )
    parser.add_argument("--message", default="", help="a line for the history")
    parser.add_argument("--dry-run", action="store_true", help="do everything but the write")


def run(options: argparse.Namespace) -> int:
    """Send the bytes; say by which route they came into the file."""
    root, path = connection.split(options.address)
    query = {
        "validate": options.validate or "",
        "on_busy": options.on_busy or "",
        "message": options.message,
        "dry_run": "true" if options.dry_run else "",
    }
    target = connection.url("files", root, path, query)
    saved = connection.request(options.host, "PUT", target, _content(options.file), _precondition(options)).json()
    if options.json:
        print_json(saved)
        return 0
    done = "would save" if saved["dry_run"] else "saved"
    what = f"{done} ({saved['route']['name']}: {saved['route']['reason']})" if saved["changed"] else "unchanged"
    print(plain(f"{options.address}: {what}"))
    revision = "" if saved["revision"] is None else f"revision {saved['revision']}, "
    print(f"{revision}etag {saved['etag']}")
    for line in [*(f"note: {note}" for note in saved["notes"]), *findings_lines(saved["findings"])]:
        print(plain(line), file=sys.stderr)
    for item in saved["diagnostics"]:
        line = item["range"]["start"]["line"] + 1
        print(plain(f"{item['severity']}: line {line}: {item['message']}"), file=sys.stderr)
    return 0


def _precondition(options: argparse.Namespace) -> dict[str, str]:
    if options.create:
        return {"If-None-Match": "*"}
    return {"If-Match": "*" if options.force else '"' + options.if_match.strip('"') + '"'}


def _content(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError as error:
        raise BadPath(f"{name}: {error.strerror}", remedy="name a readable file, or - for standard input") from error
