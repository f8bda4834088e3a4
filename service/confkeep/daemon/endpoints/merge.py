"""``/v1/merge/{root}/{path}``: what the caller made of a file, and what somebody else did, as one content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.endpoints import HTTPEndpoint
from starlette.responses import Response

from confkeep.daemon import service
from confkeep.daemon.requests import Address, Parameters, body, file_address
from confkeep.daemon.saves import Keep
from confkeep.errors import BadParameter

if TYPE_CHECKING:
    from starlette.requests import Request

    from confkeep.comparing import Side
    from confkeep.documents.merge import Merged
    from confkeep.keeper import Keeper

_PREFIX: Final = "/v1/merge/"


class MergeEndpoint(HTTPEndpoint):
    """POST only."""

    async def post(self, request: Request) -> Response:
        """The body merged with what is on the disk. Nothing is written: ``ETag`` is what the save has to replace."""
        daemon = service.of(request)
        at = file_address(request, _PREFIX, daemon.roots)
        parameters = Parameters(request, "base", "keep")
        base, keep = parameters.version("base", disk=False), parameters.one_of("keep", Keep)
        if base is None:
            raise BadParameter(
                "a merge needs to know what was edited", remedy="give base: its etag, or its revision", parameter="base"
            )
        mine = await body(request, daemon.settings.max_body)
        merged, theirs = await daemon.run(_merged, daemon.keeper, at, mine, base, keep is Keep.COMMENTS)
        headers = {"ETag": f'"{theirs.etag}"', "Merged-By": merged.how}
        headers |= {} if theirs.revision is None else {"Revision": str(theirs.revision)}
        return Response(merged.data, 200, headers, media_type="application/octet-stream")


def _merged(keeper: Keeper, at: Address, mine: bytes, base: int | str, keeping: bool) -> tuple[Merged, Side]:  # noqa: FBT001 - daemon.run takes no names
    from confkeep import comparing  # on the worker thread, where it is first needed: the parsers take time

    return comparing.merged(keeper, at.root, at.relative, mine, base, keeping=keeping)
