"""Who is at the other end of a connection: SO_PEERCRED and SO_PEERGROUPS (unix(7))."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from confkeep.daemon.connection import StrictProtocol
from confkeep.daemon.limits import Admission

if TYPE_CHECKING:
    import asyncio

_admission: Final = Admission()
_UCRED: Final = struct.Struct("=iII")
#: asm-generic/socket.h; Python does not name it.
_SO_PEERGROUPS: Final = 59
#: Python's getsockopt takes 1,024 bytes at most; of a peer with more groups than that the primary one alone counts.
_GROUPS_SIZE: Final = 1024


class Peer(NamedTuple):
    """Across containers uid and gids are right, and pid is 0. ``groups``: those that compose's ``group_add`` gives."""

    pid: int
    uid: int
    gid: int
    groups: tuple[int, ...] = ()


def peer_of(connection: socket.socket) -> Peer:
    """Who connected; asked of the kernel, which noted it at that moment."""
    pid, uid, gid = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(pid, uid, gid, _groups_of(connection))


def _groups_of(connection: socket.socket) -> tuple[int, ...]:
    try:
        found = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _GROUPS_SIZE)
    except OSError:
        return ()  # too many, or a kernel before 4.13
    return struct.unpack(f"={len(found) // 4}I", found)


class PeerProtocol(StrictProtocol):
    """The protocol of our socket: each request knows its connection's peer, and nobody takes all descriptors."""

    _admitted: int | None = None  # the uid

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the kernel once a connection; hang up at once where there are too many (limits.py)."""
        connection: socket.socket = transport.get_extra_info("socket")
        peer = peer_of(connection)
        if not _admission.enter(peer.uid):
            cast("asyncio.Transport", transport).abort()
            return
        self._admitted = peer.uid
        self.app_state = {**self.app_state, "peer": peer}
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another."""
        if self._admitted is None:
            return  # uvicorn has never heard of it
        _admission.leave(self._admitted)
        super().connection_lost(exc)
