"""STA001: our own state does not survive a power cut, or the container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.files import persistence
from confkeep.layout.diagnosis import Diagnosis, Severity, Skipped, Source
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, scope: Scope) -> Iterator[Diagnosis | Skipped]:
    if not scope.state or not survey.live:
        yield Skipped(RULE.id, "no state directory of this machine was named")
        return
    try:
        finding = persistence.of_state(scope.state)
    except OSError as error:
        yield Skipped(RULE.id, f"{scope.state} cannot be looked at: {error.strerror}")
        return
    if finding is not None:
        yield Diagnosis(
            rule=RULE.id,
            severity=Severity(finding.severity),
            container="",
            path=scope.state,
            message=finding.message,
            remedy=finding.remedy,
            evidence=finding.evidence,
        )


RULE = Rule("STA001", "state-not-durable", Severity.ERROR, needs(Source.SELF), _look)
