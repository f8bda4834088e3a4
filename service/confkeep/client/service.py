"""What the daemon is, and what may be edited."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from confkeep.client.route import Finding
from confkeep.client.verdict import Verdict

if TYPE_CHECKING:
    from confkeep.client.document import Document


@dataclass(frozen=True, slots=True)
class RootInfo:
    """A root: ``kind`` is ``directory``, ``file`` or ``missing``; ``verdict`` is that of a new file in it."""

    name: str
    path: str
    kind: str
    on_busy: str
    journal: str
    verdict: Verdict
    document: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, found: Document) -> RootInfo:
        """From an answer."""
        return cls(
            name=found.text("name"),
            path=found.text("path"),
            kind=found.text("kind"),
            on_busy=found.text("on_busy"),
            journal=found.text("journal"),
            verdict=Verdict.of(found),
            document=found.members,
        )


@dataclass(frozen=True, slots=True)
class Service:
    """What the daemon is and can do: names of ``roots``, ``limits`` by name."""

    version: str
    roots: tuple[str, ...]
    capabilities: tuple[str, ...]
    limits: dict[str, Any]
    findings: tuple[Finding, ...]
    document: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, found: Document) -> Service:
        """From an answer."""
        return cls(
            version=found.text("version"),
            roots=found.texts("roots"),
            capabilities=found.texts("capabilities"),
            limits=found.one("limits").members,
            findings=Finding.all_of(found),
            document=found.members,
        )
