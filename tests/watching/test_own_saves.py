"""What confkeep itself saves is its own: told once, by the save, and never again by the watching."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import etag
from tests.daemon.running import toml
from tests.watching.agreement import ROOT, await_agreement, await_known
from tests.watching.told import told

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.daemon.fixtures import Serve

SAVES = 100


@contextmanager
def touching(path: Path) -> Generator[None]:
    """Somebody gives the watching a reason to look at the file, again and again, and changes nothing in it."""
    over = threading.Event()

    def touch() -> None:
        # With pauses: a look comes when there was quiet for a moment.
        while not over.wait(0.05):
            os.utime(path)

    thread = threading.Thread(target=touch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("route", ["auto", "overwrite"])
def test_saves_while_watching(serve: Serve, disk: Path, route: str) -> None:
    """Each is one event, of origin api. In place no look is in the way of the lease, though that waits for nobody."""
    directory = disk / "config"
    directory.mkdir()
    path = directory / "a.yaml"
    path.write_bytes(_content(-1))
    daemon = serve(settings=toml(roots={ROOT: {"path": str(directory), "route": route}}) + "lease_wait = 0.0\n")
    await_agreement(daemon, directory, [path])
    with told(daemon.socket) as stream:
        with touching(path):
            answers = [daemon.put(f"{ROOT}/a.yaml", _content(number)) for number in range(SAVES)]
        assert {answer.status for answer in answers} == {200}
        assert [answer.json["notes"] for answer in answers if not answer.json["guarantees"]["reader_atomic"]] == []
        path.write_bytes(b"value: last\n")
        assert stream.wait(lambda: stream.events()[-1:] and stream.events()[-1].data["origin"] == "external")
        *own, last = stream.events()
    assert [event.data["revision"] for event in own] == [answer.json["revision"] for answer in answers]
    assert {event.data["origin"] for event in own} == {"api"}
    assert last.data["etag"] == etag(b"value: last\n")


def _content(number: int) -> bytes:
    """So much that a look takes its time."""
    return b"value: %09d\n" % number * 5_000


def test_a_removal_and_a_restore_while_watching(serve: Serve, disk: Path) -> None:
    """Told once each, by whoever did it."""
    directory = disk / "config"
    directory.mkdir()
    (directory / "b.yaml").touch()
    daemon = serve(settings=toml(roots={ROOT: {"path": str(directory)}}))
    await_known(daemon, f"{ROOT}/b.yaml")
    with told(daemon.socket) as stream:
        first = daemon.put(f"{ROOT}/a.yaml", b"value: 1\n", if_none_match="*")
        daemon.ask("DELETE", f"/v1/files/{ROOT}/a.yaml", None, {"If-Match": "*"})
        daemon.ask("POST", f"/v1/revisions/{first.json['revision']}/restore", None, {"If-None-Match": "*"})
        (directory / "b.yaml").write_bytes(b"value: last\n")
        assert stream.wait(lambda: stream.events(ROOT, "b.yaml"))
        assert [event.data["origin"] for event in stream.events()] == ["api", "api", "restore", "external"]
        revisions = daemon.ask("GET", f"/v1/history/{ROOT}/a.yaml").json["revisions"]
        assert [each["origin"] for each in reversed(revisions)] == ["api", "api", "restore"]
