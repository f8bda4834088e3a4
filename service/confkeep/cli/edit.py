"""``confkeep edit``: a file in the person's own editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.cli import connection, kind, saving
from confkeep.cli.output import plain, print_json

if TYPE_CHECKING:
    import argparse

HELP = "edit a file with $VISUAL, $EDITOR or vi, and save it"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    parser.add_argument("address", metavar="ROOT/PATH", help="one that is not there yet is made")
    saving.add_manner(parser)
    kind.add_kind(parser)


def run(options: argparse.Namespace) -> int:
    """Save what the editor leaves; a text that is not saved is kept, and the error says where."""
    from confkeep.cli.editing import Editing

    root, path = connection.split(options.address)
    with connection.client(options) as client:
        saved = Editing(client, root, path, options).saved()
    if saved is not None:
        saving.print_saved(options.address, saved.document, as_json=options.json)
    elif options.json:
        print_json({"root": root, "path": path, "changed": False})
    else:
        print(plain(f"{options.address}: unchanged"))
    return 0
