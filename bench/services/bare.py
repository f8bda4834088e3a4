"""Starlette alone, with both flushes and with none: what a save through a Python service cannot cost less than."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bench import process
from bench.services.connection import Http
from bench.services.peer import Peer, Running, served

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def _running(base: Path, mode: str) -> Generator[Running]:
    folder = base / "config"
    socket = base / "s"
    program = Path(__file__).with_name("bare_put.py")
    command = [sys.executable, str(program), str(socket), str(folder), mode]
    with process.running(command, socket, "/healthz") as server:
        yield served(server, folder, Http)
    socket.unlink(missing_ok=True)


def peers() -> list[Peer]:
    """By the flushes, and by who waits for them."""
    stack = f"Starlette {version('starlette')}, uvicorn {version('uvicorn')}"
    both = frozenset({"file", "directory"})
    return [
        Peer("bare Starlette, both flushes", both, lambda base: _running(base, "durable"), stack),
        Peer("bare Starlette, both flushes, no thread", both, lambda base: _running(base, "inline"), stack),
        Peer("bare Starlette, no flush", frozenset(), lambda base: _running(base, "fast"), stack),
    ]
