"""Where in its compose file a finding about a running container can be mended: the labels of Compose name the file."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from confkeep.errors import ConfkeepError

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
    checked: dict[str, Report | None] = {}

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


def _check(path: str) -> Report | None:
    from confkeep.layout.compose import check_compose

    try:
        return check_compose(path)
    except (ConfkeepError, ModuleNotFoundError):  # not there, as in a container; or there is no PyYAML
        return None


def _with_place(found: Diagnosis, service: str, checked: Report | None) -> Diagnosis:
    """A later file of several overrides an earlier one."""
    for other in checked.findings if checked is not None else ():
        if (other.container, other.path) == (service, found.path):
            patch = other.patch if other.rule == found.rule else found.patch
            found = replace(found, location=other.location, patch=patch)
    return found
