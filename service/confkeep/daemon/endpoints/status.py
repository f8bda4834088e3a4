"""``/healthz``: the process answers. ``/readyz``: it takes saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse

from confkeep.daemon import service
from confkeep.daemon.answers import ReadyAnswer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class HealthEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, _: Request) -> Response:
        """Always 200: no file, no store is asked."""
        return PlainTextResponse("ok\n")


class ReadyEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, request: Request) -> Response:
        """200 when the store is open, nothing is half written and every root is there; 503 and why otherwise."""
        daemon = service.of(request)
        roots, left = await daemon.look(daemon.root_states), await daemon.look(daemon.unsettled)
        unsettled = [{"path": item.path, "reason": item.detail} for item in left]
        ready = not daemon.stopping and not unsettled and all(state == "ok" for state in roots.values())
        recovered = sum(item.settled for item in daemon.recovered)
        body = ReadyAnswer(ready, "open", roots, recovered, unsettled, daemon.findings())
        return service.answer(body, 200 if ready else 503)
