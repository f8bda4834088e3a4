"""Saves of what is made from the content that is there: a patch, and a program's dump with the old comments.

The content is read, changed and saved with the etag of what was read. Nothing is locked in between: a save by somebody
else is a conflict, as for every editor. Where the caller takes any content (``If-Match: *``), it is done again; such
callers take turns.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Final

from confkeep.documents.edit import edit
from confkeep.documents.keep import Kept, keep
from confkeep.errors import (
    BodyTooLarge,
    ConfkeepError,
    Conflict,
    InvalidDocument,
    NotFound,
    NotRepresentable,
    PatchTestFailed,
    PointerNotFound,
)
from confkeep.expect import Expect
from confkeep.expected import conflict, known
from confkeep.kind import is_secret, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from confkeep.documents.patch import Operations
    from confkeep.files.root import Root
    from confkeep.keeper import Keeper, Request
    from confkeep.saved import Content, Saved

    #: The new content of a file, made of its path and its content.
    _Made: TypeAlias = Callable[[str, bytes], bytes]

#: Of the thread's processor time, for one document.
SECONDS: Final = 5.0
#: Bytes of a document, or of a patch, that is looked into: its nodes take up to a hundred times as much memory.
MOST: Final = 4 << 20
_ATTEMPTS: Final = 5
#: For callers that take any content: they do not overtake each other again and again. Any two files may share one.
_TURNS: Final = tuple(Lock() for _ in range(64))
_NO_FORMAT: Final = "the name of the file announces no format that is understood"
_OF_DOCUMENTS: Final = (InvalidDocument, NotRepresentable, PatchTestFailed, PointerNotFound)
_HIDDEN: Final = "what is there is not shown: the file is among the secrets of the settings"


def patch(keeper: Keeper, root: Root, relative: str, operations: Operations, request: Request) -> Saved:
    """Save the file with ``operations`` done to it; ``request.data`` does not count.

    Sent once more with the etag of before, it finds its own result, as any save does (``changed`` is False).
    Raises NotFound, PointerNotFound, PatchTestFailed, NotRepresentable, InvalidDocument, and as Keeper.save.
    """
    made = patching(root, relative, operations, most=keeper.most)
    return _rewrite(keeper, root, relative, request, made)


def save(keeper: Keeper, root: Root, relative: str, request: Request) -> Saved:
    """Save ``request.data``, a program's dump, with the comments and the layout of the text that it comes from.

    Where they cannot be kept the data is saved as it is, and ``kept_reason`` says why. Raises as Keeper.save.
    """
    kept = Kept(request.data, kept=False, reason="there was no text whose comments could be kept")

    def made(path: str, base: bytes) -> bytes:
        nonlocal kept
        format_, dialect = kind_of(root, path)
        if format_ is None:
            kept = Kept(request.data, kept=False, reason=_NO_FORMAT)
        elif max(len(base), len(request.data)) > MOST:
            kept = Kept(request.data, kept=False, reason=f"one of the two texts has over {MOST} bytes")
        else:
            kept = keep(base, request.data, format_, dialect, seconds=SECONDS)
            if not kept.kept and is_secret(root, relative):
                kept = replace(kept, reason=_HIDDEN)
        return kept.data

    if not request.expect.absent:
        with suppress(NotFound):  # then it is a conflict, or the directory is not there: the save says which
            saved = _rewrite(keeper, root, relative, request, made)
            return replace(saved, kept=kept.kept, kept_reason=kept.reason)
    return replace(keeper.save(root, relative, request), kept=False, kept_reason=kept.reason)


def patching(root: Root, relative: str, operations: Operations, *, most: int | None) -> _Made:
    """Makes the new content of the file: given its path and what is to be changed. Raises as ``patch``.

    BodyTooLarge, too: for a file of over ``MOST`` bytes, and, as of a save, for over ``most`` that are made of it.
    """

    def made(path: str, base: bytes) -> bytes:
        format_, dialect = kind_of(root, path)
        if format_ is None:
            remedy = "save the whole file, or name its format in the settings (formats)"
            raise NotRepresentable(f"{path}: {_NO_FORMAT}", remedy=remedy)
        if len(base) > MOST:
            raise BodyTooLarge(
                f"{path} has {len(base)} bytes; up to {MOST} are patched", remedy="save the whole file", limit=MOST
            )
        try:
            data = edit(base, operations, format_, dialect, seconds=SECONDS)
        except TimeoutError as error:
            raise too_long(path) from error
        except _OF_DOCUMENTS as error:
            if is_secret(root, relative):
                raise type(error)(f"{path}: {_HIDDEN}", remedy="read the file, and save the whole of it") from None
            remedy = error.remedy or "save the whole file"
            raise type(error)(f"{path}: {error.detail}", remedy=remedy, **error.members) from error
        if most is not None and len(data) > most:
            raise BodyTooLarge(
                f"{path} would have {len(data)} bytes, over the limit of {most}",
                remedy="raise max_body in the settings if this really is configuration",
                limit=most,
            )
        return data

    return made


def too_long(path: str) -> InvalidDocument:
    """The error for a document that takes too much time."""
    return InvalidDocument(
        f"{path}: this takes over {SECONDS:g} s of processor time",
        remedy="make the document smaller, or save the whole file",
    )


def _rewrite(keeper: Keeper, root: Root, relative: str, request: Request, made: _Made) -> Saved:
    """Save what is ``made`` of the expected content, given the file's path and that content."""
    if not request.expect.anything:
        return _attempt(keeper, root, relative, request, made)
    with _TURNS[hash((root.path, relative)) % len(_TURNS)]:
        for _ in range(_ATTEMPTS - 1):
            with suppress(Conflict):
                return _attempt(keeper, root, relative, request, made)
        return _attempt(keeper, root, relative, request, made)


def _attempt(keeper: Keeper, root: Root, relative: str, request: Request, made: _Made) -> Saved:
    there = keeper.read(root, relative)
    if not request.expect.holds(there.etag):
        return keeper.save(root, relative, replace(request, data=_again(keeper, there, request, made)))
    data = made(there.path, there.data)
    return keeper.save(root, relative, replace(request, data=data, expect=Expect(etags=frozenset({there.etag}))))


def _again(keeper: Keeper, there: Content, request: Request, made: _Made) -> bytes:
    """What is there, where it is what is ``made`` of the expected content: then the request is a repeated one.

    Raises Conflict.
    """
    base = known(keeper.store, there.path, request.expect)
    with suppress(ConfkeepError):
        if base is not None and made(there.path, base) == there.data:
            return there.data
    raise conflict(keeper.store, there.path, there.etag, request.expect)
