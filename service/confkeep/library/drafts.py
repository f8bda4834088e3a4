"""From a draft to its target: by a rename where it is beside it, otherwise by its bytes."""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from confkeep.etag import version_of
from confkeep.files.draft import Draft, open_draft
from confkeep.files.flush import flush
from confkeep.files.metadata import NotReproducible
from confkeep.files.route import Route
from confkeep.files.target import Changed
from confkeep.library.in_place import save_in_place
from confkeep.library.looking import on_target
from confkeep.library.result import summary
from confkeep.library.saving import edits_kept, published, readable

if TYPE_CHECKING:
    from confkeep.files.target import Target
    from confkeep.files.written import Written
    from confkeep.library.options import Options
    from confkeep.saved import Saved


def draft_for(path: str, *, private: bool = False, overwrite: bool = True, despite_mode: bool = False) -> Draft:
    """A draft for what is at ``path``; the caller discards it. ``private``: a new file is 0600.

    Raises Refused, NotFound, BadPath, OutOfSpace, IoError. Without ``overwrite`` what is there does not count yet.
    """
    made: list[Draft] = []

    def opened(target: Target) -> Draft:
        if target.refusal and (overwrite or target.facts is None):
            raise target.refusal
        made.append(open_draft(target, private=private))
        return made[-1]

    try:
        return on_target(path, opened, follow=overwrite, despite_mode=despite_mode)
    except BaseException:  # Ctrl-C, once it was open
        for draft in made:
            draft.discard()
        raise


def commit(draft: Draft, path: str, wanted: Options, *, flushed: bool = False, despite_mode: bool = False) -> Saved:
    """Publish ``draft`` at ``path``. ``flushed``: its bytes are on the disk, and nobody asks for their hash.

    Raises as ``confkeep.save``; the draft is still there then.
    """
    publish = partial(_publish, draft, wanted=wanted, flushed=flushed)
    return on_target(path, publish, follow=wanted.overwrite, despite_mode=despite_mode)


def _publish(draft: Draft, target: Target, *, wanted: Options, flushed: bool) -> Saved:
    if target.facts is not None and not wanted.overwrite:
        wanted.compare(target.path, "")
    if target.refusal:
        raise target.refusal
    if draft.is_beside(target):
        with suppress(NotReproducible):
            return _by_rename(draft, target, wanted, flushed=flushed)
    elif target.choice is not None and target.choice.name is Route.REPLACE:
        with suppress(NotReproducible), draft.copied_beside(target) as copy:
            return _by_rename(copy, target, wanted, flushed=False)
    return save_in_place(target, readable(target, wanted), version_of(draft.read()), wanted, draft.mode())


def _by_rename(draft: Draft, target: Target, wanted: Options, *, flushed: bool) -> Saved:
    size, etag = _measure(draft, hashed=not flushed)
    if not flushed and draft.mode() is None and target.facts is not None and target.facts.size == size:
        old = readable(target, wanted)
        if old is not None and old.version.etag == etag:
            flush(target)
            return summary(target, etag, size, changed=False)
    with published():
        return summary(target, etag, size, written=_rename(draft, target, wanted, etag, flushed=flushed))


def _rename(draft: Draft, target: Target, wanted: Options, etag: str, *, flushed: bool) -> Written:
    if wanted.expect is None:
        return draft.publish(target, overwrite=wanted.overwrite, flushed=flushed)
    old = readable(target, wanted)
    if old is None:
        raise Changed
    with edits_kept(target.place):
        return draft.swap(target, old, etag)


def _measure(draft: Draft, *, hashed: bool) -> tuple[int, str]:
    """Size and etag; large files are not read into memory for that."""
    with open(draft.fd, "rb", buffering=0, closefd=False) as file:
        file.seek(0)
        etag = hashlib.file_digest(file, "sha256").hexdigest() if hashed else ""
        return file.seek(0, io.SEEK_END), etag
