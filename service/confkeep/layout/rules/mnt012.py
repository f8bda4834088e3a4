"""MNT012: what is saved there is in memory only."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def _look(survey: Survey, scope: Scope) -> Iterator[Diagnosis]:
    for holding in survey.holdings:
        temporary = holding.path in mounttable.TEMPORARY and not is_to_be_saved(survey, scope, holding)
        if holding.ours_to_judge and not holding.read_only and not temporary and _in_memory(holding):
            owner = "container" if holding.mount is None or holding.mount.root == "/" else "machine"
            yield mounted(
                RULE,
                holding,
                f"{holding.path} is on a tmpfs: whatever is saved there is gone after a restart of the {owner}",
                "mount a named volume or a directory of the host there; a tmpfs is right only for what may be lost",
            )


def _in_memory(holding: Holding) -> bool:
    if holding.mount is None:
        return holding.declared is not None and holding.declared.kind == "tmpfs"
    if holding.kind not in {"file", "directory"} or mounttable.at_runtime(holding.host_path or ""):
        return False  # a socket, or a directory for sockets
    return holding.mount.fs_type in mounttable.IN_MEMORY


RULE = Rule("MNT012", "tmpfs", Severity.ERROR, needs(Source.SELF, Source.PROC), _look)
