"""What is different between two contents of a file, what came of a merge, and what a check says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from confkeep.client.saved import Diagnostic

if TYPE_CHECKING:
    from confkeep.client.document import Document


class Difference(NamedTuple):
    """What became of ``path`` (a JSON Pointer): ``added``, ``removed`` or ``changed``, from ``old`` to ``new``."""

    kind: str
    path: str
    old: Any
    new: Any

    @classmethod
    def of(cls, found: Document) -> Difference:
        """From an answer."""
        return cls(found.text("kind"), found.text("path"), found.members.get("old"), found.members.get("new"))


class Side(NamedTuple):
    """One of the two contents; ``etag`` and ``size`` are None where there was no file."""

    etag: str | None
    revision: int | None
    size: int | None

    @classmethod
    def of(cls, found: Document) -> Side:
        """From an answer."""
        return cls(found.maybe_text("etag"), found.maybe_number("revision"), found.maybe_number("size"))


@dataclass(frozen=True, slots=True)
class Differences:
    """``changes`` is None where one of the two has no structure; ``unified`` where a line of it is no UTF-8."""

    old: Side
    new: Side
    same: bool
    changes: tuple[Difference, ...] | None
    unified: str | None
    document: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, found: Document) -> Differences:
        """From an answer."""
        known = found.members.get("differences") is not None
        return cls(
            old=Side.of(found.one("from")),
            new=Side.of(found.one("to")),
            same=found.flag("same"),
            changes=tuple(map(Difference.of, found.several("differences"))) if known else None,
            unified=found.maybe_text("unified"),
            document=found.members,
        )


class Merged(NamedTuple):
    """``data`` is the merge, not saved yet; ``etag`` of what was in the file, which that save has to replace.

    ``how``: by ``structure`` (both sides' changes of the data), or by ``lines``.
    """

    data: bytes
    etag: str
    how: str


@dataclass(frozen=True, slots=True)
class Validation:
    """``format`` is None where none is known by that name: then nothing was checked."""

    valid: bool
    format: str | None
    dialect: str
    diagnostics: tuple[Diagnostic, ...]

    @classmethod
    def of(cls, found: Document) -> Validation:
        """From an answer."""
        format_, dialect = found.maybe_text("format"), found.text("dialect")
        return cls(found.flag("valid"), format_, dialect, Diagnostic.all_of(found))
