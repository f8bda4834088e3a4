"""``confkeep.save``: bytes to a file, by the route that fits."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from confkeep.errors import ConfkeepError, IoError
from confkeep.etag import Version, version_of
from confkeep.files import displaced
from confkeep.files.flush import flush
from confkeep.files.metadata import NotReproducible
from confkeep.files.read import Whole, read_attributes, read_whole
from confkeep.files.replace import Displaced, stage
from confkeep.files.route import Route
from confkeep.files.written import Unsettled
from confkeep.library.in_place import save_in_place
from confkeep.library.looking import on_target
from confkeep.library.options import JournalName, OnBusyName, Options, StrPath, file_path, options
from confkeep.library.result import result
from confkeep.library.state import opened_keeper, state_directory

if TYPE_CHECKING:
    from collections.abc import Generator

    from confkeep.files.place import Place
    from confkeep.files.target import Target
    from confkeep.files.written import Written
    from confkeep.saved import Saved

_UNREAD: Final = Version(b"", "")


def save(
    path: StrPath,
    data: bytes | bytearray | memoryview,
    *,
    expect: str | None = None,
    overwrite: bool = True,
    journal: JournalName = "require",
    on_busy: OnBusyName = "write",
) -> Saved:
    """Save ``data`` to ``path``: when it returns, all of it is in the file and on the disk.

    ``expect``: the etag (SHA-256 in hex) that the file must have; the compare and the write are one step even against
    programs that know nothing of confkeep. None: whatever is there is replaced, and the last of several savers wins.
    ``overwrite=False``: nothing may be there, decided by the kernel at the moment of publishing.
    ``journal="best-effort"``: a file that must be written in place is written even where no journal can be kept; a
    crash at that moment could not be undone. ``on_busy="refuse"``: no such write while others have the file open.

    Readers see the old or the new content, never a part; after a crash the file is wholly old or wholly new. Owner,
    mode, ACLs and attributes stay. A link is followed. The answer says what was really had: ``guarantees``, ``notes``.

    Raises AlreadyExists, Conflict, Refused (ReadOnly, NoPermission, StaleMount, NotARegularFile, TargetBusy,
    JournalUnavailable), NotFound, BadPath, OutOfSpace, IoError: the file is as it was.
    """
    wanted = options(expect=expect, overwrite=overwrite, journal=journal, on_busy=on_busy)
    new = version_of(bytes(memoryview(data)))
    return on_target(file_path(path), partial(_attempt, new=new, wanted=wanted), follow=overwrite)


def _attempt(target: Target, *, new: Version, wanted: Options) -> Saved:
    old = _old(target, new, wanted)
    size = -1 if target.facts is None else target.facts.size
    if old is not None and size == len(new.data) and old.version.data == new.data:
        flush(target)
        return result(target, new, changed=False)
    if target.choice is not None and target.choice.name is Route.REPLACE:
        with suppress(NotReproducible), published():
            return result(target, new, written=_replace(target, new, old, wanted))
        old = readable(target, wanted)
    return save_in_place(target, old, new, wanted)


def _old(target: Target, new: Version, wanted: Options) -> Whole | None:
    """What is there; no more of it than is needed: where nothing is compared, a file of another size is not read."""
    if wanted.expect is not None or not wanted.overwrite or target.refusal or target.facts is None:
        return readable(target, wanted)
    if target.facts.size == len(new.data) or target.choice is None or target.choice.name is not Route.REPLACE:
        return read_whole(target, hashed=False)
    return Whole(_UNREAD, read_attributes(target))


def readable(target: Target, wanted: Options) -> Whole | None:
    """What is there, if it may be written and is what the caller expects."""
    if target.facts is not None and not wanted.overwrite:
        wanted.compare(target.path, "")
    if target.refusal:
        raise target.refusal
    old = read_whole(target)
    wanted.compare(target.path, None if old is None else old.version.etag)
    return old


def _replace(target: Target, new: Version, old: Whole | None, wanted: Options) -> Written:
    staged = stage(target, new, old)
    if old is None:
        return staged.publish()
    if wanted.expect is None:
        return staged.publish_over()
    with edits_kept(target.place):
        return staged.publish()


@contextmanager
def published() -> Generator[None]:
    """Name the error of a rename that may not be on the disk."""
    try:
        yield
    except Unsettled as error:
        raise IoError(
            f"the new content is in place, but a crash now may undo it: {error.detail} ({error.cause.strerror})",
            remedy="look at the kernel log (dmesg) for errors of the disk, then save again",
        ) from error


@contextmanager
def edits_kept(place: Place) -> Generator[None]:
    """An edit that was replaced twice while we published goes into the history; else it stays beside the file."""
    try:
        yield
    except Displaced as edit:
        with suppress(OSError, ConfkeepError), opened_keeper(state_directory()) as keeper:
            displaced.keep(place.parent, edit.name, partial(keeper.record, place.path))
        raise
