"""confkeep.files.place: the place of any path, below no root."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import BadPath, NoPermission, NotFound
from confkeep.files.place import at, resolve
from confkeep.files.root import ANYWHERE
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import AsUser


def found_at(path: str, *, follow: bool = True) -> str:
    """The place that ``at`` finds."""
    with at(path, follow=follow) as place:
        return place.path


def test_at_is_resolve_for_any_path(tmp_path: Path) -> None:
    """The same place as the walk from ``/``, with what is there; a missing file has one too."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a").touch()
    for name in ("sub/a", "sub//a", "./sub/../sub/a", "sub/new", "sub"):
        path = f"{tmp_path}/{name}"
        with at(path) as place, resolve(ANYWHERE, path) as walked:
            assert (place.path, place.name, place.passed) == (walked.path, walked.name, walked.passed)
            assert os.path.samestat(os.fstat(place.parent), os.fstat(walked.parent))


def test_at_is_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where that is known by a link."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to("sub")
    monkeypatch.chdir(tmp_path / "link")
    assert found_at("a") == found_at("./a") == found_at("../sub/a") == os.fspath(tmp_path / "sub/a")


def test_at_follows_links(tmp_path: Path) -> None:
    """Wherever they lead: of directories and of the file, through each other, relative and absolute."""
    (tmp_path / "one/two").mkdir(parents=True)
    (tmp_path / "one/two/a").touch()
    (tmp_path / "directory").symlink_to(tmp_path / "one/two")
    (tmp_path / "file").symlink_to("directory/../link")
    (tmp_path / "one/link").symlink_to("two/a")
    for name in ("file", "directory/a", "one/link"):
        assert found_at(f"{tmp_path}/{name}") == os.fspath(tmp_path / "one/two/a")
    (tmp_path / "dangling").symlink_to("one/new")
    assert found_at(f"{tmp_path}/dangling") == os.fspath(tmp_path / "one/new")


def test_at_need_not_follow_the_last_link(tmp_path: Path) -> None:
    """Then the link is the place, but those on the way are followed."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one/a").symlink_to("b")
    (tmp_path / "directory").symlink_to("one")
    assert found_at(f"{tmp_path}/directory/a", follow=False) == os.fspath(tmp_path / "one/a")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("no/a", NotFound),
        ("file/a", NotFound),
        ("loop", NotFound),
        ("a\0b", BadPath),
        ("x" * 256, BadPath),
        ("link-to-no/a", NotFound),
    ],
)
def test_at_names_what_is_wrong(tmp_path: Path, name: str, error: type[Exception]) -> None:
    """As ``resolve`` does, and no descriptor is left."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "link-to-no").symlink_to("no")
    before = os.listdir("/proc/self/fd")
    with pytest.raises(error):
        found_at(f"{tmp_path}/{name}")
    assert os.listdir("/proc/self/fd") == before


def test_at_behind_a_closed_directory(public: Path, as_user: AsUser) -> None:
    """Who may not go through is told, by the directory's name."""
    (public / "closed/sub").mkdir(parents=True)
    (public / "closed").chmod(0o700)
    with pytest.raises(NoPermission, match="closed"):
        as_user(STRANGER, lambda: found_at(f"{public}/closed/sub/a"))


def test_at_keeps_the_directory_open(tmp_path: Path) -> None:
    """A rename of it does not lead elsewhere what was found."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a").write_text("a")
    with at(f"{tmp_path}/sub/a") as place:
        (tmp_path / "sub").rename(tmp_path / "moved")
        fd = place.look()
        assert fd is not None
        assert os.path.samestat(os.fstat(fd), (tmp_path / "moved/a").stat())
        os.close(fd)
