"""What the keeper answers: the result of a save, and the verdict before one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.files.route import DECLARED
from confkeep.files.target import Changed

if TYPE_CHECKING:
    import os

    from confkeep.documents.diagnostic import Diagnostic
    from confkeep.documents.format import Format
    from confkeep.errors import Refused
    from confkeep.etag import Version
    from confkeep.files.elsewhere import BoundElsewhere
    from confkeep.files.finding import Finding
    from confkeep.files.route import Choice, Guarantees
    from confkeep.files.target import Target


@dataclass(frozen=True, slots=True)
class Saved:
    """The bytes are in the file, on the disk, and in the history.

    ``changed`` is False when the file held the very bytes already: nothing was written. ``revision`` is None only
    when the root says ``journal = best-effort`` and the history failed. ``guarantees`` is what this save really had,
    ``notes`` why one of them is missing.
    """

    path: str
    etag: str
    revision: int | None
    size: int
    changed: bool
    created: bool
    checked: Format | None
    dry_run: bool
    route: Choice
    guarantees: Guarantees
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    diagnostics: tuple[Diagnostic, ...]
    #: The file is gone, and ``etag`` is empty: that was asked for.
    removed: bool = False
    bound_elsewhere: BoundElsewhere = "unknown"
    #: Seconds until the lease was held (``Written.waited``).
    waited: float = 0.0
    #: Whether what was saved is the old text with splices, where that was asked for; and why it is not.
    kept: bool | None = None
    kept_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file and what was known of them at that moment."""

    path: str
    data: bytes
    etag: str
    stat: os.stat_result
    revision: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether and how a file can be written, before anyone types. ``refusal`` says why not."""

    path: str
    stat: os.stat_result | None
    etag: str | None
    revision: int | None
    route: Choice | None
    guarantees: Guarantees | None
    refusal: Refused | None
    findings: tuple[Finding, ...]
    bound_elsewhere: BoundElsewhere = "unknown"


def as_far_as_known(target: Target, old: Version | None, new: Version | None, *, dry_run: bool) -> Saved:
    """The result of a save before anything is written; ``new`` is None where the file is to be removed."""
    if target.choice is None:
        raise Changed
    return Saved(
        path=target.path,
        etag="" if new is None else new.etag,
        revision=None,
        size=0 if new is None else len(new.data),
        changed=old != new,
        created=old is None and new is not None,
        checked=None,
        dry_run=dry_run,
        route=target.choice,
        guarantees=DECLARED[target.choice.name],
        notes=(),
        findings=target.findings,
        diagnostics=(),
        removed=new is None,
        bound_elsewhere=target.bound.state,
    )
