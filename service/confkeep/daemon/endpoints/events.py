"""``/v1/events``: what happens to the files, as server-sent events (html.spec.whatwg.org, 9.2)."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.endpoints import HTTPEndpoint
from starlette.responses import StreamingResponse

from confkeep.daemon import service
from confkeep.daemon.events import EventType
from confkeep.daemon.requests import Parameters
from confkeep.errors import BadParameter, NoRoot, TooManyStreams

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from starlette.requests import Request
    from starlette.responses import Response

    from confkeep.daemon.events import Event, Events
    from confkeep.daemon.service import Service

#: Seconds between two signs of life where nothing happens: proxies and clients hang up on silence.
_HEARTBEAT: Final = 15.0
#: Milliseconds after which a client that lost the connection comes again.
_RETRY: Final = 2_000


class _Filter(NamedTuple):
    root: str
    prefix: str
    types: frozenset[str]

    def takes(self, event: Event) -> bool:
        """Whether the caller wants to know."""
        return (
            self.root in {"", event.root}
            and event.path.startswith(self.prefix)
            and (not self.types or event.type in self.types)
        )


class EventsEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, request: Request) -> Response:
        """A stream that ends when its reader leaves, or the daemon stops."""
        daemon = service.of(request)
        wanted = _filter(request, daemon)
        peer = getattr(request.state, "peer", None)
        uid = None if peer is None else peer.uid
        most = daemon.settings.max_streams
        if daemon.events.open[uid] >= most:
            raise TooManyStreams(
                f"uid {uid} has {most} streams of events open", remedy="close some, or raise max_streams", limit=most
            )
        stream = _stream(daemon.events, request.headers.get("last-event-id", ""), wanted, uid)
        return StreamingResponse(stream, headers={"Cache-Control": "no-store"}, media_type="text/event-stream")


def _filter(request: Request, daemon: Service) -> _Filter:
    parameters = Parameters(request, "root", "prefix", "types")
    root = parameters.text("root")
    if root and root not in daemon.roots:
        raise NoRoot(f"there is no root {root!r}", remedy="GET /v1 lists the roots; the settings name them")
    types = frozenset(filter(None, parameters.text("types").split(",")))
    unknown = types - set(EventType)
    if unknown:
        raise BadParameter(
            f"types={','.join(sorted(unknown))!r} are no types of events",
            remedy="give some of " + ", ".join(EventType),
            parameter="types",
        )
    return _Filter(root, parameters.text("prefix"), types)


async def _stream(events: Events, last: str, wanted: _Filter, uid: int | None) -> AsyncGenerator[bytes]:
    with _counted(events, uid):
        at = _position(events, last)
        yield f"retry: {_RETRY}\n".encode("ascii")
        if at is None:
            at = events.last
            yield _frame(events, at, "reset", b"{}")
        else:
            yield f"id: {events.epoch}-{at}\n\n".encode("ascii")
        said, heard = at, time.monotonic()
        async for is_new in events.changes(_HEARTBEAT):
            found = events.after(at) if is_new else []
            if found is None:
                at = events.last
                frames = _frame(events, at, "reset", b"{}")
            else:
                at = found[-1].number if found else at
                wants = filter(wanted.takes, found)
                frames = b"".join(_frame(events, each.number, each.type, each.data) for each in wants)
            if not frames and is_new and time.monotonic() < heard + _HEARTBEAT:
                continue
            yield frames or _sign_of_life(events, said, at)
            said, heard = at, time.monotonic()


def _sign_of_life(events: Events, said: int, at: int) -> bytes:
    """Also where things happen that are all filtered out: they are silence to the reader, who did not miss them."""
    position = "" if at == said else f"id: {events.epoch}-{at}\n"
    return f": still here\n{position}\n".encode("ascii")


def _position(events: Events, last: str) -> int | None:
    """After which event the caller goes on; None where it has to begin anew."""
    if not last:
        return events.last
    epoch, dash, number = last.partition("-")
    if epoch != events.epoch or not dash or not (number.isascii() and number.isdigit()):
        return None
    return int(number) if events.after(int(number)) is not None else None


def _frame(events: Events, number: int, name: str, data: bytes) -> bytes:
    return f"id: {events.epoch}-{number}\nevent: {name}\ndata: ".encode("ascii") + data + b"\n\n"


@contextmanager
def _counted(events: Events, uid: int | None) -> Generator[None]:
    events.open[uid] += 1
    try:
        yield
    finally:
        events.open[uid] -= 1
