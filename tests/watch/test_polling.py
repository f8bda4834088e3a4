"""Where the kernel cannot tell, files are polled; where it can, never."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from confkeep.files import syscalls
from confkeep.files.root import Root
from confkeep.watch.polling import Poller
from tests.support.passthrough import passthrough
from tests.watch.listening import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.watch.conftest import Watch


@pytest.fixture
def fuse(tmp_path: Path) -> Generator[tuple[Path, Path]]:
    """A directory, and the same seen through FUSE."""
    backing, point = tmp_path / "backing", tmp_path / "point"
    backing.mkdir()
    point.mkdir()
    with passthrough(backing, point):
        yield backing, point


def polling_threads() -> list[str]:
    """Threads of watchdog's."""
    return [thread.name for thread in threading.enumerate() if type(thread).__module__.startswith("watchdog.")]


@pytest.mark.root
def test_behind_the_mount(fuse: tuple[Path, Path], watch: Watch) -> None:
    """What changes on the other side of a network filesystem: all kinds of changes, at any depth."""
    backing, point = fuse
    (backing / "a.yaml").write_bytes(b"1\n")
    heard = watch(Root("ha", str(point)))
    (backing / "a.yaml").write_bytes(b"two\n")
    heard.content("a.yaml", b"two\n")
    (backing / "sub").mkdir()
    (backing / "sub" / "b.yaml").write_bytes(b"1\n")
    heard.content("sub/b.yaml", b"1\n")
    (backing / "new").write_bytes(b"three\n")
    (backing / "new").rename(backing / "a.yaml")
    heard.content("a.yaml", b"three\n")
    (backing / "a.yaml").unlink()
    heard.content("a.yaml", None)
    heard.nothing_more()


@pytest.mark.root
def test_below_a_local_root(tmp_path: Path, config: Path, watch: Watch) -> None:
    """Mounted in the middle of a directory that is not polled; also when it comes later."""
    (tmp_path / "backing").mkdir()
    (config / "remote").mkdir()
    heard = watch(Root("ha", str(config)))
    with passthrough(tmp_path / "backing", config / "remote"):
        assert heard.standing()[1] == "remote"
        (tmp_path / "backing" / "a.yaml").write_bytes(b"1\n")
        heard.content("remote/a.yaml", b"1\n")


@pytest.mark.root
def test_a_single_file(fuse: tuple[Path, Path], watch: Watch) -> None:
    """A root that is one file of such a filesystem; its neighbours are not looked at."""
    backing, point = fuse
    (backing / "app").write_bytes(b"1\n")
    heard = watch(Root("one", str(point / "app")))
    (backing / "other.yaml").write_bytes(b"1\n")
    (backing / "app").write_bytes(b"two\n")
    heard.content("app", b"two\n")
    heard.nothing_more()


def test_not_on_a_local_disk(root: Root, config: Path, watch: Watch) -> None:
    """Nothing is polled where inotify tells."""
    (config / "a.yaml").write_bytes(b"1\n")
    heard = watch(root)
    (config / "a.yaml").write_bytes(b"2\n")
    heard.content("a.yaml", b"2\n")
    assert polling_threads() == []


@pytest.mark.parametrize("call", ["inotify_add_watch", "inotify_init"])
def test_no_more_watches(call: str, root: Root, config: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user has all that may be had: a finding says so, with the remedy, and the root is polled."""
    (config / "sub").mkdir()
    original = getattr(syscalls, call)
    left = iter(range(1 if call == "inotify_add_watch" else 0))

    def limited(*arguments: object) -> int:
        if next(left, None) is None:
            raise OSError(28 if call == "inotify_add_watch" else 24, "the limit")
        number: int = original(*arguments)
        return number

    monkeypatch.setattr(syscalls, call, limited)
    heard = watch(root)
    (config / "sub" / "a.yaml").write_bytes(b"1\n")
    heard.content("sub/a.yaml", b"1\n")
    (finding,) = heard.findings
    assert finding.rule == "STA003"
    assert f"sysctl -w {finding.evidence}=" in finding.remedy
    assert polling_threads()


def test_a_poller(config: Path) -> None:
    """Tells what it is asked for, until it is closed."""
    told = threading.Event()
    paths: list[str] = []

    def changed(path: str) -> None:
        paths.append(path)
        told.set()

    poller = Poller(str(config), lambda path: path.endswith(".yaml"), changed)
    (config / "a.log").write_bytes(b"1")
    (config / "a.yaml").write_bytes(b"1")
    assert told.wait(PATIENCE)
    assert poller.is_alive()
    poller.close()
    assert str(config / "a.log") not in paths
