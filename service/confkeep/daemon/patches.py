"""The bodies of PATCH: which kinds there are, and how they come to a file."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from confkeep.errors import BadPatch, BodyTooLarge, UnsupportedMediaType

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from confkeep.daemon.requests import Address
    from confkeep.documents.patch import Operations
    from confkeep.keeper import Keeper
    from confkeep.keeper import Request as Save
    from confkeep.saved import Saved


class Kind(StrEnum):
    """The media types that are taken: RFC 6902, section 6, and RFC 7396, section 4."""

    JSON_PATCH = "application/json-patch+json"
    MERGE_PATCH = "application/merge-patch+json"


def kind_of(request: Request) -> Kind:
    """What the body is, by its Content-Type. Raises UnsupportedMediaType."""
    said = request.headers.get("content-type", "")
    try:
        return Kind(said.partition(";")[0].strip().lower())
    except ValueError:
        raise UnsupportedMediaType(
            f"a patch cannot be of the type {said!r}",
            remedy="send Content-Type: " + " or ".join(Kind),
            accepted=list(Kind),
        ) from None


def patch(keeper: Keeper, at: Address, kind: Kind, body: bytes, save: Save) -> Saved:
    """Change the file at ``at`` as ``body`` says. For a worker thread: the parsers are imported when first needed."""
    from confkeep import editing

    return editing.patch(keeper, at.root, at.relative, operations(kind, body), save)


def patching(at: Address, body: bytes, most: int) -> Callable[[str, bytes], bytes]:
    """The same of one change of a transaction: an array is a JSON Patch, an object a merge patch.

    Raises as ``operations``.
    """
    from confkeep import editing

    kind = {b"[": Kind.JSON_PATCH, b"{": Kind.MERGE_PATCH}.get(body[:1])
    if kind is None:
        raise BadPatch(
            f"{at.root.name}/{at.relative}: patch is neither an array nor an object",
            remedy="send an array of operations (RFC 6902), or an object to be merged (RFC 7396)",
        )
    return editing.patching(at.root, at.relative, operations(kind, body), most=most)


def operations(kind: Kind, body: bytes) -> Operations:
    """What is to be done. Raises BadPatch, BodyTooLarge."""
    from confkeep.documents.patch import json_patch, merge_patch
    from confkeep.editing import MOST

    if len(body) > MOST:
        raise BodyTooLarge(
            f"the patch has {len(body)} bytes; up to {MOST} are taken", remedy="save the whole file", limit=MOST
        )
    return json_patch(body) if kind is Kind.JSON_PATCH else merge_patch(body)
