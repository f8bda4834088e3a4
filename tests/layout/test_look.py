"""The live survey, with real processes that mount real files, and no engine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from confkeep.files import mounts as kernel
from confkeep.layout import mounttable
from confkeep.layout.capture import capture
from confkeep.layout.diagnosis import Source
from confkeep.layout.doctor import diagnose
from confkeep.layout.look import look, merge
from confkeep.layout.model import OK, Container, Scope
from confkeep.layout.replay import replay
from tests.layout.boxes import box

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.survey import Survey
    from tests.support.fixtures import AsUser
    from tests.support.mounting import Mounts

IDENT = "c0ffee" * 10 + "beef"
NAME = IDENT[:12]


@pytest.fixture
def bound(mounts: Mounts, public: Path) -> tuple[Path, Path]:
    """A file, and where a box mounts it."""
    (public / "host").mkdir()
    source, point = public / "host" / "a.yaml", public / "seen.yaml"
    source.write_text("a: 1\n")
    point.touch()
    return source, point


def _look(scope: Scope | None = None) -> Survey:
    return look(scope or Scope(), addresses=())


def _device(number: int) -> str:
    return f"{os.major(number)}:{os.minor(number)}"


def _findings(survey: Survey, below: Path) -> list[Diagnosis]:
    """Of what the test mounted; the box has this machine's other mounts too."""
    found = diagnose(survey, Scope(container=NAME)).findings
    return [one for one in found if mounttable.contains(str(below), one.path)]


def _rules(survey: Survey, below: Path) -> list[str]:
    return [one.rule for one in _findings(survey, below)]


def test_who_holds_a_file_is_known_by_its_inode(bound: tuple[Path, Path], public: Path) -> None:
    """With root: what a save of this file is going to ask."""
    source, point = bound
    found = source.stat()
    with box(public, bound, ident=IDENT):
        holders = _look().holders((_device(found.st_dev), found.st_ino), None)
    assert [(one.container.name, one.path) for one in holders] == [(NAME, str(point))]
    assert (holders[0].host_path, holders[0].verified, holders[0].kind) == (str(source), True, "file")


def test_who_holds_a_file_is_known_by_its_place(bound: tuple[Path, Path], public: Path, as_user: AsUser) -> None:
    """Without any privilege: device and root field are the same in every table."""
    source, point = bound

    def holders() -> list[tuple[str, str]]:
        mount = kernel.mount_of(source)
        assert mount is not None
        inside = mounttable.relative_to(str(source), mount.mount_point)
        place = (mounttable.device(mount), mounttable.join(mounttable.root_of(mount), inside))
        return [(one.container.name, one.path) for one in _look().holders(None, place)]

    with box(public, bound, ident=IDENT):
        assert as_user(65533, holders) == [(NAME, str(point))]
        other = source.with_name("other.yaml")
        other.touch()
        assert _look().holders((_device(other.stat().st_dev), other.stat().st_ino), None) == ()


def test_a_process_without_a_container_holds_files_too(bound: tuple[Path, Path], public: Path) -> None:
    """A save by rename would strand it as well; its layout is not judged."""
    source, _ = bound
    mount = kernel.mount_of(source)
    assert mount is not None
    inside = mounttable.relative_to(str(source), mount.mount_point)
    place = (mounttable.device(mount), mounttable.join(mounttable.root_of(mount), inside))
    with box(public, bound) as pid:
        survey = _look()
    assert [one.container.name for one in survey.holders(None, place)] == [f"pid {pid}"]
    assert all(holding.container.contained for holding in survey.holdings)


def test_a_rename_on_the_host_leaves_the_mount_behind(bound: tuple[Path, Path], public: Path) -> None:
    """MNT002, by the kernel's word; started again, the container sees the new file."""
    source, _ = bound
    with box(public, bound, ident=IDENT):
        assert _rules(_look(), public) == ["MNT001"]
        new = source.with_name("new")
        new.write_text("a: 2\n")
        new.replace(source)
        survey = _look()
        assert _rules(survey, public) == ["MNT002", "MNT001"]
        found = source.stat()
        assert survey.holders((_device(found.st_dev), found.st_ino), None) == ()
    with box(public / "again", bound, ident=IDENT):
        assert _rules(_look(), public) == ["MNT001"]


def test_a_capture_tells_the_same_elsewhere(bound: tuple[Path, Path], public: Path, tmp_path: Path) -> None:
    """Findings and what was skipped, out of the files."""
    (bound[0].parent / "link.yaml").symlink_to("/nowhere.yaml")
    directory = public / "dir"
    directory.mkdir()
    with box(public, bound, (bound[0].parent, directory), ident=IDENT):
        survey = _look()
        capture(survey, str(tmp_path / "capture"))
    live = diagnose(survey, Scope(container=NAME))
    again = diagnose(replay(str(tmp_path / "capture")), Scope(container=NAME))
    assert sorted(_rules(survey, public)) == ["MNT001", "MNT018", "MNT024"]
    assert again.findings == live.findings
    assert again.skipped == live.skipped
    assert again.sources == live.sources


def test_without_root_that_is_said(bound: tuple[Path, Path], public: Path, as_user: AsUser) -> None:
    """What the kernel's tables tell is found all the same."""
    with box(public, bound, ident=IDENT):
        survey = as_user(65533, _look)
    report = diagnose(survey, Scope(container=NAME))
    assert _rules(survey, public) == ["MNT001"]
    assert survey.sources[Source.PROC] == OK
    assert "CAP_SYS_PTRACE" in survey.sources[Source.ROOT]
    reasons = {one.rule: one.reason for one in report.skipped}
    assert "CAP_SYS_PTRACE" in reasons["MNT024"]
    assert "no engine" in reasons["MNT005"]


def test_a_path_that_was_asked_about_is_looked_at(bound: tuple[Path, Path], public: Path) -> None:
    """Also where nobody would look for configuration."""
    link = bound[0].with_name("current")
    link.symlink_to("/nowhere")
    directory = public / "dir"
    directory.mkdir()
    path = str(directory / "current")
    with box(public, (bound[0].parent, directory), ident=IDENT):
        scope = Scope(container=NAME, paths=frozenset({path}))
        report = diagnose(_look(scope), scope)
    assert [(one.rule, one.path) for one in report.findings] == [("MNT024", path)]


def test_a_container_is_merged_with_its_process_once() -> None:
    """By id, or else by the number that the engine names; what is left is seen by /proc alone."""
    known = [
        Container("by-id", id="a" * 64, engine="unix:///x"),
        Container("by-pid", id="b" * 64, pid=7, engine="unix:///x"),
    ]
    stopped = Container("stopped", id="c" * 64, running=False, engine="unix:///x")
    seen = [
        Container("aaa", id="a" * 64, pid=5, table=()),
        Container("pid 7", pid=7, table=()),
        Container("pid 9", pid=9),
    ]
    merged = {one.name: one for one in merge([*known, stopped], seen, Container(""))}
    assert merged.keys() == {"by-id", "by-pid", "stopped", "pid 9"}
    assert (merged["by-id"].pid, merged["by-pid"].table) == (5, ())
    assert merged["stopped"].missing == {Source.PROC: "it does not run"}


def test_a_further_namespace_of_a_container_is_not_another_container() -> None:
    """A service manager in a container makes them: they hold files, and are not judged."""
    engine = "unix:///x"
    first, inner = (Container("aaa", id="a" * 64, pid=pid, table=()) for pid in (5, 6))
    for known in ([Container("app", id="a" * 64, pid=6, engine=engine)], []):
        merged = list(merge(known, [first, inner], Container("")))
        assert [one.contained for one in merged] == [True, False]
        assert merged[0].pid == (6 if known else 5)
