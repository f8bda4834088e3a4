"""A service that is compared, and one that runs."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.services import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from bench import process
    from bench.services.connection import Connection

#: Where whoever calls the bench has put the services that Debian has no package for.
INSTALLED: Final = Path(os.environ.get("CONFKEEP_SERVICES", str(Path(sys.prefix, "services"))))


@dataclass(frozen=True)
class Running:
    """A service under measurement, over the files in ``folder``."""

    folder: Path
    connect: Callable[[], Connection]
    #: Its processes that live now.
    pids: Callable[[], list[int]]
    #: From its start to its first answer.
    seconds: float


@dataclass(frozen=True)
class Peer:
    """One way to save a file through a service.

    ``flushes``: what it has on the disk when it answers ("file", "directory", "store"), as its label says and strace
    has to confirm. ``start``: a service over the files in the directory ``config`` of this one, which has room for
    its own files too. ``only``: the one file it can save.
    """

    name: str
    flushes: frozenset[str]
    start: Callable[[Path], AbstractContextManager[Running]]
    version: str = ""
    #: Why it cannot be measured here, and what would help.
    missing: str | None = None
    only: str | None = None
    #: It writes into the file that is there.
    in_place: bool = False
    #: Its files are mounted one by one, as a container's are.
    bound: bool = False

    def files(self, count: int) -> list[str]:
        """Names of so many files, or of its only one."""
        return [self.only] if self.only else [f"{number}.yaml" for number in range(count)]


def served(server: process.Server, folder: Path, connect: Callable[[str], Connection]) -> Running:
    """A server on a Unix socket."""
    pid = server.process.pid
    return Running(folder, lambda: connect(server.socket), lambda: tree.pids(pid), server.seconds)


def quiet(*command: str | os.PathLike[str], **environment: str | os.PathLike[str]) -> list[str]:
    """``command`` with more environment and without standard output; the process stays the same (env, sh: exec)."""
    variables = [f"{name}={os.fspath(value)}" for name, value in environment.items()]
    shown: Sequence[str] = [os.fspath(word) for word in command]
    return ["env", *variables, "sh", "-c", 'exec "$@" >/dev/null', "sh", *shown]
