"""confkeep.files.place: the magic links of proc (proc_pid_fd(5)), which lead past every directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import OutsideRoot
from confkeep.files.root import ANYWHERE, Root
from tests.support.looking import opened
from tests.support.walkers import WALKERS, choose, led, link

if TYPE_CHECKING:
    from tests.support.mounting import Mounts


@pytest.fixture(autouse=True, params=WALKERS)
def walker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here holds for both."""
    choose(request.param, monkeypatch)


def make(tmp_path: Path) -> Root:
    """A directory with a file in it, and a secret beside it."""
    (tmp_path / "root/sub").mkdir(parents=True)
    (tmp_path / "root/a.yaml").write_text("a")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/a.yaml").write_text("secret")
    return Root("config", f"{tmp_path}/root")


@pytest.fixture
def root(mounts: Mounts, tmp_path: Path) -> Root:
    """The same, with proc mounted in it."""
    made = make(tmp_path)
    mounts.bind(Path("/proc"), tmp_path / "root/proc")
    return made


def refused(root: Root, relative: str) -> None:
    """It is outside, and the answer says by which link."""
    with pytest.raises(OutsideRoot, match="magic link") as caught:
        led(root, relative)
    assert caught.value.members["rule"] == "MNT024"


@pytest.mark.parametrize("name", ["secret/a.yaml", "root/a.yaml"])
def test_an_open_file(root: Root, tmp_path: Path, name: str) -> None:
    """Is not reached by its descriptor, be it outside or inside: the link's text is no path to rely on."""
    link(root, "short", "proc/self/fd")
    with opened(tmp_path / name, os.O_RDONLY) as fd:
        for way in ("proc/self/fd", "proc/thread-self/fd", f"proc/{os.getpid()}/fd", "short"):
            refused(root, f"{way}/{fd}")


@pytest.mark.parametrize("name", ["secret", "root", "root/sub"])
def test_an_open_directory(root: Root, tmp_path: Path, name: str) -> None:
    """Nor is what is below it."""
    with opened(tmp_path / name, os.O_PATH) as fd:
        for relative in (f"proc/self/fd/{fd}/a.yaml", f"proc/self/fd/{fd}/../a.yaml", f"proc/self/fd/{fd}"):
            refused(root, relative)


@pytest.mark.parametrize(
    "relative", ["self/root/etc/passwd", "self/cwd/a.yaml", "self/exe", "self/ns/mnt", "1/root/a", "self/task/../cwd/a"]
)
def test_what_else_a_process_has(root: Root, relative: str) -> None:
    """Its root, working directory, program and namespaces, and those of others."""
    refused(root, f"proc/{relative}")


def test_a_pipe(root: Root) -> None:
    """Has a text that looks like a relative path."""
    readable, writable = os.pipe()
    try:
        refused(root, f"proc/self/fd/{readable}")
    finally:
        os.close(readable)
        os.close(writable)


def test_a_part_of_proc(mounts: Mounts, tmp_path: Path) -> None:
    """The directory of descriptors may be mounted alone."""
    root = make(tmp_path)
    mounts.bind(Path(f"/proc/{os.getpid()}/fd"), tmp_path / "root/fd")
    with opened(tmp_path / "secret/a.yaml", os.O_RDONLY) as fd:
        refused(root, f"fd/{fd}")


def test_ordinary_links_of_proc_are_followed(root: Root) -> None:
    """``mounts`` and ``self`` say where they lead."""
    assert led(root, "proc/mounts") == f"proc/{os.getpid()}/mounts"
    assert led(root, "proc/self/status") == f"proc/{os.getpid()}/status"


def test_a_link_to_proc(tmp_path: Path) -> None:
    """Leads out by its own text; where there is no root to leave, the magic link is refused."""
    root = make(tmp_path)
    link(root, "fd", "/proc/self/fd")
    with opened(tmp_path / "root/a.yaml", os.O_RDONLY) as fd:
        link(root, "file", f"/proc/self/fd/{fd}")
        for relative in (f"fd/{fd}", "file"):
            with pytest.raises(OutsideRoot, match="leads to /proc/self/fd"):
                led(root, relative)
            refused(ANYWHERE, f"{root.path}/{relative}")
