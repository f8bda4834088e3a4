"""A real server on a real socket that is no confkeep: it says what it was told to, whatever it is asked."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.daemon.running import PATIENCE, short_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from concurrent.futures import Future


@dataclass
class Server:
    """``host`` is where it listens; ``asked`` is the first of what came over each connection."""

    host: str
    asked: list[bytes] = field(default_factory=list[bytes])


@contextmanager
def answering(*handlers: bytes | Callable[[socket.socket], None]) -> Generator[Server]:
    """A connection for each of ``handlers``: bytes are sent once something was asked, and the connection is closed.

    In the end each of them must have had its connection, and be done with it.
    """
    with short_directory() as directory, socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor() as pool:
        listener.settimeout(PATIENCE)
        listener.bind(str(directory / "s"))
        listener.listen()
        server = Server(f"unix://{directory}/s")

        def accept() -> None:
            for handler in handlers:
                caller = listener.accept()[0]
                caller.settimeout(PATIENCE)
                server.asked.append(caller.recv(1 << 16))
                served.append(pool.submit(_serve, caller, handler))

        served: list[Future[None]] = []
        accepting = pool.submit(accept)
        yield server
        accepting.result(PATIENCE)
        for one in served:
            one.result(PATIENCE)


def _serve(caller: socket.socket, handler: bytes | Callable[[socket.socket], None]) -> None:
    with caller, suppress(ConnectionError):
        if isinstance(handler, bytes):
            caller.sendall(handler)
        else:
            handler(caller)


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer; the connection stays open as far as it says."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
