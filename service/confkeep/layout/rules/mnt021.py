"""MNT021: SELinux keeps containers away from what is mounted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.layout.diagnosis import Severity, Skipped, Source
from confkeep.layout.rules.about import mounted
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey

#: Types that container processes may use (container-selinux; the second is its older name).
_TYPES: Final = frozenset({"container_file_t", "svirt_sandbox_file_t", "container_ro_file_t"})
_PARTS: Final = 3  # user:role:type, and a level


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis | Skipped]:
    if survey.selinux is None:
        yield Skipped(RULE.id, "whether SELinux is enforcing is not known")
    if not survey.selinux:
        return
    for holding in survey.holdings:
        label = holding.seen.label if holding.seen else ""
        parts = label.split(":")
        if holding.ours_to_judge and len(parts) >= _PARTS and parts[2] not in _TYPES:
            yield mounted(
                RULE,
                holding,
                f"SELinux is enforcing, and {holding.path} is labelled {parts[2]}: containers may not use it",
                "mount it with `:z` (several containers use it) or `:Z` (this one alone); never /home, /etc or /usr",
            )


RULE = Rule("MNT021", "selinux-label", Severity.ERROR, needs(Source.ROOT), _look)
