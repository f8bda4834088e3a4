"""``/v1/history/{root}/{path}``: what a file has been."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.endpoints import HTTPEndpoint

from confkeep.absent import called
from confkeep.daemon import service
from confkeep.daemon.answers import HistoryAnswer, RevisionAnswer, is_secret
from confkeep.daemon.requests import Parameters, file_address

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from confkeep.history.revisions import Revision

_PAGE: Final = 100
_LONGEST_PAGE: Final = 1_000
_LARGEST_ID: Final = (1 << 63) - 1


class HistoryEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, request: Request) -> Response:
        """Revisions, newest first. A file that never was recorded has none; whether it exists is not asked."""
        daemon = service.of(request)
        at = file_address(request, "/v1/history/", daemon.roots)
        parameters = Parameters(request, "limit", "before")
        limit = parameters.number("limit", _PAGE, _LONGEST_PAGE) or _PAGE
        before = parameters.number("before", None, _LARGEST_ID)

        def listed() -> tuple[str, list[Revision]]:
            path = called(at.root, at.relative)
            return path, daemon.keeper.history(at.root, at.relative, limit + 1, before)

        path, found = await daemon.run(listed)
        shown = [RevisionAnswer.of(revision) for revision in found[:limit]]
        more = shown[-1].id if len(found) > limit else None
        return service.answer(HistoryAnswer(at.root.name, at.relative, is_secret(at, path), shown, more))
