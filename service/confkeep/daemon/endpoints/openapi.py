"""``/openapi.json``: what this API is, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.endpoints import HTTPEndpoint
from starlette.responses import Response

from confkeep.daemon import service
from confkeep.daemon.requests import Parameters

if TYPE_CHECKING:
    from starlette.requests import Request


class OpenApiEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, request: Request) -> Response:
        """The document; put together when it is first asked for, while others are served."""
        Parameters(request)
        return Response(await service.of(request).run(_document), media_type="application/json")


def _document() -> bytes:
    from confkeep.daemon.openapi.document import document

    return document()
