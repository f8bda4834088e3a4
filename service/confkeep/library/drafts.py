"""From a draft to its target: by a rename where it is beside it, otherwise by its bytes."""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from confkeep.errors import TargetBusy
from confkeep.etag import version_of
from confkeep.files.draft import Draft, open_draft
from confkeep.files.metadata import NotReproducible
from confkeep.files.place import at
from confkeep.files.read import read_whole
from confkeep.files.target import Changed, look
from confkeep.library.in_place import save_in_place
from confkeep.library.result import summary
from confkeep.library.saving import ATTEMPTS, attempts, edits_kept, published
from confkeep.library.state import settle

if TYPE_CHECKING:
    from confkeep.files.target import Target
    from confkeep.files.written import Written
    from confkeep.library.options import Options
    from confkeep.saved import Saved


def draft_for(path: str, *, private: bool = False, despite_mode: bool = False) -> Draft:
    """A draft for what is at ``path``; the caller discards it. ``private``: a new file is 0600.

    Raises Refused, NotFound, BadPath, OutOfSpace, IoError.
    """
    for _ in range(ATTEMPTS):
        with at(path) as place:
            settle(place)
            with look(place, despite_mode=despite_mode) as target, suppress(Changed):
                return open_draft(target, private=private)
    raise TargetBusy(f"{path} changes faster than it can be looked at", remedy="try again")


def commit(draft: Draft, path: str, wanted: Options, *, flushed: bool = False, despite_mode: bool = False) -> Saved:
    """Publish ``draft`` at ``path``. ``flushed``: its bytes are on the disk, and nobody asks for their hash.

    Raises as ``confkeep.save``; the draft is still there then.
    """
    publish = partial(_publish, draft, wanted=wanted, flushed=flushed)
    return attempts(path, publish, despite_mode=despite_mode)


def _publish(draft: Draft, target: Target, *, wanted: Options, flushed: bool) -> Saved:
    if target.refusal:
        raise target.refusal
    if not draft.is_beside(target):
        return _by_its_bytes(draft, target, wanted)
    size, etag = _measure(draft, hashed=not flushed)
    with suppress(NotReproducible), published():
        return summary(target, etag, size, written=_rename(draft, target, wanted, etag, flushed=flushed))
    return _by_its_bytes(draft, target, wanted)


def _rename(draft: Draft, target: Target, wanted: Options, etag: str, *, flushed: bool) -> Written:
    if wanted.expect is None:
        if target.facts is not None and not wanted.overwrite:
            wanted.compare(target.path, "")
        return draft.publish(target, overwrite=wanted.overwrite, flushed=flushed)
    old = read_whole(target)
    wanted.compare(target.path, None if old is None else old.version.etag)
    if old is None:
        raise Changed
    with edits_kept(target.place):
        return draft.swap(target, old, etag)


def _by_its_bytes(draft: Draft, target: Target, wanted: Options) -> Saved:
    old = read_whole(target)
    wanted.compare(target.path, None if old is None else old.version.etag)
    return save_in_place(target, version_of(draft.read()), wanted, draft.mode())


def _measure(draft: Draft, *, hashed: bool) -> tuple[int, str]:
    """Size and etag; large files are not read into memory for that."""
    with open(draft.fd, "rb", buffering=0, closefd=False) as file:
        file.seek(0)
        etag = hashlib.file_digest(file, "sha256").hexdigest() if hashed else ""
        return file.seek(0, io.SEEK_END), etag
