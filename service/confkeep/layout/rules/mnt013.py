"""MNT013: a volume without a name of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules.about import mounted
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey

#: The name that an engine gives to a volume that nobody named.
ANONYMOUS: Final = re.compile(r"[0-9a-f]{64}")


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis]:
    for holding in survey.holdings:
        if holding.declared is not None and ANONYMOUS.fullmatch(holding.declared.volume):
            yield mounted(
                RULE,
                holding,
                f"{holding.path} is a volume without a name: it survives a restart, and a container that is made anew"
                " gets another one",
                f"name it: `config:{holding.path}` with `config:` under the top-level `volumes:`",
            )


RULE = Rule("MNT013", "anonymous-volume", Severity.WARNING, needs(Source.API), _look)
