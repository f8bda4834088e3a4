"""``/v1/transactions``: several files at once, all of them or none."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import msgspec
from starlette.endpoints import HTTPEndpoint

from confkeep.daemon import patches, saves, service
from confkeep.daemon.answers import SaveAnswer, TransactionAnswer
from confkeep.daemon.requests import Address, Parameters, address_of, body, expect_of
from confkeep.documents.check import Validate
from confkeep.errors import BadParameter, BadPatch, BodyTooLarge
from confkeep.files.root import OnBusy
from confkeep.transaction import Change

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from confkeep.daemon.service import Service


#: As it came: the patch itself says what is wrong with it, and numbers stay as they are written.
Patch: TypeAlias = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": ["array", "object"]})]


class ChangeRequest(msgspec.Struct, forbid_unknown_fields=True):
    """One file: ``content`` (text) or ``content_base64`` (any bytes) is to be in it, or it is to be removed.

    Or it is to be changed by ``patch``: an array is a JSON Patch (RFC 6902), an object a merge patch (RFC 7396).
    """

    root: str
    path: str
    content: str | None = None
    content_base64: str | None = None
    remove: bool = False
    patch: Patch | msgspec.UnsetType = msgspec.UNSET
    if_match: str | None = None
    if_none_match: str | None = None
    validate: Validate = Validate.SYNTAX
    on_busy: OnBusy | None = None


class TransactionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of the request."""

    changes: list[ChangeRequest]


_DECODER: Final = msgspec.json.Decoder(TransactionRequest)


class TransactionEndpoint(HTTPEndpoint):
    """POST only."""

    async def post(self, request: Request) -> Response:
        """Save and remove files: each change with its precondition, all of them or none."""
        daemon = service.of(request)
        saves.refuse_when_stopping(daemon)
        parameters = Parameters(request, "message", "dry_run")
        author = saves.author_of(request, parameters.text("message"))
        dry_run = parameters.flag("dry_run")
        wanted = _decoded(await body(request, daemon.settings.max_body), daemon.settings.max_changes)
        places = [address_of(change.root, change.path, daemon.roots) for change in wanted]
        most = daemon.settings.max_body
        changes = await daemon.run(
            lambda: [_change(change, at, most) for change, at in zip(wanted, places, strict=True)]
        )
        done = await saves.several(request, places, daemon.keeper.transaction, changes, author, dry_run=dry_run)
        answers = [SaveAnswer.of(at, saved, author.request) for at, saved in zip(places, done, strict=True)]
        _tell(daemon, answers)
        return service.answer(TransactionAnswer(answers, dry_run, author.request))


def _tell(daemon: Service, answers: list[SaveAnswer]) -> None:
    for answer in answers:
        if answer.changed:
            daemon.maintenance.saved()


def _decoded(data: bytes, most: int) -> list[ChangeRequest]:
    try:
        changes = _DECODER.decode(data).changes
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadParameter(
            f"the body is not what a transaction looks like: {error}",
            remedy='send {"changes": [{"root": …, "path": …, "if_match": …, "content": …}, …]}',
        ) from error
    if not 1 <= len(changes) <= most:
        raise BadParameter(
            f"a transaction has 1 to {most} changes, this one {len(changes)}", remedy="send several", limit=most
        )
    return changes


def _change(change: ChangeRequest, at: Address, most: int) -> Change:
    what = f"{change.root}/{change.path}"
    patch = b"" if change.patch is msgspec.UNSET else bytes(change.patch)
    given = [change.content is not None, change.content_base64 is not None, change.remove, bool(patch)]
    if sum(given) != 1:
        raise BadParameter(
            f"{what}: one of content, content_base64, patch and remove says what is to become of it", remedy="give one"
        )
    expect = expect_of(change.if_match, change.if_none_match, what)
    if patch and expect.absent:
        raise BadParameter(f"{what}: a patch cannot expect that nothing is there", remedy="give if_match")
    return Change(
        root=at.root,
        path=at.relative,
        data=None if change.remove or patch else _bytes(change, what),
        expect=expect,
        validate=change.validate,
        on_busy=change.on_busy,
        secret=at.root.is_secret(at.relative),
        rewrite=_patching(at, patch, most) if patch else None,
    )


def _patching(at: Address, patch: bytes, most: int) -> Callable[[str, bytes], bytes]:
    try:
        return patches.patching(at, patch, most)
    except (BadPatch, BodyTooLarge) as error:
        error.members |= {"root": at.root.name, "path": at.relative}
        raise


def _bytes(change: ChangeRequest, what: str) -> bytes:
    if change.content_base64 is None:
        return (change.content or "").encode("utf-8")
    try:
        return base64.b64decode(change.content_base64, validate=True)
    except ValueError as error:  # binascii.Error, or characters that are not ASCII
        raise BadParameter(f"{what}: content_base64 is not base64: {error}", remedy="encode it as RFC 4648") from error
