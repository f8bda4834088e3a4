"""``/v1/files/{root}/{path}``: the bytes of a file, and the listing of a root."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate
from itertools import islice
from typing import TYPE_CHECKING, Final

from starlette.endpoints import HTTPEndpoint
from starlette.responses import Response

from confkeep.daemon import patches, saves, service
from confkeep.daemon.answers import EntryAnswer, ListAnswer
from confkeep.daemon.requests import Address, Parameters, address, body, file_address, not_modified, precondition
from confkeep.documents.format import Format, format_of
from confkeep.errors import BadParameter, NotFound
from confkeep.files.listing import entries
from confkeep.transaction import Change

if TYPE_CHECKING:
    from starlette.requests import Request

    from confkeep.daemon.service import Service
    from confkeep.keeper import Keeper
    from confkeep.keeper import Request as Save
    from confkeep.saved import Content, Saved

_PREFIX: Final = "/v1/files/"
#: RFC 9512, RFC 8259; toml.io registered the third (IANA). The others have none of their own.
_MEDIA_TYPES: Final = {
    Format.YAML: "application/yaml",
    Format.JSON: "application/json",
    Format.TOML: "application/toml",
}
_PAGE: Final = 1_000
_LONGEST_PAGE: Final = 10_000


class FileEndpoint(HTTPEndpoint):
    """GET, HEAD, PUT, PATCH and DELETE of one file; GET of a root lists its files."""

    async def get(self, request: Request) -> Response:
        """The bytes, whole, with their etag; 304 when the caller has them."""
        at = address(request, _PREFIX, service.of(request).roots)
        if not at.relative:
            return await _listing(request, at)
        Parameters(request)
        content = await service.of(request).run(service.of(request).keeper.read, at.root, at.relative)
        headers = _headers(content)
        if not_modified(request, content.etag):
            return Response(status_code=304, headers=headers)
        return Response(content.data, 200, headers, media_type=_media_type(at.relative))

    async def put(self, request: Request) -> Response:
        """Save the body as the whole new content of the file."""
        daemon = service.of(request)
        at = _to_be_changed(request, daemon)
        parameters = saves.wishes(request, "keep")
        keep = parameters.one_of("keep", saves.Keep)
        save = saves.save_of(request, parameters)
        secret = at.root.is_secret(at.relative)
        save = replace(save, data=await body(request, daemon.settings.max_body), secret=secret)
        if keep is saves.Keep.COMMENTS:
            saved = await saves.one(request, at, _save_keeping, daemon.keeper, at, save)
        else:
            saved = await saves.one(request, at, daemon.keeper.save, at.root, at.relative, save)
        return saves.answer_of(daemon, at, saved, save.author)

    async def patch(self, request: Request) -> Response:
        """Change something of the document in the file, every other byte kept."""
        daemon = service.of(request)
        at = _to_be_changed(request, daemon)
        save = saves.save_of(request, saves.wishes(request))
        if save.expect.absent:
            raise BadParameter("a patch cannot expect that nothing is there", remedy='send If-Match: "ETAG" or *')
        kind = patches.kind_of(request)
        sent = await body(request, daemon.settings.max_body)
        save = replace(save, secret=at.root.is_secret(at.relative))
        saved = await saves.one(request, at, patches.patch, daemon.keeper, at, kind, sent, save)
        return saves.answer_of(daemon, at, saved, save.author)

    async def delete(self, request: Request) -> Response:
        """Remove the file, which holds what ``If-Match`` says; its last content stays in the history."""
        daemon = service.of(request)
        at = _to_be_changed(request, daemon)
        parameters = Parameters(request, "message", "dry_run")
        expect = precondition(request)
        if expect.absent:
            raise BadParameter("a removal cannot expect that nothing is there", remedy='send If-Match: "ETAG" or *')
        await body(request, 0)
        author = saves.author_of(request, parameters.text("message"))
        change = Change(root=at.root, path=at.relative, data=None, expect=expect)
        dry_run = parameters.flag("dry_run")
        (removed,) = await saves.several(request, [at], daemon.keeper.transaction, [change], author, dry_run=dry_run)
        if not removed.changed:
            raise NotFound(f"{removed.path} does not exist", remedy="nothing is left to be removed")
        answer = saves.answer_of(daemon, at, removed, author)
        return answer if dry_run else Response(status_code=204, headers={"Revision": str(removed.revision)})


def _save_keeping(keeper: Keeper, at: Address, save: Save) -> Saved:
    from confkeep import editing  # on the worker thread, where it is first needed: the parsers take time

    return editing.save(keeper, at.root, at.relative, save)


def _to_be_changed(request: Request, daemon: Service) -> Address:
    """The file that the request names. Raises ShuttingDown, BadPath, NoRoot, NotARegularFile for a root."""
    saves.refuse_when_stopping(daemon)
    return file_address(request, _PREFIX, daemon.roots)


def _headers(content: Content) -> dict[str, str]:
    headers = {
        "ETag": f'"{content.etag}"',
        "Last-Modified": formatdate(content.stat.st_mtime, usegmt=True),
        "Cache-Control": "no-cache",
    }
    if content.revision is not None:
        headers["Revision"] = str(content.revision)
    return headers


def _media_type(path: str) -> str:
    known = format_of(path)
    return "application/octet-stream" if known is None else _MEDIA_TYPES.get(known, "application/octet-stream")


async def _listing(request: Request, at: Address) -> Response:
    parameters = Parameters(request, "prefix", "limit", "after")
    limit = parameters.number("limit", _PAGE, _LONGEST_PAGE) or _PAGE

    def page() -> ListAnswer:
        found = list(islice(entries(at.root, parameters.text("prefix"), parameters.text("after")), limit + 1))
        shown = [
            EntryAnswer(entry.path, entry.size, datetime.fromtimestamp(entry.modified / 1e9, UTC))
            for entry in found[:limit]
        ]
        return ListAnswer(at.root.name, shown, shown[-1].path if len(found) > limit else None)

    return service.answer(await service.of(request).run(page))
