"""Captures: written, read again, and what is wrong with those that cannot be."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from confkeep.errors import AlreadyExists, BadParameter
from confkeep.layout.capture import capture
from confkeep.layout.diagnosis import Source
from confkeep.layout.doctor import diagnose
from confkeep.layout.model import OK, Credentials, IdRange
from confkeep.layout.replay import replay
from confkeep.layout.report import COULD_NOT_LOOK, exit_code
from tests.layout.building import bind, container, line, stat, survey

LAYOUTS = Path(__file__).parents[1] / "fixtures" / "mount-layouts"


@pytest.mark.parametrize("folder", sorted(str(file.parent) for file in LAYOUTS.rglob("inspect*.json")))
def test_a_capture_of_a_capture_tells_the_same(folder: str, tmp_path: Path) -> None:
    """Nothing that a rule looks at is lost on the way."""
    once = replay(folder)
    capture(once, str(tmp_path / "again"))
    assert diagnose(replay(str(tmp_path / "again"))) == diagnose(once)


def test_everything_comes_back(tmp_path: Path) -> None:
    """Every piece of evidence, of a container that only /proc knows too."""
    app = container(
        line("/srv/we\\040ird", "/con\\040fig"),
        uid_map=(IdRange(0, 100000, 65536),),
        credentials=Credentials(1000, 100, frozenset({4, 5}), (1 << 41) - 1),
        inside={"/con fig": stat("directory", label="u:r:t"), "/con fig/x": stat("link", target="ü"), "/gone": None},
        host={"/srv/we ird": None},
        image={"/con fig": True},
        layer=("/etc/a.yaml",),
    )
    capture(survey(app, selinux=True), str(tmp_path / "c"))
    again = replay(str(tmp_path / "c"))
    [read] = again.containers
    for piece in ("name", "id", "table", "uid_map", "credentials", "inside", "host", "image", "layer"):
        assert getattr(read, piece) == getattr(app, piece), piece
    assert (again.selinux, again.live, again.sources) == (True, False, dict.fromkeys(Source, OK))
    assert again.host_table == survey(app).host_table


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """Paths and names are nobody else's business."""
    directory = tmp_path / "c"
    names = capture(survey(container(line("/a", "/a"))), str(directory))
    assert directory.stat().st_mode & 0o77 == 0
    assert {os.stat(directory / name).st_mode & 0o777 for name in names} == {0o600}


def test_a_name_cannot_lead_out_of_the_directory(tmp_path: Path) -> None:
    """It comes from an engine."""
    names = capture(survey(container(line("/a", "/a"), name="../../etc/x")), str(tmp_path / "c"))
    assert set(names) == set(os.listdir(tmp_path / "c"))
    assert all("/" not in name for name in names)


def test_two_containers_of_one_name_are_two(tmp_path: Path) -> None:
    """Two engines may have the same names."""
    one, two = container(line("/a", "/a")), container(line("/b", "/b"))
    capture(survey(one, two), str(tmp_path / "c"))
    assert len(replay(str(tmp_path / "c")).containers) == 2


def test_a_directory_with_something_in_it_is_refused(tmp_path: Path) -> None:
    """A capture is one moment."""
    (tmp_path / "x").touch()
    with pytest.raises(AlreadyExists, match="is not empty"):
        capture(survey(), str(tmp_path))


def test_what_is_no_capture_is_refused(tmp_path: Path) -> None:
    """With the reason."""
    with pytest.raises(BadParameter, match="holds no capture"):
        replay(str(tmp_path))
    with pytest.raises(BadParameter, match="No such file"):
        replay(str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("inspect.json", "{"),
        ("inspect.json", "[]"),
        ("capture.json", "[" * 100_000),
        ("stat.json", '{"inside": {"/a": {"kind": "file"}}}'),
        ("stat.json", '{"inside": {"/a": 7}}'),
        ("stat.json", '{"inside": {"/a": {"kind":"file","dev":"1:1","ino":"x","nlink":1,"mode":"9","uid":0,"gid":0}}}'),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, file: str, text: str) -> None:
    """Whoever got the folder learns which one."""
    (tmp_path / "inspect.json").write_text('{"Id": "x"}')
    (tmp_path / file).write_text(text)
    with pytest.raises(BadParameter, match=file):
        replay(str(tmp_path))


def test_lines_that_are_no_mounts_are_left_out(tmp_path: Path) -> None:
    """A capture that was cut off still tells something."""
    (tmp_path / "mountinfo.hostview").write_text(f"{line('/srv/a.yaml', '/a.yaml')}\n20 10 254:0 /srv/b.ya")
    [read] = replay(str(tmp_path)).containers
    assert [mount.mount_point for mount in read.table or ()] == ["/a.yaml"]


def test_what_was_not_captured_is_a_source_that_lacks(tmp_path: Path) -> None:
    """Only what was there is looked at, and the rest says so."""
    (tmp_path / "inspect.json").write_text(json.dumps({"Id": "x", "Name": "/app", "State": {"Running": True}}))
    report = diagnose(replay(str(tmp_path)))
    assert report.sources[Source.API] == OK
    assert {one.reason for one in report.skipped if one.rule == "MNT005"} == {"proc: not in the capture"}
    assert exit_code(report, ()) != COULD_NOT_LOOK


def test_a_bind_of_a_stopped_container_comes_back(tmp_path: Path) -> None:
    """It has no mounts, and its source is looked at on the host."""
    stopped = container(declared=(bind("/srv/a", "/a"),), running=False, host={"/srv/a": None})
    capture(survey(stopped), str(tmp_path / "c"))
    assert replay(str(tmp_path / "c")).containers[0].host == {"/srv/a": None}
