"""Who may ask for what: the role of a peer, by numeric ids, before any endpoint sees the request.

The socket's mode says who may connect at all; what they may do then is said here. Names mean nothing across containers,
so ids are compared as the kernel sees them on our side of the socket.
"""

from __future__ import annotations

import os
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from starlette.requests import Request

from confkeep.daemon import problems
from confkeep.daemon.safe import is_safe
from confkeep.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from confkeep.daemon.peer import Peer
    from confkeep.daemon.settings import AccessSettings, WhoSettings

#: What the kernel shows for ids that our user namespace has no name for (Documentation/admin-guide/sysctl/kernel.rst,
#: overflowuid): anybody, and so nobody.
NOBODY: Final = 65534
#: Liveness is asked by whoever may connect.
_OPEN: Final = {"/healthz", "/readyz"}
#: What concerns other containers.
_OF_OTHERS: Final = {"/v1/doctor", "/v1/mounts"}


class Role(IntEnum):
    """Each may what those before it may: nothing, read, save, and see what concerns other containers."""

    NONE = 0
    READER = 1
    EDITOR = 2
    ADMIN = 3


def role_of(peer: Peer | None, access: AccessSettings, socket_group: int) -> Role:
    """The highest role that the settings give to one of the peer's ids.

    Our own user and root are admins, the socket's group edits, whether or not the settings name others.
    """
    if peer is None:
        return Role.ADMIN  # no socket: the application is called in this very process
    if peer.uid == NOBODY:
        return Role.NONE
    groups = {peer.gid, *peer.groups} - {NOBODY}
    if peer.uid in {0, os.geteuid()} or _names(access.admins, peer.uid, groups):
        return Role.ADMIN
    if _names(access.editors, peer.uid, groups):
        return Role.EDITOR
    if _names(access.readers, peer.uid, groups):
        return Role.READER
    return Role.EDITOR if socket_group in groups else Role.NONE


def _names(who: WhoSettings, uid: int, groups: set[int]) -> bool:
    return uid in who.uids or not groups.isdisjoint(who.gids)


class Guard:
    """Lets requests through to ``app`` that the peer's role allows; the others are answered 403 ``forbidden``."""

    def __init__(self, app: ASGIApp, role: Callable[[Peer | None], Role]) -> None:
        """``role`` says what a peer may."""
        self.app = app
        self.role = role

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            state = scope.setdefault("state", {})
            peer: Peer | None = state.get("peer")
            role = self.role(peer)
            state["role"] = role.name.lower()
            needed = _needed(scope["method"], scope["path"])
            if role < needed and scope["path"] not in _OPEN:
                refused = await problems.on_named_error(Request(scope), _refusal(peer, role, needed))
                await refused(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _needed(method: str, path: str) -> Role:
    if path in _OF_OTHERS:
        return Role.ADMIN
    return Role.READER if is_safe(method, path) else Role.EDITOR


def _refusal(peer: Peer | None, role: Role, needed: Role) -> Forbidden:
    groups = "" if peer is None else ", ".join(map(str, sorted({peer.gid, *peer.groups})))
    who = "this peer" if peer is None else f"uid {peer.uid} (groups {groups})"
    grouped = "" if needed is Role.ADMIN else ", or add the peer to the socket's group (compose: group_add)"
    return Forbidden(
        f"{who} has the role {role.name.lower()}, this request needs {needed.name.lower()}",
        remedy=f"name the uid or one of the groups in [access.{needed.name.lower()}s] of the settings{grouped}",
        role=role.name.lower(),
        needed=needed.name.lower(),
    )
