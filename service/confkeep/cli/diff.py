"""``confkeep diff``: what differs between two contents of a file, or between two files."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from confkeep.cli import connection, difference, given, kind
from confkeep.cli.extra import needed_by
from confkeep.cli.output import print_json
from confkeep.errors import BadParameter

if TYPE_CHECKING:
    from confkeep.client import Client

HELP = "show what differs between revisions of a file, or between two files"
_DIFFERS: Final = 1
_DISK: Final = "disk"
_EPILOG: Final = """\
exit codes:
  0  nothing differs
  1  something does (or the daemon failed; then standard error says why)
  2… as of the other commands: confkeep --help

Of ROOT/PATH without --from and --to: from the revision before to what is there now. Two files need no daemon.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    connection.add_host(parser)
    parser.add_argument("old", metavar="ROOT/PATH|FILE", help="a file of the daemon; with a second one, a local file")
    parser.add_argument("new", nargs="?", metavar="FILE", help="a local file; - is standard input")
    parser.add_argument("--from", dest="from_", metavar="REV", help="the old one: a revision's number or etag, or disk")
    parser.add_argument(
        "--to", metavar="REV|FILE", help="the new one: a revision's number, disk, or a local file; - is standard input"
    )
    kind.add_kind(parser)


def run(options: argparse.Namespace) -> int:
    """Print the unified diff, or with --json which paths changed, from what to what."""
    return _asked(options) if options.new is None else _local(options)


def _asked(options: argparse.Namespace) -> int:
    root, path = connection.split(options.old)
    if options.as_ or options.dialect:
        raise BadParameter(
            "--as and --dialect are of local files", remedy="the root's settings say it of those of the daemon"
        )
    with connection.client(options) as client:
        sides = _sides(client, options)
        if options.json:
            found = client.differences(root, path, **sides)
            print_json(found.document)
            return 0 if found.same else _DIFFERS
        diff = client.diff(root, path, **sides)
    difference.show(diff, sys.stdout)
    return _DIFFERS if diff else 0


def _sides(client: Client, options: argparse.Namespace) -> dict[str, Any]:
    sides: dict[str, Any] = {}
    if options.from_ is not None:
        sides["from_"] = connection.version_of(client, options.old, options.from_)
    if options.to is not None and (options.to == _DISK or options.to.isdecimal()):
        sides["to"] = connection.version_of(client, options.old, options.to)
    elif options.to is not None:
        sides["proposed"] = given.content(options.to)
    return sides


def _local(options: argparse.Namespace) -> int:
    if options.from_ is not None or options.to is not None:
        raise BadParameter("--from and --to are of a file of the daemon", remedy="two local files need neither")
    old, new = given.documents(options.old, options.new)
    if options.json:
        print_json(_members(options, old, new))
    else:
        difference.show(_unified(options, old, new), sys.stdout)
    return 0 if old == new else _DIFFERS


def _unified(options: argparse.Namespace, old: bytes, new: bytes) -> bytes:
    from confkeep.documents.unified import unified

    return unified(old, new, options.old, options.new)  # it quotes names


def _members(options: argparse.Namespace, old: bytes, new: bytes) -> dict[str, Any]:
    """As the daemon's answer has it."""
    from confkeep.documents.compare import structural

    format_, dialect = kind.kind_of(options, options.new if options.old == given.STDIN else options.old)
    found = None
    with needed_by("--json"), suppress(TimeoutError):  # the lines say all of it
        found = None if format_ is None else structural(old, new, format_, dialect, seconds=kind.SECONDS)
    try:
        lines = _unified(options, old, new).decode("utf-8")
    except UnicodeDecodeError:
        lines = None
    return {
        "same": old == new,
        "format": format_,
        "dialect": dialect,
        "differences": None if found is None else list(map(asdict, found)),
        "unified": lines,
    }
