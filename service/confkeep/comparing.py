"""Two contents of one file against each other, and three of them made one: on the disk, recorded, proposed."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.absent import called
from confkeep.documents.compare import structural, unified
from confkeep.documents.keep import keep
from confkeep.documents.merge import Labels, merge
from confkeep.editing import MOST, SECONDS, too_long
from confkeep.errors import BodyTooLarge, Forbidden, MergeConflict, NoContent, NotFound
from confkeep.history import revisions
from confkeep.history.revisions import State
from confkeep.kind import is_secret, kind_of

if TYPE_CHECKING:
    from confkeep.documents.compare import Difference
    from confkeep.documents.merge import Merged
    from confkeep.files.root import Root
    from confkeep.history.revisions import Revision
    from confkeep.keeper import Keeper

#: How many revisions are looked at for one with another content.
_LONGEST: Final = 1_000


class Side(NamedTuple):
    """One content of the file; ``data`` is None where there is no file. ``etag`` and ``revision`` as far as known."""

    path: str
    data: bytes | None
    etag: str | None = None
    revision: int | None = None


class Compared(NamedTuple):
    """What is different: line by line, and by structure (None: not asked for, or one of the two has none)."""

    old: Side
    new: Side
    unified: bytes
    differences: list[Difference] | None


def side(keeper: Keeper, root: Root, relative: str, which: int | str) -> Side:
    """The content that ``which`` names: a revision's number, an etag of the history, or ``disk``."""
    return on_disk(keeper, root, relative) if which == "disk" else recorded(keeper, root, relative, which)


def on_disk(keeper: Keeper, root: Root, relative: str) -> Side:
    """What is in the file now. Raises as Keeper.read, but where there is no file."""
    try:
        found = keeper.read(root, relative)
    except NotFound:
        return Side(called(root, relative), None)
    return Side(found.path, found.data, found.etag, found.revision)


def recorded(keeper: Keeper, root: Root, relative: str, which: int | str) -> Side:
    """What the file had as the revision of this number, or with this etag. Raises NotFound, Pruned."""
    path = called(root, relative)
    of, revision = path, None
    with keeper.store.reading() as connection:
        if isinstance(which, str):
            revision = revisions.with_etag(connection, path, which)
        else:
            of, revision = revisions.get(connection, which)
    if revision is None or of != path:
        what = f"content with etag {which}" if isinstance(which, str) else f"revision {which}"
        raise NotFound(
            f"the history of {path} has no {what}",
            remedy="GET /v1/history/{root}/{path} lists the revisions of a file",
        )
    return _side(keeper, path, revision)


def previous(keeper: Keeper, root: Root, relative: str, present: Side, *, is_there: bool) -> Side:
    """The last content that the file had before ``present``, which ``is_there`` or not any more. Raises NotFound."""
    before = None if is_there else present.revision
    for revision in keeper.history(root, relative, _LONGEST, before):
        if revision.state is State.APPLIED and revision.etag != present.etag:
            return _side(keeper, present.path, revision)
    raise NotFound(f"the history of {present.path} has no other content before that one", remedy="name one with from")


def compare(root: Root, relative: str, old: Side, new: Side, *, by_structure: bool) -> Compared:
    """What is different. Raises Forbidden for a secret, BodyTooLarge, InvalidDocument (it takes too long)."""
    if is_secret(root, relative):
        raise Forbidden(
            f"{new.path} is among the secrets of the settings, whose content is in no diff",
            remedy="read both contents (GET) and compare them yourself",
        )
    before, after = old.data or b"", new.data or b""
    for side in (old, new):
        _refuse_large(side)
    lines = unified(before, after, _name("a", relative, old), _name("b", relative, new))
    format_, dialect = kind_of(root, new.path)
    if not by_structure or format_ is None or old.data is None or new.data is None:
        return Compared(old, new, lines, None)
    try:
        found = structural(before, after, format_, dialect, seconds=SECONDS)
    except TimeoutError:
        found = None  # the lines say all of it
    return Compared(old, new, lines, found)


def merged(
    keeper: Keeper, root: Root, relative: str, mine: bytes, base: int | str, *, keeping: bool = False
) -> tuple[Merged, Side]:
    """The caller's bytes merged with what is on the disk, and that. Nothing is written.

    ``keeping``: they are a program's dump, and get the comments and the layout of the base first, where that can be.

    Raises MergeConflict, NoContent, NotFound (the file, or the base), Pruned, NoContent, BodyTooLarge, InvalidDocument.
    """
    theirs = keeper.read(root, relative)
    there = Side(theirs.path, theirs.data, theirs.etag, theirs.revision)
    began = recorded(keeper, root, relative, base)
    if began.data is None:
        raise NoContent(
            f"revision {began.revision} records that the file was removed: nothing was edited there",
            remedy="name the revision or the etag that was edited",
        )
    for side in (there, began, Side(theirs.path, mine)):
        _refuse_large(side)
    format_, dialect = kind_of(root, theirs.path)
    try:
        if keeping and format_ is not None:
            mine = keep(began.data, mine, format_, dialect, seconds=SECONDS).data
        made = merge(began.data, mine, theirs.data, format_, dialect, labels=Labels(), seconds=SECONDS)
    except TimeoutError as error:
        raise too_long(theirs.path) from error
    if made.conflicts:
        raise _conflict(there, made, shown=not is_secret(root, relative))
    return made, there


def _conflict(there: Side, made: Merged, *, shown: bool) -> MergeConflict:
    places = "one place" if made.conflicts == 1 else f"{made.conflicts} places"
    members: dict[str, object] = {"etag": there.etag, "conflicts": made.conflicts}
    if shown:
        try:
            members["text"] = made.data.decode("utf-8")
        except UnicodeDecodeError:
            members["text_base64"] = b64encode(made.data).decode("ascii")
    return MergeConflict(
        f"{there.path}: both sides changed the same in {places}; nothing was written",
        remedy="decide between the marked lines, and save the result with the etag of this answer",
        **members,
    )


def _side(keeper: Keeper, path: str, revision: Revision) -> Side:
    if revision.etag is None:
        return Side(path, None, None, revision.id)
    with keeper.store.reading() as connection:
        return Side(path, revisions.data_of(connection, revision), revision.etag, revision.id)


def _refuse_large(side: Side) -> None:
    if side.data is not None and len(side.data) > MOST:
        raise BodyTooLarge(
            f"{side.path}: one of the contents has {len(side.data)} bytes; up to {MOST} are compared",
            remedy="compare them yourself: GET has the bytes",
            limit=MOST,
        )


def _name(letter: str, relative: str, side: Side) -> str:
    """As git has it: ``patch -p1`` and ``git apply`` find the file below the root's directory."""
    return "/dev/null" if side.data is None else f"{letter}/{relative}"
