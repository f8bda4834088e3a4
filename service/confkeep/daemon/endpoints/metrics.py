"""``/metrics``: what Prometheus scrapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.endpoints import HTTPEndpoint
from starlette.responses import Response

from confkeep.daemon import service
from confkeep.daemon.exposition import MEDIA_TYPE, text
from confkeep.daemon.requests import Parameters

if TYPE_CHECKING:
    from starlette.requests import Request


class MetricsEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, request: Request) -> Response:
        """All metrics in the text format 0.0.4."""
        Parameters(request)
        daemon = service.of(request)

        def scrape() -> str:
            from confkeep.daemon.readings import readings

            return text([*daemon.metrics.families(), *readings(daemon)])

        return Response(await daemon.look(scrape), media_type=MEDIA_TYPE)
