"""MNT022: on the host something has been mounted over the source since the container started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules import staleness
from confkeep.layout.rules.about import mounted, restart
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis, Skipped
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis | Skipped]:
    for holding in survey.holdings:
        if staleness.of(survey, holding) is staleness.State.HIDDEN and holding.declared:
            yield mounted(
                RULE,
                holding,
                f"{holding.path} shows what lies under a mount of the host: {holding.declared.source} leads to another"
                " filesystem now than when the container was started",
                f"{restart(holding.container)}; start the container after the mount (systemd: RequiresMountsFor=), or"
                " mount the directory with `bind: {propagation: rslave}`",
            )
    yield from staleness.unjudged(RULE, survey)


RULE = Rule("MNT022", "host-mount-hidden", Severity.ERROR, needs((Source.PROC, Source.ROOT)), _look)
