"""confkeep.files.place: roots that are mounted, stale, replaced, named by a link, or a single file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import NotFound, OutsideRoot
from confkeep.files.place import resolve
from confkeep.files.root import Root
from tests.support.layouts import directory_bind, file_bind, nested_bind
from tests.support.looking import facts_at, opened
from tests.support.walkers import WALKERS, choose, led, link

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.layouts import Ground
    from tests.support.mounting import Mounts


@pytest.fixture(autouse=True, params=WALKERS)
def walker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here holds for both."""
    choose(request.param, monkeypatch)


def test_a_single_file_is_addressed_by_its_name(tmp_path: Path) -> None:
    """A root that is a file holds exactly that name."""
    (tmp_path / "a.yaml").touch()
    single = Root("one", os.fspath(tmp_path / "a.yaml"))
    with resolve(single, "a.yaml") as place:
        assert place.path == single.path
    for other in ("b.yaml", "./a.yaml", "", "a.yaml/"):
        with pytest.raises(NotFound):
            led(single, other)


def test_the_links_of_a_single_file_may_lead_anywhere(tmp_path: Path) -> None:
    """The settings name this very file, so where its links lead is meant."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/b.yaml").touch()
    (tmp_path / "here").mkdir()
    (tmp_path / "here/a.yaml").symlink_to("../real/b.yaml")
    with resolve(Root("one", os.fspath(tmp_path / "here/a.yaml")), "a.yaml") as place:
        assert place.path == os.fspath(tmp_path / "real/b.yaml")


@pytest.mark.parametrize("make", [file_bind, nested_bind])
def test_a_single_file_may_be_mounted(ground: Ground, make: Callable[[Ground], Path]) -> None:
    """Also in a directory that is mounted itself; what was seen of it says so."""
    path = make(ground)
    with resolve(Root("one", os.fspath(path)), path.name) as place:
        assert (place.path, place.passed) == (os.fspath(path), facts_at(path))
        assert place.passed is not None
        assert place.passed.mount_root


def test_a_file_bind_in_a_directory_bind(ground: Ground) -> None:
    """Is below the root, under the name it has there: that is what confkeep exists for."""
    nested = nested_bind(ground)
    root = Root("config", os.fspath(ground.inside))
    with resolve(root, "config/nested.yaml") as place:
        assert (place.path, place.passed) == (os.fspath(nested), facts_at(nested))
        assert place.passed is not None
        assert place.passed.mount_root
    assert led(root, "config/a.yaml") == "config/a.yaml"


@pytest.fixture
def nested(ground: Ground) -> Root:
    """A directory of another filesystem, mounted in one of ours that is mounted itself: ``config/nested/sub``."""
    (ground.elsewhere / "sub").mkdir()
    ground.mounts.bind(ground.elsewhere, directory_bind(ground).parent / "nested")
    return Root("config", os.fspath(ground.inside))


def test_a_directory_bind_in_a_directory_bind(nested: Root, ground: Ground) -> None:
    """Is crossed on the way, and ``..`` comes out of it again, in the path and in links."""
    (ground.elsewhere / "sub/a.yaml").touch()
    with resolve(nested, "config/nested/sub/a.yaml") as place:
        assert place.path == f"{nested.path}/config/nested/sub/a.yaml"
        assert os.path.samestat(os.fstat(place.parent), (ground.elsewhere / "sub").stat())
    assert led(nested, "config/nested/sub/../../a.yaml") == "config/a.yaml"
    link(nested, "config/nested/sub/up", "../..")
    assert led(nested, "config/nested/sub/up/a.yaml") == "config/a.yaml"


def test_no_link_in_a_mount_leads_out(nested: Root, ground: Ground) -> None:
    """Not up by the way we came, and not up where the mounted directory is on the host."""
    link(nested, "config/nested/sub/up", "../../../..")
    link(nested, "config/nested/host", ground.elsewhere)
    for relative in ("config/nested/sub/up/a.yaml", "config/nested/host/a.yaml"):
        with pytest.raises(OutsideRoot):
            led(nested, relative)


def test_a_stale_directory_keeps_its_path(mounts: Mounts, tmp_path: Path) -> None:
    """One that was removed on the host is called ``(deleted)`` by the kernel, but that is no part of its name."""
    for name in ("gone", "root"):
        (tmp_path / name).mkdir()
    (tmp_path / "alias").symlink_to("root")
    mounts.bind(tmp_path / "gone", tmp_path / "root/stale")
    (tmp_path / "gone").rmdir()
    stale = tmp_path / "root/stale"
    with opened(stale, os.O_PATH) as fd:
        assert os.readlink(f"/proc/self/fd/{fd}") == f"{stale} (deleted)"
    for root, relative in ((tmp_path / "alias", "stale/a.yaml"), (tmp_path / "alias/stale", "a.yaml")):
        with resolve(Root("config", os.fspath(root)), relative) as place:
            assert (place.path, place.look()) == (f"{stale}/a.yaml", None)


def test_a_directory_may_be_called_deleted(tmp_path: Path) -> None:
    """Then that is its name."""
    (tmp_path / "root (deleted)/sub (deleted)").mkdir(parents=True)
    root = Root("config", f"{tmp_path}/root (deleted)")
    assert led(root, "a.yaml") == "a.yaml"
    assert led(root, "sub (deleted)/a.yaml") == "sub (deleted)/a.yaml"


def test_a_root_may_be_replaced(tmp_path: Path) -> None:
    """What is there counts at each look; what was found before stays what it was."""
    (tmp_path / "root/sub").mkdir(parents=True)
    (tmp_path / "root/sub/a.yaml").write_text("old")
    root = Root("config", f"{tmp_path}/root")
    with resolve(root, "sub/a.yaml") as before:
        (tmp_path / "root").rename(tmp_path / "moved")
        with pytest.raises(NotFound, match="does not exist"):
            led(root, "sub/a.yaml")
        (tmp_path / "root/sub").mkdir(parents=True)
        with resolve(root, "sub/a.yaml") as after:
            assert after.path == before.path
            assert os.path.samestat(os.fstat(after.parent), (tmp_path / "root/sub").stat())
            assert after.look() is None
        assert os.path.samestat(os.fstat(before.parent), (tmp_path / "moved/sub").stat())


def test_a_directory_may_become_a_single_file(tmp_path: Path) -> None:
    """And the other way round: it is looked at each time."""
    root = Root("config", f"{tmp_path}/a.yaml")
    for _ in range(2):
        (tmp_path / "a.yaml").mkdir()
        with resolve(root, "a.yaml") as place:
            assert place.path == f"{tmp_path}/a.yaml/a.yaml"
        (tmp_path / "a.yaml").rmdir()
        (tmp_path / "a.yaml").touch()
        with resolve(root, "a.yaml") as place:
            assert place.path == f"{tmp_path}/a.yaml"
        (tmp_path / "a.yaml").unlink()


def test_a_root_may_be_mounted_over(mounts: Mounts, tmp_path: Path) -> None:
    """The upper one counts from then on."""
    for name in ("root/sub", "upper/sub"):
        (tmp_path / name).mkdir(parents=True)
    root = Root("config", f"{tmp_path}/root")
    assert led(root, "sub/a.yaml") == "sub/a.yaml"
    mounts.bind(tmp_path / "upper", tmp_path / "root")
    with resolve(root, "sub/a.yaml") as place:
        assert place.path == f"{tmp_path}/root/sub/a.yaml"
        assert os.path.samestat(os.fstat(place.parent), (tmp_path / "upper/sub").stat())
