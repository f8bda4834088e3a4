"""``/v1/events``: what happens to the files, as server-sent events."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from confkeep.etag import version_of
from confkeep.history import intents
from confkeep.history.intents import Promise
from confkeep.history.revisions import LIBRARY
from confkeep.history.store import Store
from tests.daemon.looking import etag, problem
from tests.daemon.streams import listening

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.looking import Folder
    from tests.daemon.running import Daemon

MANY = 100
KEPT = 1_000


@pytest.fixture
def daemon(serve: Serve, disk: Path) -> Daemon:
    """A daemon of the test's own."""
    (disk / "config").mkdir()
    (disk / "config" / "a.conf").write_bytes(b"")
    return serve("--root", f"ha={disk}/config")


def test_a_save_a_removal_a_restore(folder: Folder) -> None:
    """Each is told with what a client needs to know that what it shows is old."""
    with listening(folder.daemon) as stream:
        assert b"content-type: text/event-stream" in stream.head.lower()
        saved = folder.daemon.put(folder.at("a.yaml"), b"a: 1\n", if_none_match="*")
        kind, data = stream.next()
        assert (kind, f"{data['root']}/{data['path']}") == ("file.changed", folder.at("a.yaml"))
        assert (data["etag"], data["revision"], data["created"]) == (etag(b"a: 1\n"), saved.json["revision"], True)
        assert (data["origin"], data["request_id"]) == ("api", saved.headers["Request-Id"])
        folder.daemon.ask("DELETE", folder.url("a.yaml"), None, {"If-Match": "*"})
        kind, data = stream.next()
        assert (kind, data["etag"]) == ("file.removed", None)
        number = saved.json["revision"]
        folder.daemon.ask("POST", f"/v1/revisions/{number}/restore", None, {"If-None-Match": "*"})
        kind, data = stream.next()
        assert (kind, data["origin"], data["etag"]) == ("file.changed", "restore", etag(b"a: 1\n"))


def test_what_changes_nothing_is_not_told(folder: Folder) -> None:
    """The same bytes, a dry run, a conflict, a document that is not valid."""
    address = folder.file("a.yaml", b"a: 1\n")
    with listening(folder.daemon) as stream:
        folder.daemon.put(address, b"a: 1\n")
        folder.daemon.put(address, b"a: 2\n", "?dry_run=true")
        folder.daemon.put(address, b"a: 2\n", if_match='"0"')
        folder.daemon.put(address, b"a: [\n")
        last = folder.daemon.put(address, b"a: 3\n")
        assert stream.next()[1]["request_id"] == last.headers["Request-Id"]


def test_a_transaction_tells_of_each_file(folder: Folder) -> None:
    """In the order of its changes."""
    root, _, path = folder.at("").partition("/")
    names = [f"{path}{name}" for name in ("b.yaml", "a.yaml")]
    changes = [{"root": root, "path": name, "content": "a: 1\n", "if_none_match": "*"} for name in names]
    with listening(folder.daemon) as stream:
        folder.daemon.ask("POST", "/v1/transactions", json.dumps({"changes": changes}).encode())
        assert [stream.next()[1]["path"] for _ in names] == names


def test_a_save_that_could_not_be_done(folder: Folder) -> None:
    """What is not the caller's mistake is told to whoever watches."""
    (folder.path / "a.yaml").mkdir()
    with listening(folder.daemon) as stream:
        problem(folder.daemon.put(folder.at("a.yaml"), b"a: 1\n"), 409, "not-a-regular-file")
        kind, data = stream.next()
        assert (kind, data["slug"]) == ("save.failed", "not-a-regular-file")


def test_filters(folder: Folder) -> None:
    """By root, by the beginning of the path, by type."""
    prefix = folder.at("b").partition("/")[2]
    with (
        listening(folder.daemon, f"?root=ha&prefix={prefix}") as of_b,
        listening(folder.daemon, "?types=file.removed") as of_removals,
        listening(folder.daemon, "?root=single") as of_others,
    ):
        for name in ("a.yaml", "b.yaml"):
            folder.daemon.put(folder.at(name), b"a: 1\n", if_none_match="*")
        folder.daemon.ask("DELETE", folder.url("a.yaml"), None, {"If-Match": "*"})
        folder.daemon.put("single/alone.yaml", b"alone: false\n")
        folder.daemon.put("single/alone.yaml", b"alone: true\n")
        assert of_b.next()[1]["path"].endswith("b.yaml")
        assert of_removals.next()[1]["path"].endswith("a.yaml")
        assert of_others.next()[1]["root"] == "single"


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ("?root=nobody", 404, "no-root"),
        ("?types=file.moved", 422, "unknown-parameter"),
        ("?x=1", 422, "unknown-parameter"),
    ],
)
def test_it_is_asked_strictly(folder: Folder, query: str, status: int, slug: str) -> None:
    """Who filters for what there is not would wait for ever."""
    problem(folder.daemon.ask("GET", f"/v1/events{query}"), status, slug)


def test_who_was_away_misses_nothing(folder: Folder) -> None:
    """With the id of the last event that it saw, or of the stream's beginning."""
    with listening(folder.daemon) as stream:
        seen = stream.id
    address = folder.file("a.yaml", b"")
    for number in range(3):
        folder.daemon.put(address, b"a: %d\n" % number)
    with listening(folder.daemon, last=seen) as stream:
        assert [stream.next()[1]["etag"] for _ in range(2)] == [etag(b"a: 0\n"), etag(b"a: 1\n")]
        seen = stream.id
    with listening(folder.daemon, last=seen) as stream:
        assert stream.next()[1]["etag"] == etag(b"a: 2\n")


@pytest.mark.parametrize("last", ["0badcafe-1", "nonsense", "-", "{epoch}-999999999", "{epoch}-"])
def test_who_cannot_go_on_begins_anew(folder: Folder, last: str) -> None:
    """An id of another life of the daemon, or of nothing: ``reset``, and what comes after that."""
    with listening(folder.daemon) as stream:
        epoch = stream.id.partition("-")[0]
    with listening(folder.daemon, last=last.format(epoch=epoch)) as stream:
        assert stream.next() == ("reset", {})
        folder.daemon.put(folder.at("a.yaml"), b"a: 1\n", if_none_match="*")
        assert stream.next()[0] == "file.changed"


def test_who_was_away_too_long_is_told(daemon: Daemon) -> None:
    """The log is bounded: what it no longer has is not passed over in silence."""
    with listening(daemon) as stream:
        seen = stream.id
    for number in range(KEPT + 1):
        daemon.put("ha/a.conf", b"%d" % number)
    with listening(daemon, last=seen) as stream:
        assert stream.next() == ("reset", {})


def test_many_streams_end_with_the_daemon(daemon: Daemon) -> None:
    """One that never reads holds up nobody; all of them end whole when the daemon is told to stop."""
    with ExitStack() as stack:
        streams = [stack.enter_context(listening(daemon)) for _ in range(MANY)]
        for number in range(20):
            assert daemon.put("ha/a.conf", b"%d" % number).status == 200
        for stream in streams[1:]:
            assert [stream.next()[0] for _ in range(20)] == ["file.changed"] * 20
        assert daemon.stop() == 0
        assert all(stream.ended() for stream in streams)


def test_one_user_has_so_many(serve: Serve, disk: Path) -> None:
    """More are refused; one that is closed makes room."""
    (disk / "config").mkdir()
    daemon = serve(settings=f"max_streams = 2\n[roots.ha]\npath = '{disk}/config'\n")
    with listening(daemon):
        with listening(daemon):
            members = problem(daemon.ask("GET", "/v1/events"), 429, "too-many-streams")
            assert members["limit"] == 2
        while True:  # the daemon learns of it a moment later
            with listening(daemon, last="x") as stream:
                if b" 200 " in stream.head:
                    return


def test_a_recovery_is_told(daemon: Daemon, serve: Serve, disk: Path) -> None:
    """What the start made of a save that a crash interrupted is the first that a client hears of this life."""
    path = disk / "config" / "a.conf"
    daemon.put("ha/a.conf", b"older")
    path.with_suffix(".link").hardlink_to(path)
    assert daemon.stop() == 0
    promise(daemon.state, path)
    again = serve("--root", f"ha={disk}/config")
    with listening(again) as stream:
        epoch = stream.id.partition("-")[0]
    with listening(again, last=f"{epoch}-0") as stream:
        kind, data = stream.next()
    assert (kind, data["root"], data["path"], data["settled"]) == ("save.recovered", "ha", "a.conf", True)
    assert data["detail"]


def promise(state: Path, path: Path) -> None:
    """A save in place that was promised, begun, and ended by a crash."""
    found = path.stat()
    wanted = Promise(
        path=str(path),
        identity=(found.st_dev, found.st_ino),
        mount_root=False,
        old=version_of(b"older"),
        new=version_of(b"newer than that"),
        route="overwrite",
        author=LIBRARY,
    )
    store = Store(state)
    with store.durable() as connection:
        intents.promise(connection, wanted)
    store.close()
    path.write_bytes(b"newer tha")
