"""``confkeep history``: what a file has been, and whether the history is sound."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from confkeep.cli import connection, state
from confkeep.cli.output import plain, print_json
from confkeep.errors import BadParameter, HistoryDamaged

if TYPE_CHECKING:
    import argparse

    from confkeep.history.revisions import Revision


HELP = "list a file's revisions, newest first; `history verify` checks the whole history"
_VERIFY: Final = "verify"  # an address has a slash
_PAGE: Final = 100


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    state.add_state(parser, "read this state directory, without asking a daemon; PATH is the file's own path then")
    parser.add_argument("address", metavar="ROOT/PATH|PATH|verify")
    parser.add_argument("--limit", default="", metavar="N", help="at most so many (default: 100)")


def run(options: argparse.Namespace) -> int:
    """One line a revision."""
    if options.address == _VERIFY:
        return _verify(options.state or state.DEFAULT, as_json=options.json)
    found = _asked(options) if options.state is None else _read(options)
    if options.json:
        print_json(found)
        return 0
    for revision in found:
        print(plain(_line(revision)))
    return 0


def _line(revision: dict[str, Any]) -> str:
    who = "-" if revision["uid"] is None else f"uid {revision['uid']}"
    what = "removed" if revision["etag"] is None else revision["etag"][:12]
    state_ = "" if revision["state"] == "applied" else f"  [{revision['state']}]"
    line = (
        f"{revision['id']:>6}  {revision['time'][:19]}  {revision['origin']:<8}  {who:<9}  {revision['size']:>8}  "
        f"{what:<12}{state_}  {revision['message']}"
    )
    return line.rstrip()


def _asked(options: argparse.Namespace) -> list[dict[str, Any]]:
    root, path = connection.split(options.address)
    limit = _limit(options)
    with connection.client(options) as client:
        return [revision.document for revision in islice(client.history(root, path), limit)]


def _read(options: argparse.Namespace) -> list[dict[str, Any]]:
    from pathlib import Path

    from confkeep.history import offline, revisions

    limit = _limit(options)
    with offline.reading(Path(options.state)) as store:
        found = revisions.listing(store, os.path.realpath(options.address), limit)
    return [_shaped(revision) for revision in found]


def _limit(options: argparse.Namespace) -> int:
    limit = options.limit or str(_PAGE)
    if not (limit.isascii() and limit.isdigit() and 0 < int(limit[:10]) < 1 << 31):
        raise BadParameter(f"--limit {options.limit!r} is no number above 0", remedy="give one")
    return int(limit)


def _shaped(revision: Revision) -> dict[str, Any]:
    """As the daemon's answer has it."""
    from datetime import UTC, datetime

    return {
        "id": revision.id,
        "time": datetime.fromtimestamp(revision.time / 1000, UTC).isoformat().replace("+00:00", "Z"),
        "state": revision.state.value,
        "origin": revision.origin.value,
        "uid": revision.uid,
        "message": revision.message,
        "size": revision.size,
        "etag": revision.etag,
        "request_id": revision.request,
    }


def _verify(state_directory: str, *, as_json: bool) -> int:
    """Read all of it. Where it is damaged, the next start is told to look as closely."""
    from pathlib import Path

    from confkeep.history import offline, opening
    from confkeep.history.verify import problems

    directory = Path(state_directory)
    with offline.reading(directory) as store:
        found = problems(store)
    if as_json:
        print_json({"state": os.fspath(directory), "sound": not found, "problems": found})
    for line in () if as_json else found:
        print(plain(line))
    if not found:
        if not as_json:
            print(plain(f"{directory}: the history is sound"))
        return 0
    opening.mark_suspect(directory)
    if not as_json:
        print(
            plain(
                f"{directory}: the history is damaged. Copy the directory if you want to look into it; then start the "
                "daemon again: it sets the history aside and begins a new one, with the saves that are not settled"
            )
        )
    return HistoryDamaged.exit_code
