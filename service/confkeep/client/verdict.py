"""Whether and how a file can be written, said before anybody types."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from confkeep.client.route import Finding, Guarantees, Route

if TYPE_CHECKING:
    from confkeep.client.document import Document
    from confkeep.errors import ConfkeepError


class Refusal(NamedTuple):
    """Why a save would be refused, and what to do about it; ``evidence`` is what the kernel said."""

    slug: str
    reason: str
    remedy: str
    rule: str | None
    evidence: str | None

    @classmethod
    def of(cls, found: Document) -> Refusal:
        """From an answer."""
        rule, evidence = found.maybe_text("rule"), found.maybe_text("evidence")
        return cls(found.text("slug"), found.text("reason"), found.text("remedy"), rule, evidence)

    @classmethod
    def by(cls, error: ConfkeepError) -> Refusal:
        """From the error that a save would raise."""
        rule, evidence = error.members.get("rule"), error.members.get("evidence")
        return cls(error.slug, error.detail, error.remedy, rule, evidence)


class Verdict(NamedTuple):
    """Whether and how a file can be written, seen before anybody types. ``refusal`` says why not."""

    writable: bool
    route: Route | None
    guarantees: Guarantees | None
    refusal: Refusal | None
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, found: Document) -> Verdict:
        """From an answer."""
        return cls(
            writable=found.flag("writable"),
            route=found.maybe("route", Route.of),
            guarantees=found.maybe("guarantees", Guarantees.of),
            refusal=found.maybe("refusal", Refusal.of),
            findings=Finding.all_of(found),
        )
