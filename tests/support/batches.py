"""Several files that are saved together: each route, a file that is created, and one that is removed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from confkeep.documents.check import Validate
from confkeep.etag import etag_of
from confkeep.expect import ABSENT, Expect
from confkeep.files import leftovers
from confkeep.files.root import Root
from confkeep.history.revisions import LIBRARY
from confkeep.keeper import Keeper
from confkeep.transaction import Change, transact
from tests.support.looking import opened
from tests.support.saving import open_intents

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.saved import Saved

Contents = dict[str, bytes | None]

#: Contents before and after. What is there twice by another name is written in place.
REPLACED: Final = (b"replaced: 1\n", b"REPLACED: 22\n# more\n")
IN_PLACE: Final = (b"in-place: 1\n# more\n", b"IN-PLACE: 22\n")
CREATED: Final = (None, b"created: 1\n")
REMOVED: Final = (b"removed: 1\n", None)
TWO: Final[dict[str, tuple[bytes | None, bytes | None]]] = {"a.yaml": REPLACED, "b.yaml": IN_PLACE}
FOUR: Final[dict[str, tuple[bytes | None, bytes | None]]] = {
    "a.yaml": REPLACED,
    "b.yaml": IN_PLACE,
    "c.yaml": CREATED,
    "d.yaml": REMOVED,
}
#: Attributes of the files that are there before: what is put back has them again.
MODE: Final = 0o640
OTHER_NAME: Final = ".other-name"


@dataclass(frozen=True)
class Batch:
    """``members``: name to (old, new). Everything is in ``directory``."""

    directory: Path
    state: Path
    members: dict[str, tuple[bytes | None, bytes | None]] = field(default_factory=lambda: dict(FOUR))

    @property
    def root(self) -> Root:
        """Where the files are."""
        return Root("config", os.fspath(self.directory))

    @property
    def old(self) -> Contents:
        """What is there before."""
        return {name: old for name, (old, _) in self.members.items()}

    @property
    def new(self) -> Contents:
        """What is to be there."""
        return {name: new for name, (_, new) in self.members.items()}

    def begin(self) -> None:
        """The old contents are in place, and nothing else is there."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for name in os.listdir(self.directory):
            (self.directory / name).unlink()
        for name, content in self.old.items():
            if content is not None:
                self.put(name, content)
                (self.directory / name).chmod(MODE)
            if name.startswith("b"):
                (self.directory / (OTHER_NAME + name)).hardlink_to(self.directory / name)

    def put(self, name: str, content: bytes | None) -> None:
        """Somebody else writes that file, in place where there is one."""
        path = self.directory / name
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)

    def changes(self) -> list[Change]:
        """All of it, each with its precondition."""
        return [self.change(name) for name in self.members]

    def change(self, name: str) -> Change:
        """One of them."""
        old, new = self.members[name]
        expect = ABSENT if old is None else Expect(etags=frozenset({etag_of(old)}))
        return Change(self.root, name, new, expect, validate=Validate.OFF)

    def keeper(self) -> Keeper:
        """A keeper of this state; close it."""
        return Keeper(self.state)

    def save(self, keeper: Keeper) -> list[Saved]:
        """The transaction."""
        return transact(keeper, self.changes(), LIBRARY)

    def present(self) -> Contents:
        """What is in each of the files."""
        return {name: self.content(name) for name in self.members}

    def content(self, name: str) -> bytes | None:
        """What is in one of them; by a lease held back is what comes after it."""
        try:
            return (self.directory / name).read_bytes()
        except FileNotFoundError:
            return None

    def modes(self) -> set[int]:
        """The permissions of the files that were there before."""
        paths = [self.directory / name for name, old in self.old.items() if old is not None]
        return {path.stat().st_mode & 0o777 for path in paths if path.exists()}

    def others(self) -> list[str]:
        """What is in the directory and does not belong there."""
        ours = {*self.members, *(OTHER_NAME + name for name in self.members)}
        return sorted(set(os.listdir(self.directory)) - ours)

    def recover(self) -> list[str]:
        """The next process recovers, and a sweep removes what is nobody's. What could not be settled, or is open."""
        with self.keeper() as keeper:
            wrong = [each.detail for each in keeper.recover() if not each.settled]
            wrong += ["something is open"] * (open_intents(keeper) > 0)
        with opened(self.directory, os.O_RDONLY) as directory:
            leftovers.sweep(directory)
        return wrong + self.others()

    def contents(self, name: str) -> list[bytes | None]:
        """The contents in the history, oldest first."""
        with self.keeper() as keeper:
            found = keeper.history(self.root, name, 1000)[::-1]
            return [None if each.etag is None else keeper.revision(each.id)[2] for each in found]
