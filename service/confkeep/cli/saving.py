"""What the commands that save have in common: what they may replace, how it is checked, and what became of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from confkeep.cli.output import findings_lines, plain, print_json

if TYPE_CHECKING:
    import argparse

    from confkeep.expect import Expect


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of a save, which says what it replaces."""
    expect = parser.add_mutually_exclusive_group(required=True)
    _add_if_match(expect)
    expect.add_argument("--create", action="store_true", help="only if nothing is there yet")
    expect.add_argument("--force", action="store_true", help="overwrite whatever is there")
    add_manner(parser)
    _add_dry_run(parser)


def add_change_options(parser: argparse.ArgumentParser) -> None:
    """Describe those of a change of what is there, whatever else it holds."""
    _add_if_match(parser)
    add_manner(parser)
    _add_dry_run(parser)


def add_manner(parser: argparse.ArgumentParser) -> None:
    """Describe how it is saved."""
    parser.add_argument(
        "--validate", choices=["off", "syntax", "strict"], help="default: syntax, where the format is known"
    )
    parser.add_argument(
        "--on-busy", choices=["write", "refuse"], help="when readers hold the file; default: as its root says"
    )
    parser.add_argument("--message", default="", help="a line for the history")


def _add_if_match(parser: argparse._ActionsContainer) -> None:  # pyright: ignore[reportPrivateUsage] - has no other name
    parser.add_argument(
        "--if-match", "--expect", metavar="ETAG", help="only if the file still has this etag (its sha256sum)"
    )


def _add_dry_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="do everything but the write")


def asked(options: argparse.Namespace) -> dict[str, Any]:
    """What a client is asked for besides."""
    return {**manner(options), "dry_run": options.dry_run}


def manner(options: argparse.Namespace) -> dict[str, Any]:
    """The same of a command that knows no dry run."""
    return {"validate": options.validate, "on_busy": options.on_busy, "message": options.message}


def expected(options: argparse.Namespace) -> Expect:
    """What the save may replace. An etag may be copied from an answer's header, in quotes, or from sha256sum."""
    from confkeep.expect import ABSENT, ANYTHING

    if options.create:
        return ABSENT
    return ANYTHING if options.force else _of_etag(options.if_match)


def expected_by_change(options: argparse.Namespace) -> Expect:
    """What a change may change: whatever is there, unless an etag says more."""
    from confkeep.expect import ANYTHING

    return ANYTHING if options.if_match is None else _of_etag(options.if_match)


def _of_etag(written: str) -> Expect:
    from confkeep.expect import Expect

    return Expect(etags=frozenset({written.strip('"')}))


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
    notes = list(saved["notes"])
    if saved.get("kept_reason"):
        notes.append(f"comments were not kept: {saved['kept_reason']}")
    for line in [*(f"note: {note}" for note in notes), *findings_lines(saved["findings"])]:
        print(plain(line), file=sys.stderr)
    print_diagnostics(saved["diagnostics"])


def print_diagnostics(diagnostics: list[dict[str, Any]]) -> None:
    """One line each, for people."""
    for item in diagnostics:
        at = item["range"]["start"]
        where = f"line {at['line'] + 1}, column {at['character'] + 1}"
        print(plain(f"{item['severity']}: {where}: {item['message']}"), file=sys.stderr)
