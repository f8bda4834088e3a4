"""How new bytes reach a file, as the daemon says it; what that keeps, and what is to be known of the place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from confkeep.client.document import Document


class Route(NamedTuple):
    """How new bytes reach the file: ``replace`` or ``overwrite``; ``code`` is for programs, ``reason`` for people."""

    name: str
    code: str
    reason: str

    @classmethod
    def of(cls, found: Document) -> Route:
        """From an answer."""
        return cls(found.text("name"), found.text("code"), found.text("reason"))


class Guarantees(NamedTuple):
    """What a save keeps: docs/architecture.md, "Routes"."""

    reader_atomic: bool
    crash_safe: bool
    compare_and_swap: bool
    inode_kept: bool
    metadata_kept: bool

    @classmethod
    def of(cls, found: Document) -> Guarantees:
        """From an answer."""
        return cls(
            reader_atomic=found.flag("reader_atomic"),
            crash_safe=found.flag("crash_safe"),
            compare_and_swap=found.flag("compare_and_swap"),
            inode_kept=found.flag("inode_kept"),
            metadata_kept=found.flag("metadata_kept"),
        )


class Finding(NamedTuple):
    """What a doctor's rule says of the file."""

    rule: str
    severity: str
    message: str
    remedy: str
    evidence: str

    @classmethod
    def all_of(cls, found: Document) -> tuple[Finding, ...]:
        """From an answer."""
        return tuple(
            cls(
                item.text("rule"),
                item.text("severity"),
                item.text("message"),
                item.text("remedy"),
                item.text("evidence"),
            )
            for item in found.several("findings")
        )
