"""What ``set`` and ``unset`` have in common: one change of one document, every other byte kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkeep.cli import connection, saving
from confkeep.errors import BadParameter

if TYPE_CHECKING:
    import argparse


def add_place(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments that say where."""
    connection.add_host(parser)
    parser.add_argument("address", metavar="ROOT/PATH")
    parser.add_argument(
        "pointer",
        metavar="POINTER",
        help="where in the document (JSON Pointer, RFC 6901): /automation/0/alias; ~1 is a slash in a key, ~0 a tilde",
    )


def change(options: argparse.Namespace, operation: dict[str, Any]) -> int:
    """Do ``operation`` (RFC 6902) at the place that was given, and say what became of it."""
    root, path = connection.split(options.address)
    patch = [{**operation, "path": _pointer(options.pointer)}]
    expect = saving.expected_by_change(options)
    with connection.client(options) as client:
        saved = client.patch(root, path, patch, expect=expect, **saving.asked(options)).document
    saving.print_saved(options.address, saved, as_json=options.json)
    return 0


def _pointer(written: str) -> str:
    if written and not written.startswith("/"):
        raise BadParameter(
            f"{written!r} is no JSON Pointer: it does not begin with a slash",
            remedy=f"write /{written}; each step has a slash before it, as in /automation/0/alias",
        )
    return written
