"""Where in its compose file a finding about a running container can be mended: the labels of Compose name the file."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.errors import ConfkeepError
from confkeep.layout.diagnosis import Location

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confkeep.layout.diagnosis import Diagnosis, Report
    from confkeep.layout.survey import Survey

_SERVICE: Final = "com.docker.compose.service"
#: Absolute since Compose 2, relative to the directory below with Compose 1; several are separated by commas.
_FILES: Final = "com.docker.compose.project.config_files"
_DIRECTORY: Final = "com.docker.compose.project.working_dir"


def located(report: Report, survey: Survey) -> Report:
    """The report with the lines of the compose files that can be read from here, and with the patches that fit.

    A survey out of a capture is left alone: the files of that name here are not those of there.
    """
    if not survey.live:
        return report
    labels = {container.name: container.labels for container in survey.containers if _SERVICE in container.labels}
    checked: dict[str, _Checked | None] = {}

    def mended(found: Diagnosis) -> Diagnosis:
        of_container = labels.get(found.container, {})
        for path in _files(of_container):
            if path not in checked:
                checked[path] = _check(path)
            found = _with_place(found, of_container[_SERVICE], checked[path])
        return found

    return replace(report, findings=tuple(map(mended, report.findings)))


def _files(labels: Mapping[str, str]) -> Iterator[str]:
    for name in filter(None, labels.get(_FILES, "").split(",")):
        path = os.path.join(labels.get(_DIRECTORY, ""), name)
        if os.path.isabs(path):
            yield path


class _Checked(NamedTuple):
    """What a compose file says. ``lines``: of each service, of each path that something is mounted on."""

    file: str
    report: Report
    lines: dict[str, dict[str, int]]


def _check(path: str) -> _Checked | None:
    from confkeep.layout.compose import check_compose, places

    try:
        return _Checked(path, check_compose(path), places(path))
    except (ConfkeepError, ModuleNotFoundError):  # not there, as in a container; or there is no PyYAML
        return None


def _with_place(found: Diagnosis, service: str, checked: _Checked | None) -> Diagnosis:
    """A later file of several overrides an earlier one."""
    if checked is None:
        return found
    line = checked.lines.get(service, {}).get(found.path)
    if line is not None:
        found = replace(found, location=Location(checked.file, line))
    for other in checked.report.findings:
        if (other.container, other.path, other.rule) == (service, found.path, found.rule):
            found = replace(found, location=other.location, patch=other.patch)
    return found
