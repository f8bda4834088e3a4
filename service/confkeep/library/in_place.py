"""Save to a file that must keep its inode: with a journal, through a keeper; without one only if the caller says so."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from confkeep.errors import IoError, JournalUnavailable, NoPermission
from confkeep.files.overwrite import overwrite
from confkeep.files.root import Journal
from confkeep.files.route import Choice, Route
from confkeep.files.written import Unsettled
from confkeep.library.result import result
from confkeep.library.state import opened_keeper, state_directory

if TYPE_CHECKING:
    from collections.abc import Generator

    from confkeep.etag import Version
    from confkeep.files.read import Whole
    from confkeep.files.target import Target
    from confkeep.library.options import Options
    from confkeep.saved import Saved

_METADATA: Final = Choice(Route.OVERWRITE, "metadata", "a new file could not be given its owner, mode or attributes")
_NO_JOURNAL: Final = "written in place without a journal, a crash at that moment could not have been undone: "


def save_in_place(target: Target, old: Whole | None, new: Version, wanted: Options, mode: int | None = None) -> Saved:
    """Save ``new`` to ``target``, which holds ``old``, and give it ``mode`` if that is not None.

    Raises as Keeper.save. NoPermission when ``mode`` closes the file to readers and may not be given to it.
    """
    with _given(target, mode):
        try:
            saved = _by_keeper(target, new, wanted)
        except JournalUnavailable as error:
            if wanted.journal is Journal.REQUIRE:
                raise
            saved = _without_journal(target, old, new, wanted, error.detail)
    if mode is not None and saved.route.name is Route.REPLACE:
        os.chmod(saved.path, mode)  # it need not keep its inode any more
    return saved


def _by_keeper(target: Target, new: Version, wanted: Options) -> Saved:
    from confkeep.documents.check import Validate
    from confkeep.keeper import Request

    with opened_keeper(state_directory()) as keeper, wanted.named_conflicts():
        request = Request(new.data, wanted.precondition, validate=Validate.OFF, exact=True)
        return keeper.save(wanted.root, target.path, request)


def _without_journal(target: Target, old: Whole | None, new: Version, wanted: Options, why: str) -> Saved:
    try:
        written = overwrite(target, b"" if old is None else old.version.data, new.data, on_busy=wanted.on_busy)
    except Unsettled as error:
        raise IoError(
            f"{target.path}: {error.detail} ({error.cause.strerror}), and there is no journal to repair it from",
            remedy="save it again; look at the kernel log (dmesg) for errors of the disk",
        ) from error
    choice = target.choice if target.choice and target.choice.name is Route.OVERWRITE else _METADATA
    saved = result(target, new, written=written, choice=choice, crash_safe=False)
    return replace(saved, notes=(*saved.notes, _NO_JOURNAL + why))


@contextmanager
def _given(target: Target, mode: int | None) -> Generator[None]:
    """What becomes closed is closed before the first new byte; what becomes open is opened after the last."""
    if mode is None or target.facts is None or target.fd is None:
        yield
        return
    file, before = f"/proc/self/fd/{os.dup(target.fd)}", stat.S_IMODE(target.facts.mode)
    try:
        _close(target.path, file, before, mode)
        try:
            yield
        except BaseException:
            with suppress(OSError):
                os.chmod(file, before)
            raise
        with suppress(PermissionError):
            os.chmod(file, mode)
    finally:
        os.close(int(file.rpartition("/")[2]))


def _close(path: str, file: str, before: int, mode: int) -> None:
    try:
        os.chmod(file, before & mode)
    except PermissionError as error:
        if before & ~mode & 0o444:
            raise NoPermission(
                f"{path} cannot be given mode {mode:04o}: it belongs to another user; nothing was written",
                remedy="change its mode or owner on the host",
            ) from error
