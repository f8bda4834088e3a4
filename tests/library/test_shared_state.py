"""The library beside a running daemon, on one state directory: nothing is lost, and one history holds both."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

import confkeep
from tests.daemon.fixtures import serve
from tests.daemon.running import Daemon, toml
from tests.library.killing import killed_half_way
from tests.library.spots import NEW, OLD, Spot, etag

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve

__all__ = ["serve"]


@pytest.fixture
def daemon(spot: Spot, serve: Serve) -> Daemon:
    """It may save the file, too."""
    return serve(settings=toml(roots={"config": {"path": str(spot.path.parent)}}))


def test_each_sees_what_the_other_saved(spot: Spot, daemon: Daemon) -> None:
    """An etag of one is what the other expects."""
    saved = confkeep.save(spot.path, b"by: library\n", expect=daemon.get("config/a.txt").etag)
    answer = daemon.put("config/a.txt", b"by: daemon\n", if_match=f'"{saved.etag}"')
    assert answer.status == 200, answer.body
    with pytest.raises(confkeep.Conflict):
        confkeep.save(spot.path, NEW, expect=saved.etag)
    confkeep.save(spot.path, NEW, expect=answer.etag)
    assert daemon.get("config/a.txt").body == NEW
    assert spot.others() == []


def test_a_counter(spot: Spot, daemon: Daemon) -> None:
    """Both count, each from what it read: none is lost, and nothing is left open."""
    spot.path.write_bytes(b"0 start")
    errors: list[BaseException] = []

    def count() -> None:
        try:
            for _ in range(20):
                by_library(spot)
        except BaseException as error:  # noqa: BLE001 - the test shall see it
            errors.append(error)

    thread = threading.Thread(target=count)
    thread.start()
    for _ in range(20):
        by_daemon(daemon)
    thread.join()
    assert errors == []
    assert int(spot.data.split()[0]) == 40
    assert (daemon.open_intents(), spot.others()) == (0, [])


def by_library(spot: Spot) -> None:
    """One more."""
    while True:
        data = spot.data
        try:
            confkeep.save(spot.path, b"%d library" % (int(data.split()[0]) + 1), expect=etag(data), on_busy="refuse")
            return
        except (confkeep.Conflict, confkeep.TargetBusy, IndexError, ValueError):
            continue


def by_daemon(daemon: Daemon) -> None:
    """One more."""
    while True:
        found = daemon.get("config/a.txt")
        more = b"%d daemon" % (int(found.body.split()[0]) + 1)
        status = daemon.put("config/a.txt", more, "?on_busy=refuse", if_match=f'"{found.etag}"').status
        if status == 200:
            return
        assert status in {412, 423}, status


def test_both_are_in_the_history(linked: Spot, serve: Serve, state: Path) -> None:
    """Of a file that is saved in place."""
    daemon = serve(settings=toml(roots={"config": {"path": str(linked.path.parent)}}))
    confkeep.save(linked.path, b"by: library\n")
    assert daemon.put("config/a.txt", b"by: daemon\n").status == 200
    confkeep.save(linked.path, NEW)
    assert daemon.stop() == 0
    with confkeep.Keeper(state) as keeper:
        contents = [keeper.content(revision.id) for revision in keeper.history(linked.path)][::-1]
        assert keeper.recovered == []
    assert contents == [OLD, b"by: library\n", b"by: daemon\n", NEW]


def test_the_daemon_settles_what_the_library_left(linked: Spot, serve: Serve) -> None:
    """While it runs, when the file is saved next."""
    linked.path.write_bytes(b"a" * 5000)
    daemon = serve(settings=toml(roots={"config": {"path": str(linked.path.parent)}}))
    assert killed_half_way(linked.path, b"b" * 6000) not in {b"a" * 5000, b"b" * 6000}
    answer = daemon.put("config/a.txt", NEW, if_match=f'"{etag(b"b" * 6000)}"')
    assert answer.status == 200, answer.body
    assert linked.data == NEW


def test_a_running_daemon_holds_no_save_up(spot: Spot, daemon: Daemon) -> None:
    """Its store is open all the time: the library saves by every route all the same, and leaves it usable."""
    for number in range(5):
        confkeep.save(spot.path, b"%d" % number)
        with confkeep.file(spot.path) as file:
            file.write("x")
    assert daemon.put("config/a.txt", NEW).status == 200
    assert spot.data == NEW
