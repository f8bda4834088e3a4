"""confkeep.files.target: what is there, and whether and how it can be written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import StaleMount
from confkeep.files import lease
from confkeep.files.place import at
from confkeep.files.root import RoutePolicy
from confkeep.files.route import Choice, Route
from confkeep.files.target import NOT_OURS, Changed, look
from tests.support.layouts import LAYOUTS, directory_bind, file_bind, plain
from tests.support.looking import choice_at, looking, refusal_at
from tests.support.mounting import run
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fixtures import AsUser
    from tests.support.layouts import Ground


@pytest.mark.parametrize(("layout", "mounted"), LAYOUTS.items(), ids=[layout.__name__ for layout in LAYOUTS])
def test_the_route_of_each_layout(ground: Ground, layout: Callable[[Ground], Path], mounted: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """A file that is a mount point is written in place, any other is replaced."""
    choice = choice_at(layout(ground))
    expected = (Route.OVERWRITE, "mount-point") if mounted else (Route.REPLACE, "ordinary-file")
    assert (choice.name, choice.code) == expected


def test_nothing_there_yet_is_a_new_file(tmp_path: Path) -> None:
    """A place without a file is created by the replace route."""
    with looking(tmp_path / "new.yaml") as target:
        assert (target.fd, target.facts, target.identity) == (None, None, None)
        assert target.choice == Choice(Route.REPLACE, "new-file", "nothing is there yet")


def test_several_links_are_kept_together(tmp_path: Path) -> None:
    """A rename would part hard links, so such a file is written in place."""
    (tmp_path / "a").touch()
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    choice = choice_at(tmp_path / "a")
    assert (choice.name, choice.code) == (Route.OVERWRITE, "several-links")
    assert "2 hard links" in choice.reason


def test_the_settings_may_ask_for_overwrite(tmp_path: Path) -> None:
    """A root whose files others mount singly keeps every inode; a new file has none to keep."""
    (tmp_path / "a").touch()
    assert choice_at(tmp_path / "a", RoutePolicy.OVERWRITE).code == "set-by-root"
    assert choice_at(tmp_path / "b", RoutePolicy.OVERWRITE).code == "new-file"


def test_a_closed_directory_leaves_the_file_itself(public: Path, as_user: AsUser) -> None:
    """A file of ours in a directory that we may not write is written in place."""
    path = public / "a.yaml"
    path.touch()
    os.chown(path, STRANGER, STRANGER)
    choice = as_user(STRANGER, lambda: choice_at(path))
    assert (choice.name, choice.code) == (Route.OVERWRITE, "closed-directory")


def test_a_read_only_directory_leaves_a_writable_mount_in_it(ground: Ground) -> None:
    """A writable file bind below a read-only directory bind can be saved, though no temporary file can be made."""
    (ground.host / "below").mkdir()
    (ground.host / "below/a.yaml").touch()
    directory = ground.mounts.bind(ground.host / "below", ground.inside / "config", read_only=True)
    assert choice_at(ground.mounts.bind(ground.source(), directory / "a.yaml")).code == "mount-point"


def test_the_sticky_bit_keeps_others_files(public: Path, as_user: AsUser) -> None:
    """In a directory like /tmp a file of another user cannot be replaced, only written."""
    public.chmod(0o1777)
    path = public / "a.yaml"
    path.touch()
    path.chmod(0o666)
    os.chown(path, OTHER, OTHER)
    assert as_user(STRANGER, lambda: choice_at(path)).code == "closed-directory"
    assert as_user(OTHER, lambda: choice_at(path)).code == "ordinary-file"
    with pytest.raises(PermissionError):
        as_user(STRANGER, path.unlink)


def test_an_owner_that_cannot_be_given_away_is_kept(public: Path, as_user: AsUser) -> None:
    """A file of another user that we may write is written in place: a new file would be ours."""
    public.chmod(0o777)
    path = public / "a.yaml"
    path.touch()
    path.chmod(0o666)
    os.chown(path, OTHER, OTHER)
    choice = as_user(STRANGER, lambda: choice_at(path))
    assert (choice.name, choice.code) == (Route.OVERWRITE, "metadata")
    assert str(OTHER) in choice.reason


def test_a_group_that_cannot_be_given_is_kept(public: Path, as_user: AsUser) -> None:
    """The same for a group of which we are no member; of our own groups any can be given."""
    public.chmod(0o777)
    path = public / "a.yaml"
    path.touch()
    os.chown(path, STRANGER, OTHER)
    assert as_user(STRANGER, lambda: choice_at(path)).code == "metadata"
    assert as_user(STRANGER, lambda: choice_at(path), groups=(OTHER,)).code == "ordinary-file"


def test_a_mount_counts_before_all_other_reasons(ground: Ground) -> None:
    """The reason given is the one that would break a rename."""
    mounted = file_bind(ground)
    (ground.host / "second").hardlink_to(ground.host / "a.yaml")
    assert choice_at(mounted, RoutePolicy.OVERWRITE).code == "mount-point"


def test_exactly_one_of_route_and_refusal(tmp_path: Path) -> None:
    """A target has a route or a refusal, never both or neither."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").touch()
    for name in ("directory", "file", "nothing"):
        with looking(tmp_path / name) as target:
            assert (target.choice is None) is (target.refusal is not None)


def test_a_refusal_is_not_remembered(ground: Ground) -> None:
    """Once the cause is gone, the same look finds a route: what was seen before does not count."""
    mounted = file_bind(ground)
    ground.source("new.yaml").rename(ground.host / "a.yaml")
    assert isinstance(refusal_at(mounted), StaleMount)
    ground.mounts.unmount(mounted)
    ground.mounts.bind(ground.host / "a.yaml", mounted)
    assert choice_at(mounted).code == "mount-point"
    ground.mounts.unmount(mounted)
    assert choice_at(mounted).code == "ordinary-file"


def test_a_link_is_never_the_target(tmp_path: Path) -> None:
    """The target of a path through a link is the file behind it."""
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to("real")
    with looking(tmp_path / "link") as target:
        assert target.path == os.fspath(tmp_path / "real")


def test_open_gives_the_file_that_was_looked_at(tmp_path: Path) -> None:
    """A file that was put in its place meanwhile is not opened."""
    path = tmp_path / "a"
    path.write_text("old")
    with looking(path) as target:
        os.close(target.open(os.O_RDONLY))
        (tmp_path / "b").write_text("new")
        (tmp_path / "b").rename(path)
        assert not target.is_still_there()
        with pytest.raises(Changed):
            target.open(os.O_RDONLY)


def test_open_of_a_removed_file(tmp_path: Path) -> None:
    """A file that was removed meanwhile has changed."""
    path = tmp_path / "a"
    path.write_text("old")
    with looking(path) as target:
        path.unlink()
        assert not target.is_still_there()
        with pytest.raises(Changed):
            target.open(os.O_RDONLY)


def test_open_does_not_follow_a_link(tmp_path: Path) -> None:
    """A link that was put in its place meanwhile is not followed, wherever it leads."""
    path = tmp_path / "a"
    path.write_text("old")
    with looking(path) as target:
        path.rename(tmp_path / "b")
        path.symlink_to("b")
        assert not target.is_still_there()
        with pytest.raises((Changed, OSError)):
            target.open(os.O_RDWR)


def test_nothing_is_still_there(tmp_path: Path) -> None:
    """Where nothing was, nothing must have come."""
    with looking(tmp_path / "a") as target:
        assert target.is_still_there()
        (tmp_path / "a").touch()
        assert not target.is_still_there()


def test_a_mount_that_appears_is_another_file(ground: Ground) -> None:
    """A file bind that is put over the target after the look makes it another target."""
    path = directory_bind(ground)
    with looking(path) as target:
        ground.mounts.bind(ground.source("other.yaml"), path)
        assert not target.is_still_there()


@pytest.mark.parametrize("name", ["there", "missing"])
def test_no_descriptor_is_left(tmp_path: Path, name: str) -> None:
    """What a look opened is closed when it ends."""
    plain_file = tmp_path / "there"
    plain_file.touch()
    before = os.listdir("/proc/self/fd")
    with looking(tmp_path / name):
        assert len(os.listdir("/proc/self/fd")) > len(before)
    assert os.listdir("/proc/self/fd") == before


def test_the_look_does_not_stand_in_the_way_of_a_lease(ground: Ground) -> None:
    """The descriptor that is kept is an O_PATH one."""
    path = plain(ground)
    with looking(path):
        fd = os.open(path, os.O_RDWR)
        held = lease.take(fd, 0)
        os.close(fd)
    assert isinstance(held, lease.Lease)


def choice_despite_mode(path: Path) -> Choice | str:
    """The route of a target that need not be writable, or the kind of its refusal."""
    with at(os.fspath(path)) as place, look(place, despite_mode=True) as target:
        return target.choice or type(target.refusal).__name__


@pytest.mark.parametrize("mode", [0o444, 0o000, 0o555])
def test_a_file_that_we_may_not_write_may_be_replaced(public: Path, as_user: AsUser, mode: int) -> None:
    """For who asks for that, as rename(2) has it: the directory's mode counts, not the file's."""
    path = public / "a"
    path.touch()
    path.chmod(mode)
    os.chown(path, STRANGER, STRANGER)
    os.chown(public, STRANGER, STRANGER)
    choice = as_user(STRANGER, lambda: choice_despite_mode(path))
    assert isinstance(choice, Choice)
    assert (choice.name, choice.code) == (Route.REPLACE, "ordinary-file")
    with pytest.raises(AssertionError):
        as_user(STRANGER, lambda: choice_at(path))


def test_another_users_file_may_be_replaced(public: Path, as_user: AsUser) -> None:
    """In a directory of ours: it is ours then."""
    (public / "a").touch(mode=0o600)
    os.chown(public, STRANGER, STRANGER)
    choice = as_user(STRANGER, lambda: choice_despite_mode(public / "a"))
    assert isinstance(choice, Choice)
    assert (choice.name, choice.code) == (Route.REPLACE, NOT_OURS)


@pytest.mark.parametrize("why", ["closed", "sticky", "linked", "immutable"])
def test_what_no_rename_can_replace_stays_refused(public: Path, as_user: AsUser, why: str) -> None:
    """A file that would have to be written in place, or that nobody may touch."""
    path = public / "a"
    path.touch(mode=0o444)
    if why != "closed":
        public.chmod(0o1777 if why == "sticky" else 0o777)
    if why == "linked":
        (public / "b").hardlink_to(path)
    if why == "immutable":
        run("chattr", "+i", path)
    try:
        assert as_user(STRANGER, lambda: choice_despite_mode(path)) == (
            "ReadOnly" if why == "immutable" else "NoPermission"
        )
    finally:
        run("chattr", "-i", path)
