"""``/v1/revisions/{id}``: one revision; its bytes, which never change; and how they come back into the file."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from starlette.endpoints import HTTPEndpoint
from starlette.responses import Response

from confkeep.daemon import saves, service
from confkeep.daemon.answers import OneRevisionAnswer
from confkeep.daemon.requests import Address, Parameters, body, not_modified
from confkeep.errors import NotFound
from confkeep.files.root import relative_to

if TYPE_CHECKING:
    from starlette.requests import Request

    from confkeep.daemon.service import Service
    from confkeep.history.revisions import Revision

_MOST_DIGITS: Final = 19  # of a 64-bit number


class RevisionEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, request: Request) -> Response:
        """One revision of a file below one of the roots: whose, when, by whom."""
        daemon = service.of(request)
        Parameters(request)
        at, revision = await daemon.run(_about, daemon, request.path_params["number"])
        return service.answer(OneRevisionAnswer.of_one(at, revision))


class ContentEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, request: Request) -> Response:
        """The bytes of one revision, of a file below one of the roots."""
        daemon = service.of(request)
        Parameters(request)
        revision, data = await daemon.run(_content, daemon, request.path_params["number"])
        headers = {
            "ETag": f'"{revision.etag}"',
            "Last-Modified": formatdate(revision.time / 1000, usegmt=True),
            "Cache-Control": "private, max-age=31536000, immutable",
            "Revision": str(revision.id),
        }
        if not_modified(request, str(revision.etag)):
            return Response(status_code=304, headers=headers)
        return Response(data, 200, headers, media_type="application/octet-stream")


class RestoreEndpoint(HTTPEndpoint):
    """POST only."""

    async def post(self, request: Request) -> Response:
        """A new save of the revision's content to its file; query, preconditions and answer are those of a PUT."""
        daemon = service.of(request)
        saves.refuse_when_stopping(daemon)
        save = saves.save_of(request, saves.wishes(request))
        await body(request, 0)
        at, revision = await daemon.run(_about, daemon, request.path_params["number"])
        save = replace(save, secret=at.root.is_secret(at.relative))
        saved = await saves.one(request, at, daemon.keeper.restore, at.root, revision.id, save)
        return saves.answer_of(daemon, at, saved, save.author)


def _about(daemon: Service, number: str) -> tuple[Address, Revision]:
    """State may be shared with the library: only files below a root are anybody's business here."""
    if not (number.isascii() and number.isdigit() and len(number) < _MOST_DIGITS):
        raise NotFound(f"there is no revision {number[:40]}", remedy="GET /v1/history/{root}/{path} lists them")
    path, revision = daemon.keeper.about(int(number))
    for root in daemon.roots.values():
        relative = relative_to(root, path)
        if relative is not None:
            return Address(root, relative), revision
    raise NotFound(f"revision {number} is of no file below a root", remedy="GET /v1 lists the roots")


def _content(daemon: Service, number: str) -> tuple[Revision, bytes]:
    _about(daemon, number)
    _, revision, data = daemon.keeper.revision(int(number))
    return revision, data
