"""What the library answers: the same as a keeper, without a revision."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from confkeep.files.route import DECLARED, Choice, Guarantees
from confkeep.files.target import Changed
from confkeep.files.written import Written
from confkeep.saved import Saved

if TYPE_CHECKING:
    from confkeep.etag import Version
    from confkeep.files.target import Target


def result(
    target: Target,
    new: Version,
    *,
    changed: bool = True,
    written: Written | None = None,
    choice: Choice | None = None,
    crash_safe: bool = True,
) -> Saved:
    """The answer to a save of ``new`` to ``target`` by ``choice`` (None: as was seen), which was ``written`` so."""
    return summary(
        target, new.etag, len(new.data), changed=changed, written=written, choice=choice, crash_safe=crash_safe
    )


def summary(
    target: Target,
    etag: str,
    size: int,
    *,
    changed: bool = True,
    written: Written | None = None,
    choice: Choice | None = None,
    crash_safe: bool = True,
) -> Saved:
    """The same for bytes that are not at hand."""
    chosen = choice or target.choice
    if chosen is None:
        raise Changed
    had = written or Written()
    return Saved(
        path=target.path,
        etag=etag,
        revision=None,
        size=size,
        changed=changed,
        created=target.facts is None,
        checked=None,
        dry_run=False,
        route=chosen,
        guarantees=_guarantees(DECLARED[chosen.name], had, crash_safe=crash_safe),
        notes=had.notes,
        findings=target.findings,
        diagnostics=(),
    )


def _guarantees(declared: Guarantees, had: Written, *, crash_safe: bool) -> Guarantees:
    return replace(
        declared,
        reader_atomic=declared.reader_atomic and had.reader_atomic,
        crash_safe=crash_safe,
        compare_and_swap=had.compare_and_swap,
        metadata_kept=had.metadata_kept,
    )
