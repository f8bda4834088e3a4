"""One line for each unsafe request: who asked for what, and what came of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from confkeep.daemon.safe import is_safe

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from confkeep.daemon.peer import Peer

_log: Final = logging.getLogger("confkeep.audit")


class Audit:
    """Wraps the whole application, so that no endpoint can forget it. Each request has its id by then.

    The line is in the log before its caller has the answer. It says who by the numbers of the connection's peer and
    its role (``state["peer"]``, ``state["role"]``), and what by method and path as they came: still encoded, so that no
    path can write lines of its own. The revisions of a transaction have the request's id in the history.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or is_safe(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        status: int | None = None
        revision: str | None = None

        async def told(message: Message) -> None:
            nonlocal status, revision
            if message["type"] == "http.response.start":
                status = message["status"]
                revision = dict(message["headers"]).get(b"revision", b"").decode("ascii") or None
                _tell(scope, status, revision)
            await send(message)

        try:
            await self._app(scope, receive, told)
        finally:
            if status is None:
                _tell(scope, None, None)


def _tell(scope: Scope, status: int | None, revision: str | None) -> None:
    state = scope["state"]
    peer: Peer | None = state.get("peer")
    problem = state.get("problem", {})
    said: dict[str, Any] = {
        "request_id": state["request_id"],
        "uid": None if peer is None else peer.uid,
        "gid": None if peer is None else peer.gid,
        "pid": None if peer is None else peer.pid,
        "role": state.get("role"),
        "method": scope["method"],
        "path": scope["raw_path"].decode("ascii", "backslashreplace"),
        "files": state.get("files"),
        "status": status,
        "outcome": state.get("outcome"),
        "revisions": state.get("revisions") or ([] if revision is None else [int(revision)]) or None,
        "slug": problem.get("slug"),
        "detail": problem.get("detail"),
    }
    _log.info("%s", _text(said), extra={"confkeep": {name: value for name, value in said.items() if value is not None}})


def _text(said: dict[str, Any]) -> str:
    """The same for people."""
    result = [said["status"] or "no answer", said["slug"] or said["outcome"]]
    result += [f"({said['detail']!r})"] if said["detail"] else []
    numbers: list[int | None] = said["revisions"] or []
    revisions = [str(number) for number in numbers if number is not None]
    result += [f"revision {', '.join(revisions)}"] if revisions else []
    # Else the path has said it.
    result += [f"of {', '.join(map(repr, said['files']))}"] if said["files"] and said["method"] == "POST" else []
    came = " ".join(str(word) for word in result if word)
    who = "uid {uid} gid {gid} pid {pid} role {role} {request_id}".format_map(said)
    return f"{said['method']} {said['path']}: {came}; {who}"
