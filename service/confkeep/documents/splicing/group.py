"""The changes of one collection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confkeep.documents.changes import Add, Insert, Rename, Replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confkeep.documents.changes import Change, New
    from confkeep.documents.node import Collection


@dataclass(slots=True)
class Group:
    """What is to become of ``container``, by index."""

    container: Collection
    replaced: dict[int, New] = field(default_factory=dict[int, "New"])
    inserted: dict[int, list[Insert | Add]] = field(default_factory=dict[int, list[Insert | Add]])
    removed: set[int] = field(default_factory=set[int])
    renamed: dict[int, New] = field(default_factory=dict[int, "New"])

    def add(self, change: Change) -> None:
        """Put ``change`` with the others. Raises ValueError when it is of no entry, or of one that has changed."""
        count = len(self.container.values)
        if not 0 <= change.index < count + isinstance(change, Insert | Add):
            raise ValueError(f"a change of entry {change.index} of {count}")
        if isinstance(change, Insert | Add):
            self.inserted.setdefault(change.index, []).append(change)
            return
        if isinstance(change, Rename):
            self.renamed[change.index] = change.key
            return
        if change.index in self.removed or change.index in self.replaced:
            raise ValueError(f"two changes of entry {change.index}")
        if isinstance(change, Replace):
            self.replaced[change.index] = change.new
        else:
            self.removed.add(change.index)

    @property
    def empties(self) -> bool:
        """Whether nothing is left of the collection."""
        return len(self.removed) == len(self.container.values) > 0 and not self.inserted

    @property
    def fills(self) -> bool:
        """Whether the collection was empty and is so no longer."""
        return not self.container.values and bool(self.inserted)


def grouped(changes: Sequence[Change]) -> tuple[list[Group], dict[int, New]]:
    """The changes of each collection, and the new roots by number."""
    groups: dict[int, Group] = {}
    roots: dict[int, New] = {}
    for change in changes:
        if change.container is not None:
            groups.setdefault(id(change.container), Group(change.container)).add(change)
        elif change.index in roots:
            raise ValueError("two changes of one root")
        else:
            roots[change.index] = change.new
    return list(groups.values()), roots
