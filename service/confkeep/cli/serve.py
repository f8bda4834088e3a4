"""``confkeep serve``: run the daemon."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from confkeep.cli.extra import needed_by

if TYPE_CHECKING:
    import argparse
    from types import FrameType

    from confkeep.daemon.settings import Settings


HELP = "run the daemon until SIGTERM or SIGINT; SIGHUP reads the settings again"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("--config", metavar="FILE", help="settings in TOML; flags count more")
    parser.add_argument(
        "--root",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="a directory or single file that may be edited; may be given more than once",
    )
    parser.add_argument("--state", metavar="DIR", help="history and journal (default: /var/lib/confkeep)")
    parser.add_argument("--socket", metavar="PATH", help="where to listen (default: /run/confkeep/confkeep.sock)")


def run(options: argparse.Namespace) -> int:
    """Load the settings and serve."""
    # From here on a signal ends it well, also before the event loop has its own handlers: process 1 has no defaults.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # there is nothing to be read again yet
    with needed_by("the daemon"):
        from confkeep.daemon import loading, logs
        from confkeep.daemon import run as daemon

    def read(*, state: str | None = None, socket: str | None = None) -> Settings:
        state, socket = state or options.state, socket or options.socket
        return loading.load(options.config, roots=options.root, state=state, socket=socket)

    settings = read()
    logs.configure(settings.log)
    daemon.run(settings, read)
    return 0


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
