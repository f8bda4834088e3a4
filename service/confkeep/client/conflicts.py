"""A save that meets somebody else's edit: what the caller is asked, and how often."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.client.options import Proposed
from confkeep.errors import Conflict, NotFound, Pruned
from confkeep.expect import ABSENT, Expect

if TYPE_CHECKING:
    from confkeep.client.client import Client
    from confkeep.client.content import Content
    from confkeep.client.saved import Saved

#: So often a save is tried; a file that changes each time is written by a program that has to be found first.
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Edits:
    """Two edits of one file. ``mine`` was to be saved; ``theirs`` is in the file now, None where it was removed.

    ``base`` is what mine began with: None where there was no file, or where the history no longer knows it.
    """

    root: str
    path: str
    base: bytes | None
    base_etag: str | None
    theirs: bytes | None
    theirs_etag: str | None
    mine: bytes


#: Makes one content of two: those bytes are saved over ``theirs``. None: the save is given up.
OnConflict = Callable[[Edits], bytes | None]


def reconcile(
    client: Client, proposed: Proposed, save: Callable[[Proposed], Saved], on_conflict: OnConflict
) -> tuple[Saved, bytes]:
    """Save ``proposed``, or what the caller makes of each conflict; and the bytes that were saved in the end.

    Raises the Conflict where the caller gives it up, or where the file has changed again at each of five attempts.
    """
    attempts = 0
    while True:
        attempts += 1
        try:
            return save(proposed), proposed.data
        except Conflict:
            if attempts == _ATTEMPTS:
                raise
            theirs = _present(client, proposed)
            merged = on_conflict(_both(client, proposed, theirs))
            if merged is None:
                raise
        expect = ABSENT if theirs is None else Expect(etags=frozenset({theirs.etag}))
        proposed = Proposed(proposed.root, proposed.path, merged, expect, theirs)


def _present(client: Client, proposed: Proposed) -> Content | None:
    try:
        return client.read(proposed.root, proposed.path)
    except NotFound:
        return None


def _both(client: Client, proposed: Proposed, theirs: Content | None) -> Edits:
    expected = next(iter(proposed.expect.etags)) if len(proposed.expect.etags) == 1 else None
    base = proposed.base or _recorded(client, proposed, expected)
    return Edits(
        root=proposed.root,
        path=proposed.path,
        base=None if base is None else base.data,
        base_etag=expected if base is None else base.etag,
        theirs=None if theirs is None else theirs.data,
        theirs_etag=None if theirs is None else theirs.etag,
        mine=proposed.data,
    )


def _recorded(client: Client, proposed: Proposed, etag: str | None) -> Content | None:
    """The content that has ``etag`` in the file's history."""
    for revision in client.history(proposed.root, proposed.path) if etag else ():
        if revision.etag == etag:
            with suppress(Pruned):
                return client.content(revision.id)
    return None
