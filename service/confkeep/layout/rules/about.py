"""What rules have in common: a finding about one mount, and whether a mount carries what is to be saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout import mounttable
from confkeep.layout.diagnosis import Diagnosis

if TYPE_CHECKING:
    from confkeep.layout.diagnosis import Severity
    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Container, Scope
    from confkeep.layout.rules.rule import Rule
    from confkeep.layout.survey import Survey


def mounted(rule: Rule, holding: Holding, message: str, remedy: str, severity: Severity | None = None) -> Diagnosis:
    """A finding about what is mounted; its evidence is the mount."""
    return Diagnosis(
        rule=rule.id,
        severity=severity or rule.severity,
        container=holding.container.name,
        path=holding.path,
        message=message,
        remedy=remedy,
        evidence=holding.evidence,
        host_path=holding.host_path,
    )


def found(rule: Rule, container: Container, path: str, message: str, *, remedy: str, evidence: str) -> Diagnosis:
    """A finding about anything else of a container."""
    return Diagnosis(
        rule=rule.id,
        severity=rule.severity,
        container=container.name,
        path=path,
        message=message,
        remedy=remedy,
        evidence=evidence,
    )


def carries(survey: Survey, holding: Holding, path: str) -> bool:
    """Whether ``path``, as the container or as the host calls it, is on this mount (and on no other one below it)."""
    if mounttable.contains(holding.path, path):
        return survey.carries(holding, path)
    return holding.host_path is not None and mounttable.contains(holding.host_path, path)


def is_to_be_saved(survey: Survey, scope: Scope, holding: Holding) -> bool:
    """Whether a path that was asked about is on this mount."""
    return any(carries(survey, holding, path) for path in scope.paths)


def restart(container: Container) -> str:
    """The command that mounts everything of a container anew."""
    engine = "podman" if "podman" in container.engine else "docker"
    return f"`{engine} restart {container.name}`"
