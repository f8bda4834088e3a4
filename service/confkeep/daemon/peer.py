"""Who is at the other end of a connection: SO_PEERCRED (unix(7))."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

_UCRED = struct.Struct("=iII")


class Peer(NamedTuple):
    """Across containers uid and gid are right, and pid is 0."""

    pid: int
    uid: int
    gid: int


class PeerProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that puts the connection's peer into the state of each of its requests."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the kernel once a connection."""
        connection: Any = transport.get_extra_info("socket")
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        self.app_state = {**self.app_state, "peer": Peer(*_UCRED.unpack(credentials))}
        super().connection_made(cast("asyncio.Transport", transport))
