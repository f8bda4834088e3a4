"""STA004: the history was found damaged and set aside. The daemon tells of it itself; no survey can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout.diagnosis import Severity, Skipped, Source
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(_survey: Survey, _scope: Scope) -> Iterator[Skipped]:
    yield Skipped(RULE.id, "only a running daemon knows: ask it (GET /v1)")


RULE = Rule("STA004", "history-damaged", Severity.ERROR, needs(Source.SELF), _look)
