"""Tables of mounts: which mount a path is on, what can be seen, and where the host has it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkeep.layout import mounttable
from tests.layout.building import HOST, ROOT, line, table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mounting import Mounts

PATHS = st.lists(st.sampled_from(["a", "b", "ab", "c.yaml"]), max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(PATHS, PATHS)
def test_containment_is_by_whole_components(directory: str, path: str) -> None:
    """``/ab`` is not below ``/a``."""
    prefix = [part for part in directory.split("/") if part]
    parts = [part for part in path.split("/") if part]
    assert mounttable.contains(directory, path) == (parts[: len(prefix)] == prefix)
    assert mounttable.is_below(path, directory) == (mounttable.contains(directory, path) and path != directory)


@given(PATHS, PATHS)
def test_what_is_joined_can_be_taken_apart(directory: str, relative: str) -> None:
    """Also below the root."""
    path = mounttable.join(directory, relative.strip("/"))
    if path != directory:
        assert mounttable.relative_to(path, directory) == relative.strip("/")


def test_what_lies_under_a_later_mount_is_not_seen() -> None:
    """On the same mount point, and below it."""
    mounts = table(ROOT, line("/1", "/a"), line("/2", "/a/b"), line("/3", "/ab"), line("/4", "/a"))
    assert {mount.mount_point: mount.root for mount in mounttable.visible(mounts)} == {
        "/": "/",
        "/ab": "/3",
        "/a": "/4",
    }


def test_the_kernel_agrees_which_mount_a_path_is_on(mounts: Mounts, public: Path) -> None:
    """Stacked, nested and hidden mounts, against what stat sees."""
    for name in ("one", "two", "three"):
        (public / name).mkdir()
        (public / name / "who").write_text(name)
    (public / "one" / "in").mkdir()
    at = public / "at"
    mounts.bind(public / "one", at)
    mounts.bind(public / "two", at / "in")
    mounts.bind(public / "three", at)
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        seen = mounttable.visible(mounttable.parse_table(file.read()))
    below = [mount for mount in seen if mounttable.contains(str(at), mount.mount_point)]
    assert [mount.mount_point for mount in below] == [str(at)]
    assert below[0].root.endswith("/three")
    assert subprocess.run(["cat", at / "who"], capture_output=True, check=True).stdout == b"three"
    assert mounttable.mount_at(seen, str(at / "in")) == below[0]


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        (line("/srv/a", "/x"), ("/srv/a",)),
        (line("/srv/a//deleted", "/x"), ("/srv/a",)),
        (line("/", "/x", device="254:1"), ("/mnt/usb",)),
        (line("/a/b", "/x", device="254:1"), ("/mnt/usb/a/b",)),
        (line("/", "/x", device="0:99"), ()),
    ],
)
def test_where_the_host_sees_it(mount: str, expected: tuple[str, ...]) -> None:
    """By device and root field."""
    assert mounttable.host_paths(table(*HOST), table(mount)[0]) == expected


def test_a_subvolume_is_nearer_than_its_filesystem() -> None:
    """btrfs: the same device is mounted twice on the host."""
    host = table(
        "1 0 0:40 / /pool rw - btrfs /dev/sda rw", "2 0 0:40 /@home /home rw - btrfs /dev/sda rw,subvol=/@home"
    )
    paths = mounttable.host_paths(host, table(line("/@home/a.yaml", "/x", device="0:40"))[0])
    assert paths == ("/home/a.yaml", "/pool/@home/a.yaml")


@given(PATHS)
def test_a_place_leads_back_to_its_path(path: str) -> None:
    """Host path to place, and a bind of that place to the host path."""
    host = table(*HOST)
    place = mounttable.place_of(host, path)
    assert place is not None
    assert path in mounttable.host_paths(host, table(line(place[1], "/x", device=place[0]))[0])


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (f"/var/lib/docker/containers/{'a' * 64}/hosts", "a" * 64),
        (f"/root/run/overlay-containers/{'b' * 64}/userdata/hosts", "b" * 64),
        (f"/containers/{'c' * 63}/hosts", ""),
        ("/srv/hosts", ""),
    ],
)
def test_the_id_of_a_container(root: str, expected: str) -> None:
    """Out of where its /etc/hosts comes from."""
    assert mounttable.container_id(table(ROOT, line(root, "/etc/hosts"))) == expected
    assert mounttable.container_id(table(ROOT, line(root, "/srv/hosts"))) == ""
