"""confkeep.files.place: where a path leads."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confkeep.errors import BadPath, NoPermission, NotARegularFile, NotFound, OutsideRoot
from confkeep.files.place import resolve
from confkeep.files.root import Root
from confkeep.files.walk import MAX_LINKS
from tests.support.looking import opened
from tests.support.users import STRANGER
from tests.support.walkers import WALKERS, choose, led, link

if TYPE_CHECKING:
    from tests.support.fixtures import AsUser


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """A directory with one file and one directory in it, and a secret beside it."""
    (tmp_path / "root/sub").mkdir(parents=True)
    (tmp_path / "root/a.yaml").write_text("a")
    (tmp_path / "secret").write_text("secret")
    return Root("config", os.fspath(tmp_path / "root"))


@pytest.fixture(autouse=True, params=WALKERS)
def walker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here holds for both."""
    choose(request.param, monkeypatch)


def test_a_file_is_at_its_path(root: Root) -> None:
    """Without links a place is the path below the root; dots and slashes do not count."""
    assert led(root, "a.yaml") == "a.yaml"
    assert led(root, "./sub//../sub/b.yaml") == "sub/b.yaml"


def test_a_link_is_followed(root: Root) -> None:
    """A link to a file leads to the file, so that the link is never replaced."""
    link(root, "sub/link.yaml", "../a.yaml")
    assert led(root, "sub/link.yaml") == "a.yaml"


def test_links_to_directories_are_followed(root: Root) -> None:
    """Also in the middle of a path, and '..' after one goes up from where it led."""
    (Path(root.path) / "sub/deeper").mkdir()
    link(root, "short", "sub/deeper")
    assert led(root, "short/b.yaml") == "sub/deeper/b.yaml"
    assert led(root, "short/../b.yaml") == "sub/b.yaml"


def test_an_absolute_link_below_the_root_is_followed(root: Root) -> None:
    """An absolute link that names the root's own path stays inside."""
    link(root, "sub/link.yaml", Path(root.path) / "a.yaml")
    assert led(root, "sub/link.yaml") == "a.yaml"


def test_an_absolute_link_may_use_either_name_of_the_root(root: Root, tmp_path: Path) -> None:
    """Where the root itself is named through a link, links may be written for that name or for the real one."""
    (tmp_path / "alias").symlink_to("root")
    alias = Root("config", os.fspath(tmp_path / "alias"))
    link(root, "by-alias", tmp_path / "alias/a.yaml")
    link(root, "by-name", tmp_path / "root/a.yaml")
    for name in ("by-alias", "by-name"):
        with resolve(alias, name) as place:
            assert place.path == os.fspath(tmp_path / "root/a.yaml")


@pytest.mark.parametrize(
    "destination", ["../secret", "../../secret", "sub/../../secret", "/etc/passwd", "..", "../root-2", "../root/a.yaml"]
)
def test_no_link_leads_out_of_the_root(root: Root, destination: str) -> None:
    """A link that climbs above the root or names a place outside is refused, also where it would come back."""
    link(root, "link.yaml", destination)
    with pytest.raises(OutsideRoot) as caught:
        led(root, "link.yaml")
    assert caught.value.members["rule"] == "MNT024"


def test_a_sibling_whose_name_begins_alike_is_outside(root: Root) -> None:
    """/config-2 is not below /config."""
    link(root, "link.yaml", root.path + "-2/a.yaml")
    with pytest.raises(OutsideRoot):
        led(root, "link.yaml")


@pytest.mark.parametrize("relative", ["../secret", "sub/../../secret"])
def test_the_path_itself_does_not_climb_either(root: Root, relative: str) -> None:
    """'..' in the path is held to the same rule."""
    with pytest.raises(OutsideRoot):
        led(root, relative)


def test_a_loop_of_links_ends(root: Root) -> None:
    """Links that lead to each other lead nowhere."""
    link(root, "one", "other")
    link(root, "other", "one")
    with pytest.raises(NotFound, match="symbolic links"):
        led(root, "one")


def test_as_many_links_as_the_kernel_follows(root: Root) -> None:
    """40 links in a row are followed, the 41st is not: the kernel's own limit."""
    link(root, "1", "a.yaml")
    for number in range(2, MAX_LINKS + 2):
        link(root, str(number), str(number - 1))
    assert led(root, str(MAX_LINKS)) == "a.yaml"
    with pytest.raises(NotFound):
        led(root, str(MAX_LINKS + 1))
    with pytest.raises(OSError, match="Too many levels"):
        os.stat(os.path.join(root.path, str(MAX_LINKS + 1)))


def test_a_dangling_link_leads_to_where_the_file_would_be(root: Root) -> None:
    """A save through it makes the file there, and the link then leads to it."""
    link(root, "link.yaml", "sub/new.yaml")
    with resolve(root, "link.yaml") as place:
        assert (place.name, place.look()) == ("new.yaml", None)
    assert led(root, "link.yaml") == "sub/new.yaml"


@pytest.mark.parametrize("relative", ["missing/a.yaml", "a.yaml/b.yaml", "sub/missing/../a.yaml"])
def test_directories_are_not_made(root: Root, relative: str) -> None:
    """A directory of the path that is missing, or is a file, is not found."""
    with pytest.raises(NotFound):
        led(root, relative)


@pytest.mark.parametrize("relative", ["", ".", "sub/.."])
def test_the_root_itself_is_no_file(root: Root, relative: str) -> None:
    """A path that ends at the root names no file."""
    with pytest.raises(NotARegularFile):
        led(root, relative)


@pytest.mark.parametrize("relative", ["a\0b", "sub\0/a.yaml", "sub/a.yaml\0"])
def test_a_nul_is_refused(root: Root, relative: str) -> None:
    """To the kernel the path would end there."""
    with pytest.raises(BadPath, match="NUL"):
        led(root, relative)


def test_a_root_that_is_missing_is_not_found(root: Root) -> None:
    """The settings may name a directory that is not mounted yet; nothing is created."""
    shutil.rmtree(root.path)
    with pytest.raises(NotFound, match="does not exist"):
        led(root, "a.yaml")
    assert not os.path.exists(root.path)


def test_a_name_may_be_too_long(root: Root) -> None:
    """A name that the filesystem does not take is a bad path."""
    with pytest.raises(BadPath):
        led(root, "x" * 256)
    assert led(root, "x" * 255) == "x" * 255


def test_a_path_may_be_longer_than_the_kernel_can_say(root: Root) -> None:
    """Beyond PATH_MAX it is what the names make of it; links work as everywhere, and what is wrong is said."""
    names = ["x" * 250] * 17
    directory = os.open(root.path, os.O_PATH)
    for name in names:
        os.mkdir(name, dir_fd=directory)
        below = os.open(name, os.O_PATH, dir_fd=directory)
        os.close(directory)
        directory = below
    os.symlink("../up", "link", dir_fd=directory)
    os.symlink("/etc", "out", dir_fd=directory)
    os.close(directory)
    deep = "/".join(names)
    assert led(root, f"{deep}/a.yaml") == f"{deep}/a.yaml"
    assert led(root, f"{deep}/link") == f"{'/'.join(names[:-1])}/up"
    with pytest.raises(NotFound, match="x/no does not exist"):
        led(root, f"{deep}/no/a.yaml")
    with pytest.raises(OutsideRoot, match="x/out leads to /etc"):
        led(root, f"{deep}/out")


def test_a_long_way_to_a_short_path(root: Root) -> None:
    """What the kernel would not take in one call is walked: only where it leads counts."""
    assert led(root, "sub/../" * 1000 + "sub/b.yaml") == "sub/b.yaml"


def test_a_fifo_is_looked_at_without_opening_it(root: Root) -> None:
    """O_PATH does not wait for somebody at the other end."""
    os.mkfifo(os.path.join(root.path, "fifo"))
    assert led(root, "fifo") == "fifo"


def test_no_permission_says_where(public: Path, as_user: AsUser) -> None:
    """A directory on the way that may not be searched is named."""
    (public / "closed").mkdir(mode=0o700)
    root = Root("config", os.fspath(public))
    with pytest.raises(NoPermission) as caught:
        as_user(STRANGER, lambda: led(root, "closed/a.yaml"))
    assert caught.value.members["rule"] == "MNT019"


@pytest.mark.parametrize("relative", ["a.yaml", "sub/x", "missing/a", "loop", "out", "sub"])
def test_no_descriptor_is_left(root: Root, relative: str) -> None:
    """However the walk ends, what it opened is closed."""
    link(root, "loop", "loop")
    link(root, "out", "/etc")
    before = os.listdir("/proc/self/fd")
    with suppress(NotFound, OutsideRoot):
        led(root, relative)
    assert os.listdir("/proc/self/fd") == before


_NAMES = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a", "d/e/b"])
_PATHS = st.lists(st.sampled_from(["a", "b", "d", "e", ".."]), min_size=1, max_size=6).map("/".join)
_OPENAT2 = 437  # on every machine
_RESOLVE_BENEATH = 0x08


def kernels_answer(root: Path, relative: str) -> int | None:
    """The inode that openat2(2) leads to below ``root``, None where it leads nowhere."""
    how = struct.pack("=QQQ", os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE_BENEATH)
    with opened(root, os.O_PATH) as directory:
        fd: int = ctypes.CDLL(None).syscall(_OPENAT2, directory, os.fsencode(relative), how, len(how))
    if fd < 0:
        return None
    try:
        return os.fstat(fd).st_ino
    finally:
        os.close(fd)


def our_answer(root: Path, relative: str) -> int | None:
    """The inode that our walk leads to, None where it leads nowhere."""
    try:
        with resolve(Root("root", os.fspath(root)), relative) as place:
            fd = place.look()
            if fd is None:
                return None
            try:
                return os.fstat(fd).st_ino
            finally:
                os.close(fd)
    except (NotFound, OutsideRoot):
        return None
    except NotARegularFile:
        return None


@given(links=st.dictionaries(_NAMES, _PATHS), path=_PATHS)
@settings(max_examples=200, deadline=None)
def test_the_walk_is_the_kernels(tmp_path_factory: pytest.TempPathFactory, links: dict[str, str], path: str) -> None:
    """For any tree of relative links the walk ends where the kernel's RESOLVE_BENEATH ends, or nowhere like it."""
    root = tmp_path_factory.mktemp("tree")
    (root / "d/e").mkdir(parents=True)
    for name in ("a", "d/b", "d/e/a"):
        (root / name).write_text(name)
    for name, destination in links.items():
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(destination)
    ours, kernels = our_answer(root, path), kernels_answer(root, path)
    if kernels is not None and kernels in {(root / name).stat().st_ino for name in ("d", "d/e")}:
        assert ours in {None, kernels}  # a directory; a path that ends in '..' has no name to save to
    elif kernels == root.stat().st_ino:
        assert ours is None
    else:
        assert ours == kernels
    shutil.rmtree(root)
