"""``confkeep.Keeper``: the daemon's own transaction, with history and journal, for paths instead of roots."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from confkeep.documents.check import Validate
from confkeep.files.place import at
from confkeep.files.root import ANYWHERE
from confkeep.history.revisions import Author, Origin
from confkeep.keeper import Keeper as Transactions
from confkeep.keeper import Request
from confkeep.library.options import JournalName, OnBusyName, StrPath, file_path, options, text
from confkeep.library.state import state_directory
from confkeep.library.validating import validation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkeep.history.revisions import Revision
    from confkeep.library.changing import Change
    from confkeep.library.validating import ValidateName
    from confkeep.recovery import Recovered
    from confkeep.saved import Content, Saved, Verdict


class Keeper:
    """Saves with history: each content that a file had can be had again. Thread-safe; not to be carried over a fork.

    Processes may share one ``state`` directory, with a daemon as well. Use it in a ``with``, or close it.
    """

    def __init__(self, state: StrPath | None = None) -> None:
        """Open the state (None: CONFKEEP_STATE, or the user's state directory) and settle what a crash left open.

        Raises JournalUnavailable. What could not be settled is in ``recovered``, and is tried again by each save.
        """
        self._keeper = Transactions(Path(state_directory() if state is None else text(state)))
        self.recovered: list[Recovered] = self._keeper.recover(wait=0.0)

    def save(
        self,
        path: StrPath,
        data: bytes | bytearray | memoryview,
        *,
        expect: str | None = None,
        overwrite: bool = True,
        message: str = "",
        validate: ValidateName | None = None,
        journal: JournalName = "require",
        on_busy: OnBusyName = "write",
    ) -> Saved:
        """As ``confkeep.save``; and what was there, what is there now, who saved it and ``message`` are recorded.

        A document whose format its name tells (YAML) is checked first: InvalidDocument. ``validate`` None: for its
        syntax, where PyYAML is installed (``confkeep[service]``); ``checked`` of the answer says whether it was.
        """
        wanted = options(expect=expect, overwrite=overwrite, journal=journal, on_busy=on_busy)
        author = Author(Origin.LIBRARY, uid=os.geteuid(), message=message)
        request = Request(bytes(memoryview(data)), wanted.precondition, author, validation(validate), exact=True)
        with at(file_path(path), follow=overwrite) as place, wanted.named_conflicts():
            return self._keeper.save(wanted.root, place.path, request)

    def transaction(self, changes: Iterable[Change], *, message: str = "") -> list[Saved]:
        """Save and remove several files, all of them or none; what became of each, in the order of ``changes``.

        Raises Conflict (``members["failed"]`` lists every expectation that does not hold), and what ``save`` raises:
        then nothing was changed. IoError whose detail says so: what was changed is put back later.
        """
        author = Author(Origin.LIBRARY, uid=os.geteuid(), message=message)
        return self._keeper.transaction([change.resolved() for change in changes], author)

    def restore(self, revision: int, *, expect: str | None = None, message: str = "") -> Saved:
        """Save the content of ``revision`` to its file again, if that has the etag ``expect`` (None: whatever it has).

        Raises what ``save`` raises, NotFound, Pruned, NoContent (the revision is a removal).
        """
        wanted = options(expect=expect, overwrite=True, journal="require", on_busy="write")
        author = Author(Origin.RESTORE, uid=os.geteuid(), message=message)
        request = Request(b"", wanted.precondition, author, Validate.OFF)
        return self._keeper.restore(wanted.root, revision, request)

    def read(self, path: StrPath) -> Content:
        """The bytes of the file, whole, with etag and revision. Raises NotFound, NotARegularFile, NoPermission."""
        with at(text(path)) as place:
            return self._keeper.read(ANYWHERE, place.path)

    def inspect(self, path: StrPath) -> Verdict:
        """As ``confkeep.inspect``, with the revision that is there."""
        with at(text(path)) as place:
            return self._keeper.verdict(ANYWHERE, place.path)

    def history(self, path: StrPath, *, limit: int = 50, before: int | None = None) -> list[Revision]:
        """The file's revisions, newest first; ``before``: only those with smaller numbers."""
        with at(text(path)) as place:
            return self._keeper.history(ANYWHERE, place.path, limit, before)

    def content(self, revision: int) -> bytes:
        """The bytes of one revision. Raises NotFound."""
        return self._keeper.revision(revision)[2]

    def close(self) -> None:
        """Bring everything to the disk and close the state."""
        self._keeper.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
