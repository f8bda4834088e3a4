"""MNT025: somebody else writes this file: compose, swarm or Kubernetes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from confkeep.layout import mounttable
from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules.about import is_to_be_saved, mounted
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey

#: kubelet's directories, and the generations that it switches between by the link `..data`.
_KUBERNETES: Final = re.compile(
    r"kubernetes\.io~(?:configmap|secret|projected|downward-api)|/volume-subpaths/|/\.\.\d{4}_"
)
#: Where dockerd keeps what a swarm gave it.
_SWARM: Final = re.compile(r"/containers/[0-9a-f]{64}/(?:mounts|configs|secrets)/")


def _look(survey: Survey, scope: Scope) -> Iterator[Diagnosis]:
    for holding in survey.holdings:
        manager = of(holding)
        if manager:
            yield mounted(
                RULE,
                holding,
                f"{holding.path} is a {manager}: what is changed here is overwritten from there, or lost",
                f"edit the source of the {manager} and deploy it again",
                Severity.ERROR if is_to_be_saved(survey, scope, holding) else None,
            )


def of(holding: Holding) -> str:
    """What manages the content, "" where that is the user."""
    if holding.declared is not None and holding.declared.managed:
        return holding.declared.managed
    if holding.mount is not None:
        root = holding.mount.root
        if _KUBERNETES.search(root) or mounttable.join(holding.path, "..data") in holding.container.inside:
            return "Kubernetes volume"
        if not holding.ours_to_judge and (_SWARM.search(root) or (holding.mount.fs_type == "tmpfs" and root != "/")):
            return "swarm config or secret"
    return ""


RULE = Rule("MNT025", "managed-config", Severity.NOTE, needs(Source.PROC, Source.API), _look)
