"""Where the kernel cannot tell, files are polled; where it can, never."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

import pytest

from confkeep.files import syscalls
from confkeep.files.root import Root
from confkeep.watch import account
from confkeep.watch import glance as looks
from confkeep.watch.polling import Poller
from confkeep.watch.watching import Watching
from tests.support.passthrough import passthrough
from tests.watch.listening import PATIENCE, Heard

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from confkeep.files.target import Target
    from confkeep.keeper import Keeper
    from confkeep.watch.glance import Glance
    from tests.watch.conftest import Watch

#: Seconds in which a poller looks several times.
AWAY = 2.0


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
    (backing / "app").unlink()
    heard.content("app", None)
    (backing / "app").write_bytes(b"three\n")
    heard.content("app", b"three\n")
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
    """Says when it has a first picture; tells what it is asked for from then on, until it is closed."""
    told: queue.Queue[str] = queue.Queue()
    poller = Poller(str(config), lambda path: path.endswith(".yaml"), told.put)
    try:
        assert told.get(timeout=PATIENCE) == str(config)
        (config / "a.log").write_bytes(b"1")
        (config / "a.yaml").write_bytes(b"1")
        assert told.get(timeout=PATIENCE) == str(config / "a.yaml")
    finally:
        poller.close()
    assert told.empty()


def test_a_poller_of_what_is_not_there(config: Path) -> None:
    """It waits, whether it was there before or not."""
    told: queue.Queue[str] = queue.Queue()
    poller = Poller(str(config / "sub"), lambda path: path.endswith(".yaml"), told.put)
    try:
        (config / "sub").mkdir()
        assert told.get(timeout=PATIENCE) == str(config / "sub")
        (config / "sub").rename(config / "away")
        time.sleep(AWAY)
        (config / "away").rename(config / "sub")
        (config / "sub" / "a.yaml").write_bytes(b"1")
        assert told.get(timeout=PATIENCE) == str(config / "sub" / "a.yaml")
    finally:
        poller.close()


def test_a_poller_that_waits_can_be_closed(config: Path) -> None:
    """Its thread ends."""
    before = len(polling_threads())
    poller = Poller(str(config / "nowhere"), lambda _: True, lambda _: None)
    poller.close()
    give_up = time.monotonic() + PATIENCE
    while len(polling_threads()) > before:
        assert time.monotonic() < give_up
        time.sleep(0.01)


@pytest.mark.root
def test_a_root_that_the_server_makes_anew(fuse: tuple[Path, Path], watch: Watch) -> None:
    """Gone for a while on the other side, of which no kernel tells, and there again: it is polled as before."""
    backing, point = fuse
    (backing / "conf").mkdir()
    (backing / "conf" / "a.yaml").write_bytes(b"1\n")
    heard = watch(Root("ha", str(point / "conf")))
    (backing / "conf").rename(backing / "away")
    time.sleep(AWAY)
    (backing / "away").rename(backing / "conf")
    (backing / "conf" / "a.yaml").write_bytes(b"two\n")
    heard.content("a.yaml", b"two\n")


@pytest.mark.root
def test_a_root_that_is_not_there_yet(fuse: tuple[Path, Path], watch: Watch) -> None:
    """It comes on the other side: from then on it is polled."""
    backing, point = fuse
    heard = watch(Root("ha", str(point / "conf")))
    (backing / "conf").mkdir()
    (backing / "conf" / "a.yaml").write_bytes(b"1\n")
    heard.content("a.yaml", b"1\n")


@pytest.mark.root
def test_what_is_not_looked_at(fuse: tuple[Path, Path], watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that comes or goes is no reason to read all the others once more over the network."""
    backing, point = fuse
    for number in range(50):
        (backing / f"{number}.yaml").write_bytes(b"1\n")
    heard = watch(Root("ha", str(point)))
    (backing / "0.yaml").write_bytes(b"two\n")
    heard.content("0.yaml", b"two\n")
    looked: list[str] = []
    original = looks.glance

    def counted(keeper: Keeper, root: Root, relative: str, path: str, pin: Callable[[Target], None]) -> Glance | None:
        looked.append(relative)
        return original(keeper, root, relative, path, pin)

    monkeypatch.setattr(account, "glance", counted)
    (backing / "new.log").write_bytes(b"1\n")
    (backing / "1.yaml").write_bytes(b"two\n")
    heard.content("1.yaml", b"two\n")
    heard.nothing_more()
    assert set(looked) == {"1.yaml"}


@pytest.mark.root
def test_two_roots_of_one_directory(fuse: tuple[Path, Path], keeper: Keeper) -> None:
    """Each has a thread of its own; whichever records the change, both are told."""
    backing, point = fuse
    (backing / "sub").mkdir()
    (backing / "sub" / "a.yaml").write_bytes(b"1\n")
    time.sleep(AWAY)
    heard = Heard()
    watching = Watching(keeper, heard)
    try:
        watching.watch([Root("all", str(point)), Root("sub", str(point / "sub"))])
        time.sleep(AWAY)
        (backing / "sub" / "a.yaml").write_bytes(b"two\n")
        assert {heard.change().root, heard.change().root} == {"all", "sub"}
        heard.nothing_more()
    finally:
        watching.close()
