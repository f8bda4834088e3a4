"""``/v1/mounts``: which file or directory of the host is mounted where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.endpoints import HTTPEndpoint

from confkeep.daemon import service
from confkeep.daemon.diagnoses import MountsAnswer, plain
from confkeep.daemon.requests import Parameters

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class MountsEndpoint(HTTPEndpoint):
    """GET only, for admins."""

    async def get(self, request: Request) -> Response:
        """Everything that can be seen from here, looked at now."""
        Parameters(request)
        return service.answer(await service.of(request).run(_look))


def _look() -> MountsAnswer:
    from confkeep.layout.look import look
    from confkeep.layout.picture import document

    return msgspec.convert(plain(document(look())), MountsAnswer)
