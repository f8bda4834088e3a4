"""A look at a file on behalf of its history: whether it is what the newest revision says.

By content, never by time or by who was at it: so our own saves are known for what they are. Never while a save is
under way: the look takes the target's lock, as each save does. So it meets no file that is half written by us, and no
save waits for its lease because we have the file open.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep import recovery
from confkeep.errors import BadPath, JournalUnavailable, NotFound, Refused, TargetBusy
from confkeep.etag import Version, version_of
from confkeep.files.place import resolve
from confkeep.files.read import is_readable, read
from confkeep.files.target import Changed, look
from confkeep.history import revisions

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.files.root import Root
    from confkeep.files.target import Target
    from confkeep.history.revisions import Revision
    from confkeep.keeper import Keeper

#: Seconds for which somebody else's lease is waited for: then the file is looked at again later.
_LEASE: Final = 0.0


class Busy(Exception):
    """It cannot be looked at now."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What is there (None: nothing), and what the history knew at that moment. ``path`` is free of links.

    ``newest``: number of the file's last row in the history, whatever its state; 0 where there is none.
    """

    path: str
    version: Version | None
    known: Revision | None
    newest: int

    @property
    def is_news(self) -> bool:
        """Whether the history does not know it yet. A file that never was there is none."""
        etag = None if self.version is None else self.version.etag
        return etag is not None if self.known is None else etag != self.known.etag


def glance(keeper: Keeper, root: Root, relative: str, path: str, pin: Callable[[Target], None]) -> Glance | None:
    """Look at the file ``relative`` of ``root``; None where it is not for us to judge: closed to us, or too large.

    ``path``: what it is called if nothing is there to ask. ``pin`` is called with the file before it is read.
    Raises Busy, OSError, and what the store raises.
    """
    try:
        with resolve(root, relative) as place, keeper.locked(place, wait=0):
            if recovery.pending(keeper.store, [place]):
                raise Busy  # neither old nor new: the next save, or start, settles it
            with look(place, root.route) as target:
                if not _is_file(target):
                    return _compared(keeper, place.path, None)
                pin(target)
                if not is_readable(target) or keeper.too_large(target):
                    return None
                return _compared(keeper, place.path, version_of(read(target, _LEASE)))
    except NotFound:
        return _compared(keeper, path, None)  # its directory is gone
    except JournalUnavailable:
        raise  # its lock could not be had: that says nothing of the file
    except (TargetBusy, Changed) as error:
        raise Busy from error
    except (BadPath, Refused):
        return None  # it leads out of the root, or is closed to us


def _is_file(target: Target) -> bool:
    return target.facts is not None and stat.S_ISREG(target.facts.mode)


def _compared(keeper: Keeper, path: str, version: Version | None) -> Glance:
    with keeper.store.reading() as connection:
        file = revisions.file_id(connection, path)
        known = None if file is None else revisions.latest(connection, file)
        newest = 0 if file is None else revisions.newest(connection, file)
    return Glance(path, version, known, newest)


def record(keeper: Keeper, glances: list[Glance]) -> list[int | None]:
    """Record what is news, all in one commit; the number of each, None where the history has moved on since the look.

    Somebody saves it right now, perhaps: the promise of a save records what it found, and then comes after it.
    """
    with keeper.store.durable() as connection:
        numbers: list[int | None] = []
        for each in glances:
            file = revisions.ensure_file(connection, each.path)
            known = revisions.newest(connection, file) == each.newest
            numbers.append(
                revisions.add(connection, file, each.version, revisions.State.APPLIED, revisions.EXTERNAL)
                if known
                else None
            )
        return numbers
