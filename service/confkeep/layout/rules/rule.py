"""What a rule is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from confkeep.layout.diagnosis import Diagnosis, Severity, Skipped, Source
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


@dataclass(frozen=True, slots=True)
class Rule:
    """``id`` and ``name`` are stable for ever. ``severity`` is what a finding has unless the rule says otherwise.

    ``needs``: sets of sources of which one is enough. ``look`` gives what it finds in containers that have them, and
    what it could not judge there; what a container lacks of ``needs`` is reported by doctor.py, for all rules alike.
    """

    id: str
    name: str
    severity: Severity
    needs: tuple[frozenset[Source], ...]
    look: Callable[[Survey, Scope], Iterable[Diagnosis | Skipped]]


def needs(*alternatives: Source | tuple[Source, ...]) -> tuple[frozenset[Source], ...]:
    """Each alternative is one source, or several that are needed together."""
    return tuple(frozenset(one if isinstance(one, tuple) else (one,)) for one in alternatives)
