"""Errors as ``application/problem+json`` (RFC 9457), in one place."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from confkeep.daemon.safe import is_safe
from confkeep.errors import ConfkeepError, IoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

_log: Final = logging.getLogger("confkeep")
_SLUGS: Final = {404: "no-endpoint", 405: "method-not-allowed"}


def problem_of(error: ConfkeepError, request_id: str) -> dict[str, Any]:
    """The members of the answer: ``slug`` is stable, ``remedy`` is for people, the rest is typed per slug."""
    return {
        "type": f"urn:confkeep:problem:{error.slug}",
        "slug": error.slug,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "remedy": error.remedy,
        "request_id": request_id,
        **error.members,
    }


def _line(request: Request) -> str:
    """Method and path as they came: still encoded, so that a path cannot write lines of its own into the log."""
    return f"{request.method} {request.scope['raw_path'].decode('ascii', 'replace')}"


def _answer(
    request: Request, members: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """The metrics and the audit see the problem in the request's state, wherever it was raised."""
    request.state.problem = members
    body = msgspec.json.encode(members, enc_hook=str) + b"\n"
    return Response(body, status, dict(headers or {}), media_type="application/problem+json")


async def on_named_error(request: Request, error: Exception) -> Response:
    """Translate what confkeep raises on purpose."""
    if not isinstance(error, ConfkeepError):
        raise error
    headers: dict[str, str] = {}
    if error.status == 413:  # noqa: PLR2004 - the rest of the body is not read: this connection ends here
        headers["Connection"] = "close"
    if error.status == 423:  # noqa: PLR2004 - nothing was touched: the same request may succeed at once
        headers["Retry-After"] = "1"
    if error.status == 415:  # noqa: PLR2004 - RFC 5789, 2.2
        headers["Accept-Patch"] = ", ".join(error.members.get("accepted", ()))
    if error.members.get("etag"):
        headers["ETag"] = f'"{error.members["etag"]}"'
    if is_safe(request.method, request.scope["path"]):  # of the others the audit has a line
        _log.info("%s: %s (%r) %s", _line(request), error.slug, error.detail, request.state.request_id)
    return _answer(request, problem_of(error, request.state.request_id), error.status, headers)


async def on_os_error(request: Request, error: Exception) -> Response:
    """The operating system failed while we looked or read: nothing was written."""
    _log.error("%s: %s %s", _line(request), error, request.state.request_id)
    named = IoError(f"{error}; nothing was written", remedy="look at the kernel log (dmesg) for errors of the disk")
    return _answer(request, problem_of(named, request.state.request_id), named.status)


async def on_disconnect(_: Request, __: Exception) -> Response:
    """The caller went away in the middle of its body: nothing was saved, and nobody reads this."""
    return Response(status_code=400)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Unknown paths and methods."""
    if not isinstance(error, HTTPException):
        raise error
    members = {
        "type": f"urn:confkeep:problem:{_SLUGS.get(error.status_code, 'http')}",
        "slug": _SLUGS.get(error.status_code, "http"),
        "title": error.detail,
        "status": error.status_code,
        "detail": f"{_line(request)}: {error.detail}",
        "remedy": "GET /v1 lists what this service can do",
        "request_id": request.state.request_id,
    }
    return _answer(request, members, error.status_code, error.headers)


async def on_bug(request: Request, error: Exception) -> Response:
    """Anything else is our mistake; the log has the traceback under the request's id."""
    _log.error("%s: %r %s", _line(request), error, request.state.request_id)
    named = ConfkeepError(
        f"{type(error).__name__} in confkeep itself", remedy="please report it with the log's traceback"
    )
    return _answer(request, problem_of(named, request.state.request_id), named.status)
