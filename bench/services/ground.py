"""All services at work, each with a directory of its own on one disk, and the files that will be saved."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from bench.services import bare, cockpit, daemon, jupyter, nginx, node_red

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from bench.services.peer import Peer, Running

#: As many as there are clients at most.
FILES: Final = 32
#: Any service can read this: it is YAML and JSON, and no flows.
_EMPTY: Final = b"[]\n"


@dataclass(frozen=True)
class Service:
    """One that runs, and where it does."""

    peer: Peer
    running: Running
    base: Path


def peers() -> list[Peer]:
    """All that are compared, those too that are not installed."""
    others = [nginx.peer(), cockpit.peer(), node_red.peer(), jupyter.peer()]
    return [*bare.peers(), *others, *daemon.peers()]


@contextmanager
def started(compared: list[Peer], directory: Path) -> Generator[list[Service]]:
    """Those that are installed."""
    with ExitStack() as stack:
        services: list[Service] = []
        for number, peer in enumerate(compared):
            if peer.missing is None:
                base = directory / str(number)
                _prepare(base, peer, stack)
                services.append(Service(peer, stack.enter_context(peer.start(base)), base))
        yield services


def _prepare(base: Path, peer: Peer, stack: ExitStack) -> None:
    (base / "config").mkdir(parents=True)
    (base / "mounted").mkdir()
    for name in peer.files(FILES):
        file, source = base / "config" / name, base / "mounted" / name
        file.write_bytes(_EMPTY)
        if peer.bound:
            source.write_bytes(_EMPTY)
            subprocess.run(["mount", "--bind", source, file], check=True)
            stack.callback(partial(subprocess.run, ["umount", file], check=True))
