"""A root may be reached through links and directories that others change: then it is another one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from confkeep.files.root import Root
from confkeep.watch.way import way

if TYPE_CHECKING:
    from pathlib import Path

    from tests.watch.conftest import Watch


def switched(link: Path, to: str) -> None:
    """As deployments do: no moment without a link."""
    beside = link.with_name("next~")
    beside.symlink_to(to)
    beside.rename(link)


def releases(config: Path, *names: str) -> None:
    """Each has a directory of configuration."""
    for name in names:
        (config / name / "conf").mkdir(parents=True)
        (config / name / "conf" / "a.yaml").write_bytes(name.encode())


def test_a_single_file_of_a_config_map(config: Path, watch: Watch) -> None:
    """As Kubernetes mounts it: the file is a link through ``..data``, which is switched."""
    for name in ("..1", "..2", "..3"):
        (config / name).mkdir()
        (config / name / "a.yaml").write_bytes(name.encode())
    (config / "..data").symlink_to("..1")
    (config / "a.yaml").symlink_to("..data/a.yaml")
    heard = watch(Root("one", str(config / "a.yaml")))
    for name in ("..2", "..3"):
        switched(config / "..data", name)
        heard.content("a.yaml", name.encode())
    (config / "..3" / "a.yaml").write_bytes(b"4\n")
    heard.content("a.yaml", b"4\n")
    (config / "..1" / "a.yaml").write_bytes(b"5\n")
    heard.nothing_more()


def test_a_link_on_the_way(config: Path, watch: Watch) -> None:
    """What the old one becomes is nobody's business any more, what the new one becomes is."""
    releases(config, "1", "2")
    (config / "current").symlink_to("1")
    heard = watch(Root("ha", str(config / "current" / "conf")))
    switched(config / "current", "2")
    heard.content("a.yaml", b"2")
    (config / "1" / "conf" / "a.yaml").write_bytes(b"old\n")
    (config / "2" / "conf" / "a.yaml").write_bytes(b"new\n")
    heard.content("a.yaml", b"new\n")
    heard.nothing_more()


def test_a_directory_on_the_way(config: Path, watch: Watch) -> None:
    """Moved away, and another put in its place; also when that comes later."""
    releases(config, "app", "new", "newer")
    heard = watch(Root("ha", str(config / "app" / "conf")))
    (config / "app").rename(config / "old")
    (config / "new").rename(config / "app")
    heard.content("a.yaml", b"new")
    (config / "app").rename(config / "older")
    heard.nothing_more()
    (config / "newer").rename(config / "app")
    heard.content("a.yaml", b"newer")
    (config / "app" / "conf" / "a.yaml").write_bytes(b"2\n")
    heard.content("a.yaml", b"2\n")


def test_a_way_that_comes_bit_by_bit(config: Path, watch: Watch) -> None:
    """Nothing of it is there at first."""
    path = config / "x" / "y" / "conf"
    heard = watch(Root("ha", str(path)))
    for directory in (config / "x", config / "x" / "y", path):
        heard.nothing_more()
        directory.mkdir()
    (path / "a.yaml").write_bytes(b"1\n")
    heard.content("a.yaml", b"1\n")


def test_a_root_that_another_one_left(config: Path, watch: Watch) -> None:
    """Two roots of one directory; one of them leads elsewhere then, the other one is watched as before."""
    releases(config, "1", "2")
    (config / "current").symlink_to("1")
    heard = watch(Root("ha", str(config / "current" / "conf")), Root("first", str(config / "1" / "conf")))
    switched(config / "current", "2")
    heard.content("a.yaml", b"2")
    (config / "1" / "conf" / "a.yaml").write_bytes(b"2\n")
    change = heard.content("a.yaml", b"2\n")
    assert change.root == "first"
    heard.nothing_more()


def test_each_step(config: Path) -> None:
    """Links as they are followed, ``..`` among them, up to what is missing; a loop has an end."""
    (config / "real").mkdir()
    (config / "real" / "up").symlink_to("../real")
    (config / "loop").symlink_to("loop")
    top = os.path.realpath(config)
    steps = [step for step in way(f"{top}/real/up/missing/x") if step.path.startswith(f"{top}/")]
    assert [(step.path.removeprefix(top), step.is_link) for step in steps] == [
        ("/real", False),
        ("/real/up", True),
        ("/real", False),
        ("/real/missing", False),
    ]
    assert steps[-1].mode is None
    assert len(list(way(f"{top}/loop/x"))) < 100
