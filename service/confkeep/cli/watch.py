"""``confkeep watch``: say what happens to the files, as it happens."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from confkeep.cli import connection
from confkeep.cli.output import plain
from confkeep.errors import BadParameter

if TYPE_CHECKING:
    import argparse

    from confkeep.client.events import Event
    from confkeep.errors import NoDaemon


HELP = "print what happens to the files, one line an event, until Ctrl-C"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    parser.add_argument("address", nargs="?", default="", metavar="ROOT[/PREFIX]", help="without it: all roots")
    parser.add_argument("--types", default="", metavar="TYPE,…", help="only these, such as file.changed,file.removed")
    parser.add_argument("--since", default="", metavar="ID", help="go on after this event, as --json names it")
    parser.add_argument("--patience", metavar="SECONDS", help="give up when the daemon is away for so long")


def run(options: argparse.Namespace) -> int:
    """A line an event, or with --json a document, each as soon as it is known; a restarted daemon is found again."""
    root, _, prefix = options.address.partition("/")
    types = [kind for kind in options.types.split(",") if kind]
    patience = _seconds(options.patience)
    shown = _document if options.json else _line
    with (
        connection.client(options) as client,
        client.events(
            root=root, prefix=prefix, types=types, last=options.since, patience=patience, on_connection=_say
        ) as events,
    ):
        for event in events:
            print(shown(event), flush=True)
    return 0


def _seconds(written: str | None) -> float | None:
    if written is None:
        return None
    whole, _, part = written.partition(".")
    if not (written.isascii() and whole.isdigit() and f"{part}0".isdigit()):
        raise BadParameter(f"--patience {written!r} is no number of seconds", remedy="give one, such as 30")
    return float(written)


def _say(lost: NoDaemon | None) -> None:
    said = "the daemon is there again" if lost is None else f"{lost.detail}; waiting for it to come back"
    print(plain(f"confkeep: {said}"), file=sys.stderr, flush=True)


def _document(event: Event) -> str:
    import json

    return json.dumps({"id": event.id, "type": event.type, "time": _now(), **event.members}, ensure_ascii=False)


def _line(event: Event) -> str:
    """When it was told, and of which file; who did it, and what came of it."""
    if event.type == "reset":
        return f"{_now()}  reset         events were missed: read again whatever you show"
    who = "" if event.uid is None else f"uid {event.uid}"
    revision = "" if event.revision is None else f"revision {event.revision}"
    more = [str(event.members.get(name) or "") for name in ("rule", "state", "slug", "detail")]
    said = [f"{event.type:<12}", f"{event.root}/{event.path}", event.origin or "", who, revision, *more]
    return plain("  ".join([_when(event), *filter(None, said)]))


def _when(event: Event) -> str:
    return _now() if event.time is None else event.time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
