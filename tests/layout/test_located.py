from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from confkeep.layout.diagnosis import Location, Report
from confkeep.layout.located import located
from confkeep.layout.model import Container
from confkeep.layout.survey import Survey
from tests.layout.sample import SINGLE, STALE

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.layout.diagnosis import Diagnosis

FILE = "services:\n  web:\n    image: example\n    volumes:\n      - ./conf/a.yaml:/config/a.yaml\n"
OVERRIDE = "services:\n  web:\n    volumes:\n      - ./conf/a.yaml:/config/a.yaml\n"
FOUND = replace(SINGLE, location=None, patch="")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with its compose file and what it mounts."""
    (tmp_path / "compose.yaml").write_text(FILE)
    (tmp_path / "override.yaml").write_text(OVERRIDE)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "a.yaml").touch()
    return tmp_path


def locate(project: Path, files: str, found: Diagnosis = FOUND, *, live: bool = True) -> Diagnosis:
    """The finding about the container ``app``, which is the service ``web`` of these files."""
    labels = {
        "com.docker.compose.service": "web",
        "com.docker.compose.project.config_files": files,
        "com.docker.compose.project.working_dir": str(project),
    }
    survey = Survey((Container("app", labels=labels),), {}, live=live)
    (made,) = located(Report(findings=(found,)), survey).findings
    return made


@pytest.mark.parametrize("absolute", [True, False], ids=["compose 2 and later", "compose 1"])
def test_line_and_patch(project: Path, absolute: bool) -> None:  # noqa: FBT001 - a column of the table
    """Of the entry of the service, by an absolute path or one that begins at the project's directory."""
    path = str(project / "compose.yaml")
    made = locate(project, path if absolute else "compose.yaml")
    assert made.location == Location(path, 5)
    assert "+      - ./conf:/config\n" in made.patch


def test_patch_of_another_rule_is_not_taken(project: Path) -> None:
    """The line is that of the mount, whatever is wrong with it; a patch mends only what it was made for."""
    made = locate(project, "compose.yaml", replace(STALE, path="/config/a.yaml"))
    assert (made.location, made.patch) == (Location(str(project / "compose.yaml"), 5), "")


def test_later_file_counts(project: Path) -> None:
    """Of several files that have the entry, the last one is what Compose takes."""
    assert locate(project, "compose.yaml,override.yaml").location == Location(str(project / "override.yaml"), 4)


@pytest.mark.parametrize("files", ["", "missing.yaml", "conf/a.yaml", "conf"])
def test_no_such_file(project: Path, files: str) -> None:
    """The finding stays as it is where the file cannot be read from here, or is none."""
    assert locate(project, files) == FOUND


def test_other_places_stay(project: Path) -> None:
    """What the file says nothing about has no line."""
    other = replace(FOUND, path="/other")
    assert locate(project, "compose.yaml", other) == other
    assert locate(project, "compose.yaml", replace(FOUND, container="b")).location is None


def test_capture_of_another_machine(project: Path) -> None:
    """A file here that has the name of one there is not looked at."""
    assert locate(project, "compose.yaml", live=False) == FOUND
