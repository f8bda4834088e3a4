"""What ``put`` and ``restore`` have in common: what a save may replace, how it is checked, and what became of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from confkeep.cli.output import findings_lines, plain, print_json

if TYPE_CHECKING:
    import argparse

    from confkeep.expect import Expect


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    expect = parser.add_mutually_exclusive_group(required=True)
    expect.add_argument(
        "--if-match", "--expect", metavar="ETAG", help="only if the file still has this etag (its sha256sum)"
    )
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


def asked(options: argparse.Namespace) -> dict[str, Any]:
    """What a client is asked for besides."""
    return {
        "validate": options.validate,
        "on_busy": options.on_busy,
        "message": options.message,
        "dry_run": options.dry_run,
    }


def expected(options: argparse.Namespace) -> Expect:
    """What the save may replace. An etag may be copied from an answer's header, in quotes, or from sha256sum."""
    from confkeep.expect import ABSENT, ANYTHING, Expect

    if options.create:
        return ABSENT
    return ANYTHING if options.force else Expect(etags=frozenset({str(options.if_match).strip('"')}))


def print_saved(address: str, saved: dict[str, Any], *, as_json: bool) -> None:
    """By which route the bytes came into the file, and what is to be known of it."""
    if as_json:
        print_json(saved)
        return
    done = "would save" if saved["dry_run"] else "saved"
    what = f"{done} ({saved['route']['name']}: {saved['route']['reason']})" if saved["changed"] else "unchanged"
    print(plain(f"{address}: {what}"))
    revision = "" if saved["revision"] is None else f"revision {saved['revision']}, "
    print(f"{revision}etag {saved['etag']}")
    for line in [*(f"note: {note}" for note in saved["notes"]), *findings_lines(saved["findings"])]:
        print(plain(line), file=sys.stderr)
    for item in saved["diagnostics"]:
        line = item["range"]["start"]["line"] + 1
        print(plain(f"{item['severity']}: line {line}: {item['message']}"), file=sys.stderr)
