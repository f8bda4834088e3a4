"""``confkeep restore``: save the content of a revision to its file again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from confkeep.cli import connection, saving, state
from confkeep.errors import BadParameter

if TYPE_CHECKING:
    import argparse


HELP = "save the content of a revision to its file again"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    state.add_state(parser, "work on this state directory, without asking a daemon")
    parser.add_argument("address", nargs="?", metavar="ROOT/PATH", help="the revision must be one of this file")
    parser.add_argument("revision", metavar="REVISION", help="its number, from `confkeep history`")
    saving.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Ask the daemon, or do it here."""
    if options.state is not None:
        saved = _here(options)
        saving.print_saved(saved["path"], saved, as_json=options.json)
        return 0
    with connection.client(options) as client:
        if options.address is None:
            number = connection.number(options.revision)
        else:
            number = connection.number_of(client, options.address, options.revision)
        saved = client.restore(number, expect=saving.expected(options), **saving.asked(options)).document
    saving.print_saved(f"{saved['root']}/{saved['path']}", saved, as_json=options.json)
    return 0


def _here(options: argparse.Namespace) -> dict[str, Any]:
    """As the settings' defaults have it: the root of a daemon is not known here."""
    from dataclasses import asdict
    from importlib.util import find_spec

    from confkeep.documents.check import Validate
    from confkeep.files.root import ANYWHERE, OnBusy
    from confkeep.history.revisions import Author, Origin
    from confkeep.keeper import Request

    if options.address is not None:
        raise BadParameter("--state knows no roots", remedy="give the revision alone")
    number = connection.number(options.revision)
    validate = options.validate or ("off" if find_spec("yaml") is None else "syntax")
    request = Request(
        data=b"",
        expect=saving.expected(options),
        author=Author(Origin.RESTORE, uid=os.geteuid(), message=options.message),
        validate=Validate(validate),
        on_busy=None if options.on_busy is None else OnBusy(options.on_busy),
        dry_run=options.dry_run,
    )
    with state.keeper_of(options.state) as keeper:
        return asdict(keeper.restore(ANYWHERE, number, request))
