"""``confkeep restore``: save the content of a revision to its file again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from confkeep.cli import connection, saving, state
from confkeep.errors import BadParameter

if TYPE_CHECKING:
    import argparse

    from confkeep.expect import Expect


HELP = "save the content of a revision to its file again"
_MOST_DIGITS: Final = 18


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    state.add_state(parser, "work on this state directory, without asking a daemon")
    parser.add_argument("revision", metavar="REVISION", help="its number, from `confkeep history`")
    saving.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Ask the daemon, or do it here."""
    number = options.revision
    if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS):
        raise BadParameter(f"{number!r} is no revision", remedy="give a number, from `confkeep history`")
    if options.state is not None:
        saved = _here(options)
        saving.print_saved(saved["path"], saved, as_json=options.json)
        return 0
    target = connection.url("revisions", number, "restore", saving.query(options))
    saved = connection.request(options.host, "POST", target, None, saving.precondition(options)).json()
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

    validate = options.validate or ("off" if find_spec("yaml") is None else "syntax")
    request = Request(
        data=b"",
        expect=_expect(options),
        author=Author(Origin.RESTORE, uid=os.geteuid(), message=options.message),
        validate=Validate(validate),
        on_busy=None if options.on_busy is None else OnBusy(options.on_busy),
        dry_run=options.dry_run,
    )
    with state.keeper_of(options.state) as keeper:
        return asdict(keeper.restore(ANYWHERE, int(options.revision), request))


def _expect(options: argparse.Namespace) -> Expect:
    from confkeep.expect import ABSENT, ANYTHING, Expect

    if options.create:
        return ABSENT
    return ANYTHING if options.force else Expect(etags=frozenset({saving.etag(options)}))
