"""What no request may be, whatever it wants: one that two readers could read in two ways (RFC 9112).

The parser itself (llhttp) refuses bare CR, LF and NUL, folded lines, unknown methods, chunks that are none, and a
Content-Length that is repeated, no number, or beside a Transfer-Encoding.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.requests import Request

from confkeep.daemon import problems
from confkeep.errors import ConfkeepError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

#: A name, an IPv4 or a bracketed IPv6 address, or nothing, and a port (RFC 9112, 3.2; RFC 3986, 3.2.2).
_HOST: Final = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?", re.ASCII)


class BadRequest(ConfkeepError):
    """No HTTP/1.1, or HTTP that could be read in two ways."""

    slug, title, status, exit_code = "bad-request", "Not a request that this service takes", 400, 2


class RequestTimeout(ConfkeepError):
    """The request was begun and not finished in time."""

    slug, title, status, exit_code = "request-timeout", "The request came too slowly", 408, 2


class ExpectationFailed(ConfkeepError):
    """``Expect`` asks for something other than ``100-continue`` (RFC 9110, 10.1.1)."""

    slug, title, status, exit_code = "expectation-failed", "The expectation cannot be met", 417, 2


class HeadersTooLarge(ConfkeepError):
    """More headers, or longer ones, than the settings allow (RFC 6585, section 5)."""

    slug, title, status, exit_code = "headers-too-large", "The headers are too large", 431, 2


class Head(NamedTuple):
    """A request without its body; names of ``headers`` are in lower case."""

    target: bytes
    version: str
    headers: list[tuple[bytes, bytes]]

    def values(self, name: bytes) -> list[bytes]:
        """What each line of that name says."""
        return [value for found, value in self.headers if found == name]


def check(head: Head) -> None:
    """Raise BadRequest or ExpectationFailed."""
    if head.version not in {"1.0", "1.1"}:
        raise BadRequest(f"this is HTTP/{head.version}", remedy="send HTTP/1.1")
    _check_target(head.target)
    _check_host(head)
    _check_coding(head)
    for value in head.values(b"expect"):
        if value.lower() != b"100-continue":
            raise ExpectationFailed(f"Expect: {_shown(value)} is not known here", remedy="leave Expect out")


def _check_target(target: bytes) -> None:
    if not target.startswith(b"/"):
        raise BadRequest(
            f"the request target {_shown(target)} is no path", remedy="send the path alone: GET /v1 HTTP/1.1"
        )
    if b"#" in target:  # the parser would cut it off, and another file would be meant (RFC 9112, 3.2)
        raise BadRequest(f"the request target {_shown(target)} has a '#'", remedy="write '#' in a path as %23")


def _check_host(head: Head) -> None:
    hosts = head.values(b"host")
    if len(hosts) > 1 or (not hosts and head.version == "1.1"):
        raise BadRequest(f"there are {len(hosts)} Host headers", remedy="send one Host header; any name will do")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise BadRequest(f"Host: {_shown(hosts[0])} is no host", remedy="send a name, such as Host: confkeep")


def _check_coding(head: Head) -> None:
    codings = head.values(b"transfer-encoding")
    if codings and head.version == "1.0":
        raise BadRequest("HTTP/1.0 has no Transfer-Encoding", remedy="send HTTP/1.1, or a Content-Length")
    if codings and [coding.lower() for coding in codings] != [b"chunked"]:
        raise BadRequest(
            f"Transfer-Encoding: {_shown(b', '.join(codings))} is not taken", remedy="send chunked, or a Content-Length"
        )


def _shown(value: bytes) -> str:
    """At most 100 characters of ``value``, none of them beyond ASCII."""
    return ascii(value.decode("latin-1"))[:100]


class Refusing:
    """Answers those requests that the connection has refused: in their turn, and like every other problem."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        refusal: ConfkeepError | None = scope.get("state", {}).get("refusal")
        if refusal is None:
            await self.app(scope, receive, send)
            return
        response = await problems.on_named_error(Request(scope), refusal)
        await response(scope, receive, send)
