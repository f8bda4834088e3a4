"""``confkeep.Change``: what is to become of one file in a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.files.place import at
from confkeep.library.options import file_path, options
from confkeep.library.validating import validation
from confkeep.transaction import Change as _Change

if TYPE_CHECKING:
    from confkeep.library.options import JournalName, OnBusyName, StrPath
    from confkeep.library.validating import ValidateName


@dataclass(frozen=True, slots=True)
class Change:
    """``data`` is to be in the file at ``path``, or nothing at all where it is None: then the file is removed.

    The rest is as for ``Keeper.save``.
    """

    path: StrPath
    data: bytes | bytearray | memoryview | None
    expect: str | None = None
    overwrite: bool = True
    validate: ValidateName | None = None
    journal: JournalName = "require"
    on_busy: OnBusyName = "write"

    def resolved(self) -> _Change:
        """The same, as a keeper knows it. Raises NotFound, BadPath, BadParameter."""
        wanted = options(expect=self.expect, overwrite=self.overwrite, journal=self.journal, on_busy=self.on_busy)
        with at(file_path(self.path), follow=self.overwrite) as place:
            return _Change(
                root=wanted.root,
                path=place.path,
                data=None if self.data is None else bytes(memoryview(self.data)),
                expect=wanted.precondition,
                validate=validation(self.validate),
                on_busy=wanted.on_busy,
            )
