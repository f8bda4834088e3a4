"""What root sees at both ends of a mount."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from confkeep.layout import inroot
from confkeep.layout.evidence import Eyes, lower_layers
from confkeep.layout.model import Container, Declared
from confkeep.layout.mounttable import parse_table
from tests.layout.building import ROOT, line, table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import Filesystem
    from tests.support.mounting import Mounts


def _own_table() -> Container:
    """Our own view, as a container."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return Container("", id="a" * 64, table=parse_table(file.read()))


def test_links_are_followed_as_whoever_has_that_root_does(tmp_path: Path) -> None:
    """An absolute one begins there, and `..` does not lead above it."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "a.yaml").touch()
    (tmp_path / "var").symlink_to("/etc")
    (tmp_path / "etc" / "up.yaml").symlink_to("../../../../etc/a.yaml")
    (tmp_path / "etc" / "circle").symlink_to("circle")
    root = str(tmp_path)
    assert inroot.follow(root, "/var/a.yaml", ()) == "/etc/a.yaml"
    assert inroot.follow(root, "/etc/up.yaml", ()) == "/etc/a.yaml"
    assert inroot.follow(root, "/etc/missing/x", ()) == "/etc/missing/x"
    assert inroot.follow(root, "/etc/circle", ()) is None


def test_what_is_there(tmp_path: Path) -> None:
    """The kinds, a link by itself, and nothing."""
    (tmp_path / "a").write_text("abc")
    (tmp_path / "l").symlink_to("a")
    os.mkfifo(tmp_path / "f")
    seen = {name: inroot.look(str(tmp_path), f"/{name}") for name in ("a", "l", "f", "none", "a/b")}
    assert [stat and stat.kind for stat in seen.values()] == ["file", "link", "other", None, None]
    assert seen["a"] is not None
    assert seen["l"] is not None
    assert (seen["a"].size, seen["l"].target) == (3, "a")
    found = os.stat(tmp_path / "a")
    assert seen["a"].inode == (f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}", found.st_ino)


def test_a_mounted_directory_is_looked_into(mounts: Mounts, public: Path) -> None:
    """For configuration and links, and not for everything."""
    source = public / "config"
    source.mkdir()
    for name in ("a.yaml", "photo.jpg"):
        (source / name).touch()
    (source / "link").symlink_to("a.yaml")
    at = str(mounts.bind(source, public / "at"))
    own = _own_table()
    seen = Eyes("", own.table).look(own)
    assert {path for path in seen.inside if path.startswith(at)} == {at, f"{at}/a.yaml", f"{at}/link"}
    assert seen.host[str(source)] == seen.inside[at]


def test_the_placeholder_of_a_nested_mount_is_looked_at(mounts: Mounts, public: Path) -> None:
    """On the host it lies where the outer mount comes from."""
    outer, inner = public / "outer", public / "inner.yaml"
    outer.mkdir()
    inner.write_text("x: 1\n")
    at = mounts.bind(outer, public / "at")
    mounts.bind(inner, at / "a.yaml")
    own = _own_table()
    host = [mount for mount in own.table or () if not mount.mount_point.startswith(str(at))]
    below = Eyes("", host).look(own).host[str(outer / "a.yaml")]
    assert below is not None
    assert (below.kind, below.size) == ("file", 0)


def test_what_the_image_has_below_a_volume(filesystem: Filesystem, mounts: Mounts, disk: Path) -> None:
    """In the lower layers of the overlay that the container's root is."""
    lower = filesystem("ext4") / "lower"
    (lower / "etc" / "app").mkdir(parents=True)
    (lower / "etc" / "app" / "a.yaml").touch()
    (lower / "srv").mkdir()
    root = ROOT.replace("/lower,", f"/nowhere:{lower},")
    declared = tuple(Declared("volume", "/v", path, volume="v") for path in ("/etc/app", "/srv", "/data"))
    app = Container(
        "app", id="a" * 64, table=table(root, *(line("/v", one.destination) for one in declared)), declared=declared
    )
    assert Eyes("", table("1 0 254:0 / / rw - ext4 x rw")).look(app).image == {
        "/etc/app": True,
        "/srv": False,
        "/data": False,
    }


def test_the_layers_of_an_overlay_are_read_in_both_spellings() -> None:
    """The new mount API names each by itself."""
    [old] = table(ROOT.replace("lowerdir=/lower", "lowerdir=/a:/b"))
    [new] = table(ROOT.replace("lowerdir=/lower", "lowerdir+=/a,lowerdir+=/b"))
    assert lower_layers(old) == lower_layers(new) == ["/a", "/b"]


def test_filesystems_of_others_are_not_touched(tmp_path: Path) -> None:
    """A dead NFS server holds whoever asks for ever."""
    remote = line("/", str(tmp_path), filesystem="nfs4", device="0:60")
    app = Container(
        "app", id="a" * 64, table=table(ROOT, remote), declared=(Declared("bind", str(tmp_path), str(tmp_path)),)
    )
    seen = Eyes("", table("1 0 254:0 / / rw - ext4 x rw", remote)).look(app)
    assert str(tmp_path) not in seen.inside
    assert str(tmp_path) not in seen.host


def test_the_sources_of_another_machine_s_engine_are_not_looked_for_here(tmp_path: Path) -> None:
    """Its paths are that machine's."""
    declared = (Declared("bind", str(tmp_path), "/x"),)
    far = Container("app", id="a" * 64, engine="tcp://far:2375", declared=declared)
    near = Container("app", id="a" * 64, engine="unix:///run/docker.sock", declared=declared)
    eyes = Eyes("", None)
    assert eyes.look(far).host == {}
    assert list(eyes.look(near).host) == [str(tmp_path)]
