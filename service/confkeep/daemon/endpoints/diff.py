"""``/v1/diff/{root}/{path}``: what is different between two contents of a file, or between one and a proposed one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from starlette.endpoints import HTTPEndpoint
from starlette.responses import Response

from confkeep.daemon import service
from confkeep.daemon.comparisons import DiffAnswer
from confkeep.daemon.requests import DISK, Address, Parameters, body, file_address
from confkeep.etag import etag_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from confkeep.comparing import Compared
    from confkeep.keeper import Keeper

_PREFIX: Final = "/v1/diff/"
#: Without a charset: a diff is in that of its file.
_MEDIA_TYPE: Final = "text/x-diff"


class DiffFormat(StrEnum):
    """``unified``: what patch(1) takes. ``json``: that, and which paths of the document changed from what to what."""

    UNIFIED = "unified"
    JSON = "json"


class DiffEndpoint(HTTPEndpoint):
    """GET compares two contents of the file, POST one with the body. Neither writes anything."""

    async def get(self, request: Request) -> Response:
        """From the revision before it to what is on the disk, unless the query says otherwise."""
        daemon = service.of(request)
        at = file_address(request, _PREFIX, daemon.roots)
        parameters = Parameters(request, "from", "to", "format")
        old, new = parameters.version("from"), parameters.version("to")
        format_ = parameters.one_of("format", DiffFormat)
        compared = await daemon.run(_recorded, daemon.keeper, at, old, DISK if new is None else new, format_)
        return _answer(at, compared, format_)

    async def post(self, request: Request) -> Response:
        """From what is on the disk, unless the query says otherwise, to the body."""
        daemon = service.of(request)
        at = file_address(request, _PREFIX, daemon.roots)
        parameters = Parameters(request, "from", "format")
        old = parameters.version("from")
        format_ = parameters.one_of("format", DiffFormat)
        proposed = await body(request, daemon.settings.max_body)
        compared = await daemon.run(_proposed, daemon.keeper, at, DISK if old is None else old, proposed, format_)
        return _answer(at, compared, format_)


def _recorded(
    keeper: Keeper, at: Address, old: int | str | None, new: int | str, format_: DiffFormat | None
) -> Compared:
    from confkeep import comparing  # on the worker thread, where it is first needed: the parsers take time

    after = comparing.side(keeper, at.root, at.relative, new)
    if old is None:
        before = comparing.previous(keeper, at.root, at.relative, after, is_there=new == DISK)
    else:
        before = comparing.side(keeper, at.root, at.relative, old)
    return comparing.compare(at.root, at.relative, before, after, by_structure=format_ is DiffFormat.JSON)


def _proposed(keeper: Keeper, at: Address, old: int | str, proposed: bytes, format_: DiffFormat | None) -> Compared:
    from confkeep import comparing

    before = comparing.side(keeper, at.root, at.relative, old)
    after = comparing.Side(before.path, proposed, etag_of(proposed))
    return comparing.compare(at.root, at.relative, before, after, by_structure=format_ is DiffFormat.JSON)


def _answer(at: Address, compared: Compared, format_: DiffFormat | None) -> Response:
    if format_ is DiffFormat.JSON:
        return service.answer(DiffAnswer.of(at, compared))
    return Response(compared.unified, headers={"Content-Type": _MEDIA_TYPE})
