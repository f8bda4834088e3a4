"""The doctor: every rule over one survey. It changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.layout import mounttable
from confkeep.layout.diagnosis import Diagnosis, Report, Severity, Skipped, Source
from confkeep.layout.model import OK, Scope
from confkeep.layout.rules import RULES
from confkeep.layout.rules.rule import needs
from confkeep.layout.survey import is_called

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from confkeep.layout.rules.rule import Rule
    from confkeep.layout.survey import Survey

_WORST_FIRST: Final = {severity: order for order, severity in enumerate(Severity)}
_ALL: Final = Scope()
#: Our own mountinfo and stat tell of nobody else.
_NOT_OURS: Final = {Source.SELF: ""}
_OURS_ALONE: Final = needs(Source.SELF)


def diagnose(survey: Survey, scope: Scope = _ALL, ignore: Collection[str] = ()) -> Report:
    """What is wrong with this layout, worst first; and what could not be looked at, with the reason.

    With ``scope.container`` only what concerns that one, with ``scope.paths`` only what concerns those paths; they are
    to be saved, so that what merely is worth a note elsewhere is an error there. ``ignore``: ids or names of rules.
    """
    if scope.container:
        survey = survey.first(scope.container)
    findings: list[Diagnosis] = []
    skipped: list[Skipped] = []
    for rule in RULES:
        if rule.id in ignore or rule.name in ignore:
            continue
        for result in (*_lacking(rule, survey), *(rule.look(survey, scope) if _possible(rule, survey) else ())):
            if isinstance(result, Skipped):
                skipped.append(result)
            else:
                findings.append(result)
    wanted = [finding for finding in findings if _is_asked(finding, survey, scope)]
    wanted.sort(key=lambda one: (_WORST_FIRST[one.severity], one.container, one.path, one.rule))
    concerned = (one for one in skipped if not scope.container or not one.what or _is_of(one.what, survey, scope))
    return Report(tuple(wanted), tuple(_together(concerned, survey)), dict(survey.sources))


def _possible(rule: Rule, survey: Survey) -> bool:
    return any(all(survey.sources.get(source) == OK for source in together) for together in rule.needs)


def _lacking(rule: Rule, survey: Survey) -> Iterator[Skipped]:
    """What a rule cannot judge for want of a source: anywhere, or in one container."""
    if not _possible(rule, survey):
        yield Skipped(rule.id, _reason(rule, survey.sources))
        return
    for container in survey.containers if rule.needs != _OURS_ALONE else ():
        lacks = {**container.missing, **_NOT_OURS} if container.name else container.missing
        if container.contained and all(together & lacks.keys() for together in rule.needs):
            yield Skipped(rule.id, _reason(rule, container.missing), container.name)


def _reason(rule: Rule, states: Mapping[Source, str]) -> str:
    """Why the alternative that lacks least could not be used."""
    lacks = [[source for source in sorted(together) if states.get(source, OK) != OK] for together in rule.needs]
    least = min((one for one in lacks if one), key=len, default=list[Source]())
    return "; ".join(f"{source}: {states[source]}" for source in least)


def _is_asked(finding: Diagnosis, survey: Survey, scope: Scope) -> bool:
    if scope.container and not _is_of(finding.container, survey, scope):
        return False
    return not scope.paths or any(
        mounttable.contains(place, path) or mounttable.is_below(place, path)
        for path in scope.paths
        for place in (finding.path, finding.host_path)
        if place
    )


def _is_of(name: str, survey: Survey, scope: Scope) -> bool:
    return any(container.name == name and is_called(container, scope.container) for container in survey.containers)


def _together(skipped: Iterable[Skipped], survey: Survey) -> Iterator[Skipped]:
    """What a rule could not judge in any container, for one reason, said once."""
    names = {container.name for container in survey.containers if container.contained}
    groups: dict[tuple[str, str], set[str]] = {}
    for one in skipped:
        groups.setdefault((one.rule, one.reason), set()).add(one.what)
    for (rule, reason), whats in groups.items():
        if "" in whats or (len(names) > 1 and whats >= names):
            yield Skipped(rule, reason)
        else:
            yield from (Skipped(rule, reason, what) for what in sorted(whats))
