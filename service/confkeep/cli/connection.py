"""The daemon that a command talks to, and how its files are named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from confkeep.errors import BadParameter, BadPath, NotFound

if TYPE_CHECKING:
    import argparse

    from confkeep.client import Client

_DEFAULT: Final = "unix:///run/confkeep/confkeep.sock"
_MOST_DIGITS: Final = 18


def add_host(parser: argparse.ArgumentParser) -> None:
    """The flag that names the daemon."""
    parser.add_argument(
        "--host",
        default=os.environ.get("CONFKEEP_HOST") or _DEFAULT,
        metavar="unix:///PATH",
        help="the daemon's socket (default: $CONFKEEP_HOST, or %(default)s)",
    )


def client(options: argparse.Namespace) -> Client:
    """The client that asks it. Raises NoDaemon."""
    from confkeep.client import Client

    return Client(options.host)


def split(address: str) -> tuple[str, str]:
    """``ROOT/PATH`` -> root and path. Raises BadPath."""
    root, slash, path = address.partition("/")
    if not (root and slash and path):
        raise BadPath(
            f"{address!r} is not ROOT/PATH",
            remedy="write homeassistant/automations.yaml; `confkeep ls` lists the roots",
        )
    return root, path


def number(written: str) -> int:
    """A revision's number. Raises BadParameter."""
    if not (written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS):
        raise BadParameter(f"{written!r} is no revision", remedy="give a number, from `confkeep history`")
    return int(written)


def number_of(asked: Client, address: str, written: str) -> int:
    """The same of a revision of the file ``ROOT/PATH``. Raises NotFound for one of another file."""
    found = number(written)
    newest = next(asked.history(*split(address), before=found + 1), None)
    if newest is None or newest.id != found:
        raise NotFound(
            f"{address} has no revision {written}", remedy=f"`confkeep history {address}` lists those it has"
        )
    return found


def version_of(asked: Client, address: str, written: str) -> int | str:
    """A revision by its number, as ``number_of`` has it; anything else is left to the daemon: an etag, ``disk``.

    Raises BadParameter, NotFound.
    """
    if not written:  # left out of the query, it would be another question
        raise BadParameter("an empty text is no revision", remedy="give its number, or its etag")
    is_number = written.isdecimal() and len(written) <= _MOST_DIGITS  # an etag may have nothing but digits, 64 of them
    return number_of(asked, address, written) if is_number else written.strip('"')
