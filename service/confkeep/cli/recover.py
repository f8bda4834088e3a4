"""``confkeep recover``: the saves that a crash left open, and another try to settle them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.cli import state
from confkeep.cli.output import plain, print_json
from confkeep.errors import Refused

if TYPE_CHECKING:
    import argparse


HELP = "list the saves that a crash left open, and try to settle them; with or without a daemon"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    state.add_state(parser, "the daemon's state directory (default: %(default)s)", state.DEFAULT)


def run(options: argparse.Namespace) -> int:
    """Exit code 0 when none is left."""
    with state.keeper_of(options.state) as keeper:
        sizes = {intent.revision: (_size(intent.old), _size(intent.new)) for intent in keeper.unsettled()}
        results = keeper.recover()
    found = [
        {
            "path": one.path,
            "revision": one.revision,
            "old_size": sizes.get(one.revision, (None, None))[0],
            "new_size": sizes.get(one.revision, (None, None))[1],
            "settled": one.settled,
            "detail": one.detail,
        }
        for one in results
    ]
    if options.json:
        print_json(found)
    else:
        for item in found:
            done = "settled" if item["settled"] else "OPEN"
            sizes_line = f"{_shown(item['old_size'])} -> {_shown(item['new_size'])}"
            print(plain(f"{done:<7}  {item['path']}  revision {item['revision']}  {sizes_line}  {item['detail']}"))
    return 0 if all(one.settled for one in results) else Refused.exit_code


def _size(data: bytes | None) -> int | None:
    return None if data is None else len(data)


def _shown(size: object) -> str:
    return "no file" if size is None else f"{size} bytes"
