"""A daemon whose user may have few watches: in a user namespace of its own, so that nobody else is limited."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.daemon.running import Daemon, short_directory
from tests.support.needs import need

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

# namespaces(7), /proc/sys/user: the limits of whoever opens the file, in the namespace that it is in.
_LIMITED: Final = 'echo "$2" >"/proc/sys/user/$1" && shift 2 && exec "$@"'


def _prefix(limit: str, most: int) -> list[str]:
    return ["unshare", "--user", "--map-root-user", "sh", "-euc", _LIMITED, "sh", limit, str(most)]


@dataclass
class Limited(Daemon):
    """``limit`` is ``max_inotify_watches`` or ``max_inotify_instances``."""

    limit: str = ""
    most: int = 0

    def launch(self) -> None:
        """Start it there and wait for nothing."""
        command = [sys.executable, "-m", "confkeep", "serve", "--socket", self.socket, "--state", str(self.state)]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*_prefix(self.limit, self.most), *command, *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
            )


@contextmanager
def limited(state: Path, limit: str, most: int, *arguments: str) -> Generator[Daemon]:
    """It answers, and is gone in the end."""
    tried = subprocess.run([*_prefix(limit, most), "true"], capture_output=True, text=True, check=False)
    need(tried.returncode == 0, f"no user namespace with limits of its own: {tried.stderr.strip()}")
    with short_directory() as directory:
        log = state.with_name(state.name + ".log")
        daemon = Limited(str(directory / "s"), state, list(arguments), log, limit=limit, most=most)
        try:
            yield daemon.start()
        finally:
            if daemon.running.poll() is None:
                daemon.running.kill()
                daemon.running.wait()
