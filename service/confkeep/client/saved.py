"""What became of a save."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from confkeep.client.route import Finding, Guarantees, Route

if TYPE_CHECKING:
    from confkeep.client.document import Document


class Diagnostic(NamedTuple):
    """What a check says of the document; line and character are zero-based, as in the Language Server Protocol."""

    severity: str
    code: str
    message: str
    line: int
    character: int

    @classmethod
    def all_of(cls, found: Document) -> tuple[Diagnostic, ...]:
        """From an answer."""
        return tuple(cls._one(item) for item in found.several("diagnostics"))

    @classmethod
    def _one(cls, item: Document) -> Diagnostic:
        start = item.one("range").one("start")
        line, character = start.number("line"), start.number("character")
        return cls(item.text("severity"), item.text("code"), item.text("message"), line, character)


@dataclass(frozen=True, slots=True)
class Saved:
    """The bytes are in the file, on the disk, and in the history.

    ``changed`` is False where the file held them already. ``guarantees`` is what this save really had, ``notes`` say
    why one of them is missing. ``etag`` is empty where the file was ``removed``. ``kept``: whether the old text is in
    what was saved, where ``keep="comments"`` asked for that; ``kept_reason`` says why it is not.
    """

    root: str
    path: str
    etag: str
    revision: int | None
    size: int
    changed: bool
    created: bool
    removed: bool
    dry_run: bool
    checked: str | None
    route: Route
    guarantees: Guarantees
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    diagnostics: tuple[Diagnostic, ...]
    kept: bool | None
    kept_reason: str | None
    request_id: str
    document: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, found: Document) -> Saved:
        """From an answer."""
        return cls(
            root=found.text("root"),
            path=found.text("path"),
            etag=found.text("etag"),
            revision=found.maybe_number("revision"),
            size=found.number("size"),
            changed=found.flag("changed"),
            created=found.flag("created"),
            removed=found.flag("removed"),
            dry_run=found.flag("dry_run"),
            checked=found.maybe_text("checked"),
            route=Route.of(found.one("route")),
            guarantees=Guarantees.of(found.one("guarantees")),
            notes=found.texts("notes"),
            findings=Finding.all_of(found),
            diagnostics=Diagnostic.all_of(found),
            kept=found.maybe_flag("kept"),
            kept_reason=found.maybe_text("kept_reason"),
            request_id=found.text("request_id"),
            document=found.members,
        )
