"""``confkeep set``: change one value of a document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from confkeep.cli import patching, saving
from confkeep.errors import BadParameter

if TYPE_CHECKING:
    import argparse

    from confkeep.documents.changes import JsonValue

HELP = "set one value of a document, every other byte kept"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    patching.add_place(parser)
    parser.add_argument(
        "value", metavar="VALUE", help="JSON where it is JSON, otherwise a string; after -- where it begins with a dash"
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--string", action="store_true", help="VALUE is a string, whatever it looks like")
    kind.add_argument("--strict-json", action="store_true", help="VALUE is JSON, and nothing else will do")
    saving.add_change_options(parser)


def run(options: argparse.Namespace) -> int:
    """Replace what is there; add what is not."""
    return patching.change(options, {"op": "set", "value": _value(options)})


def _value(options: argparse.Namespace) -> JsonValue:
    written: str = options.value
    if options.string:
        return written
    try:
        found: JsonValue = json.loads(written, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        if options.strict_json:
            raise BadParameter(
                f"{written!r} is no JSON: {error}", remedy="put strings in double quotes, or leave --strict-json out"
            ) from error
        return written
    return found


def _refuse(name: str) -> NoReturn:
    """NaN and Infinity, which Python reads, are no JSON (RFC 8259, section 6)."""
    raise ValueError(f"{name} is no number")
