"""STA002: somebody mounts the daemon's socket by itself."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules.about import mounted, restart
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey

_NAME: Final = "confkeep.sock"


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis]:
    for holding in survey.holdings:
        source = holding.place[1] if holding.place else ""
        if holding.kind == "socket" and _NAME in {posixpath.basename(holding.path), posixpath.basename(source)}:
            yield mounted(
                RULE,
                holding,
                f"{holding.path} is the daemon's socket, mounted by itself: after the daemon's next start it leads"
                " nowhere",
                f"mount its directory (`/run/confkeep:/run/confkeep`), and {restart(holding.container)}",
            )


RULE = Rule("STA002", "socket-file-mounted", Severity.ERROR, needs(Source.PROC, Source.API), _look)
