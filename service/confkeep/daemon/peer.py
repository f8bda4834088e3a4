"""Who is at the other end of a connection: SO_PEERCRED (unix(7))."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from confkeep.daemon import problems

if TYPE_CHECKING:
    import asyncio

_UCRED = struct.Struct("=iII")


class Peer(NamedTuple):
    """Across containers uid and gid are right, and pid is 0."""

    pid: int
    uid: int
    gid: int


class PeerProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that knows the connection's peer, and whose own errors are problems like all others."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the kernel once a connection."""
        connection: Any = transport.get_extra_info("socket")
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        self.app_state = {**self.app_state, "peer": Peer(*_UCRED.unpack(credentials))}
        super().connection_made(cast("asyncio.Transport", transport))

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP never reaches the application."""
        body = problems.of_garbage(msg)
        head = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode("ascii") + body)
        self.transport.close()
