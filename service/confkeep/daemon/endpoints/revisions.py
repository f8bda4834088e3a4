"""``/v1/revisions/{id}/content``: the bytes of a revision, which never change."""

from __future__ import annotations

import os
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from starlette.endpoints import HTTPEndpoint
from starlette.responses import Response

from confkeep.daemon import service
from confkeep.daemon.requests import Parameters, not_modified
from confkeep.errors import NotFound

if TYPE_CHECKING:
    from starlette.requests import Request

    from confkeep.daemon.service import Service
    from confkeep.history.revisions import Revision

_MOST_DIGITS: Final = 19  # of a 64-bit number


class ContentEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, request: Request) -> Response:
        """The bytes of one revision, of a file below one of the roots."""
        daemon = service.of(request)
        Parameters(request)
        revision, data = await daemon.run(_find, daemon, request.path_params["number"])
        headers = {
            "ETag": f'"{revision.etag}"',
            "Last-Modified": formatdate(revision.time / 1000, usegmt=True),
            "Cache-Control": "private, max-age=31536000, immutable",
            "Revision": str(revision.id),
        }
        if not_modified(request, revision.etag):
            return Response(status_code=304, headers=headers)
        return Response(data, 200, headers, media_type="application/octet-stream")


def _find(daemon: Service, number: str) -> tuple[Revision, bytes]:
    """State may be shared with the library: only files below a root are anybody's business here."""
    if not (number.isascii() and number.isdigit() and len(number) < _MOST_DIGITS):
        raise NotFound(f"there is no revision {number[:40]}", remedy="GET /v1/history/{root}/{path} lists them")
    path, revision, data = daemon.keeper.revision(int(number))
    if not any(_holds(os.path.realpath(root.path), path) for root in daemon.roots.values()):
        raise NotFound(f"revision {number} is of no file below a root", remedy="GET /v1 lists the roots")
    return revision, data


def _holds(root: str, path: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")
