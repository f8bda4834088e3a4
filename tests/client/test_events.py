"""Events, one by one, also when the connection or the daemon is gone for a while."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from confkeep.client import ABSENT, ANYTHING, Client
from confkeep.errors import BadParameter, NoDaemon, TooManyStreams
from tests.client.answering import answer, answering
from tests.daemon.looking import etag
from tests.daemon.running import PATIENCE

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.looking import Folder
    from tests.daemon.running import Daemon

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"
START = HEAD + b"retry: 1\nid: e-0\n\n"


def event(number: int) -> bytes:
    """A frame as the daemon sends it."""
    return b'id: e-%d\nevent: file.changed\ndata: {"root": "ha", "path": "a"}\n\n' % number


def split(address: str) -> tuple[str, str]:
    """Root and path."""
    root, _, path = address.partition("/")
    return root, path


@pytest.fixture
def daemon(serve: Serve, disk: Path) -> Daemon:
    """A daemon of the test's own."""
    (disk / "config").mkdir()
    return serve("--root", f"ha={disk}/config")


def test_what_happens_is_told(client: Client, folder: Folder) -> None:
    """From the moment of the call on, while requests go on beside it; own saves are known by their request's id."""
    root, path = split(folder.at("a.yaml"))
    with client.events(root=root, prefix=path) as events:
        saved = client.save(root, path, b"a: 1\n", expect=ABSENT)
        removal = client.remove(root, path, expect=ANYTHING)
        first, second = next(events), next(events)
    assert (first.type, first.root, first.path) == ("file.changed", root, path)
    assert (first.etag, first.revision, first.request_id) == (saved.etag, saved.revision, saved.request_id)
    assert (first.size, first.created, first.origin) == (5, True, "api")
    assert (second.type, second.etag, second.revision) == ("file.removed", None, removal)
    assert first.members["path"] == path
    assert list(events) == []


def test_filters(client: Client, folder: Folder) -> None:
    """By root, beginning of the path, type; what there is not is refused at once."""
    root, prefix = split(folder.at("b"))
    with client.events(root=root, prefix=prefix, types=["file.removed", "file.changed"]) as events:
        for name in ("a.yaml", "b.yaml"):
            client.save(*split(folder.at(name)), b"a: 1\n", expect=ABSENT)
        assert next(events).path == prefix + ".yaml"
    with pytest.raises(BadParameter):
        client.events(types=["file.moved"])


@pytest.mark.parametrize("last", ["a b", "x\r\nY: z", "ü"])
def test_what_is_no_id(last: str, client: Client) -> None:
    """It would be another header."""
    with pytest.raises(BadParameter):
        client.events(last=last)


def test_going_on_after_an_event(client: Client, folder: Folder) -> None:
    """Nothing is missed by who knows the last event; an id of another life is a ``reset``."""
    root, path = split(folder.at("a.yaml"))
    with client.events(prefix=path) as events:
        client.save(root, path, b"a: 1\n", expect=ABSENT)
        seen = next(events).id
        assert events.last == seen
    client.save(root, path, b"a: 2\n", expect=ANYTHING)
    with client.events(prefix=path, last=seen) as events:
        assert next(events).etag == etag(b"a: 2\n")
    with client.events(prefix=path, last="0-1") as events:
        again = next(events)
        assert (again.type, again.root, again.path, again.members) == ("reset", "", "", {})
        client.save(root, path, b"a: 3\n", expect=ANYTHING)
        assert next(events).etag == etag(b"a: 3\n")


def test_the_daemon_is_started_again(daemon: Daemon) -> None:
    """The caller is told that it is away, and that it is back; then that events may have been missed."""
    told: list[NoDaemon | None] = []
    with (
        Client(f"unix://{daemon.socket}") as client,
        client.events(on_connection=told.append) as events,
    ):
        daemon.stop()
        starting = threading.Timer(0.5, daemon.start)
        starting.start()
        assert next(events).type == "reset"
        starting.join()
        assert [type(one) for one in told] == [NoDaemon, type(None)]
        saved = client.save("ha", "a.yaml", b"a: 1\n", expect=ABSENT)
        assert next(events).revision == saved.revision


def test_the_daemon_does_not_come_back(daemon: Daemon) -> None:
    """After ``patience`` it is given up."""
    with Client(f"unix://{daemon.socket}") as client, client.events(patience=0) as events:
        daemon.stop()
        with pytest.raises(NoDaemon):
            next(events)
        assert list(events) == []


def test_nobody_is_there_at_the_start() -> None:
    """There is no waiting for a daemon that never was."""
    with pytest.raises(NoDaemon):
        Client("unix:///nowhere").events()


def test_as_many_as_are_allowed(serve: Serve, disk: Path) -> None:
    """One more is refused at once; one that is closed makes room."""
    (disk / "config").mkdir()
    daemon = serve(settings=f"max_streams = 1\n[roots.ha]\npath = '{disk}/config'\n")
    with Client(f"unix://{daemon.socket}") as client:
        with client.events(), pytest.raises(TooManyStreams):
            client.events()
        give_up = time.monotonic() + PATIENCE
        while True:  # the daemon learns of it a moment later
            try:
                client.events().close()
            except TooManyStreams:
                assert time.monotonic() < give_up
            else:
                return


def test_a_connection_that_is_cut() -> None:
    """It is made again after the time that the stream said, and goes on after the last event: none is told twice."""
    half = event(2)[:20]
    with answering(START + event(1) + half, START.replace(b"e-0", b"e-1") + event(2)) as server:
        with Client(server.host) as client, client.events() as events:
            assert [next(events).id for _ in range(2)] == ["e-1", "e-2"]
        assert b"Last-Event-ID" not in server.asked[0]
        assert b"\r\nLast-Event-ID: e-1\r\n" in server.asked[1]


def test_what_passes_is_waited_for() -> None:
    """A daemon that stops, that has not noticed yet that the old stream is gone, garbage of whatever starts first."""
    passing = [
        answer(b'{"slug": "shutting-down", "detail": "x"}', "503 No"),
        answer(b'{"slug": "too-many-streams", "detail": "x"}', "429 No"),
        b"",
        answer(b"<html>"),
    ]
    with (
        answering(START, *passing, START + event(1)) as server,
        Client(server.host) as client,
        client.events() as events,
    ):
        assert next(events).id == "e-1"


def test_what_does_not_pass_is_raised() -> None:
    """The root is no longer there: waiting does not bring it back."""
    gone = answer(b'{"slug": "no-root", "detail": "there is no root"}', "404 No")
    with answering(START, gone) as server, Client(server.host) as client, client.events(root="ha") as events:
        with pytest.raises(Exception, match="there is no root"):
            next(events)
        assert list(events) == []


@pytest.mark.parametrize(
    "sent",
    [
        b': a comment\n\nevent: file.changed\nid: e-7\ndata: {"root": "ha",\ndata: "path": "a"}\n\n',
        b'unknown: field\r\nid:e-7\r\nevent:file.changed\r\ndata:{"root":"ha","path":"a"}\r\n\r\n',
        b'retry: soon\nid: e-7\n\nevent: file.changed\nretry\ndata: {"root": "ha", "path": "a", "more": []}\n\n',
    ],
    ids=["several lines", "line ends", "fields"],
)  # fmt: skip
def test_the_format(sent: bytes) -> None:
    """Whatever the standard allows: comments, fields in any order, several lines of data, either end of a line."""
    with answering(START + sent) as server, Client(server.host) as client, client.events() as events:
        found = next(events)
        assert (found.id, found.type, found.path) == ("e-7", "file.changed", "a")


@pytest.mark.parametrize(
    "sent",
    [b"id: e-1\nevent: x\ndata: no json\n\n", b"data: " + b"x" * (2 << 20), b"id: e-1\nevent: x\ndata: 1\n\n"],
    ids=["no json", "endless", "no object"],
)
def test_a_stream_of_something_else(sent: bytes) -> None:
    """It is lost like one that is cut."""

    def send(caller: socket.socket) -> None:
        caller.sendall(START + sent)

    with answering(send, START + event(1)) as server, Client(server.host) as client, client.events() as events:
        assert next(events).type == "file.changed"


def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing for longer than the daemon ever does is lost."""
    monkeypatch.setattr("confkeep.client.stream._SILENCE", 0.5)
    told: list[NoDaemon | None] = []

    def silent(caller: socket.socket) -> None:
        caller.sendall(START)
        caller.recv(1)  # until the client has left

    with (
        answering(silent, START + event(1)) as server,
        Client(server.host) as client,
        client.events(on_connection=told.append) as events,
    ):
        assert next(events).id == "e-1"
    lost, back = told
    assert lost is not None
    assert "nothing was heard for 0.5 s" in lost.detail
    assert back is None


def test_closed_at_once() -> None:
    """The server learns of it, whoever still has the iterator."""
    gone: list[bytes] = []

    def stay(caller: socket.socket) -> None:
        caller.sendall(START)
        gone.append(caller.recv(1))

    with answering(stay) as server, Client(server.host) as client:
        events = client.events()
        events.close()
    assert (gone, list(events)) == ([b""], [])


@pytest.mark.parametrize("where", ["reading", "waiting for the daemon"])
def test_another_thread_closes_it(where: str, daemon: Daemon) -> None:
    """The iteration ends at once, and its connection is closed."""
    lost = threading.Event()
    done: list[list[str]] = []
    with Client(f"unix://{daemon.socket}") as client:
        events = client.events(on_connection=lambda _: lost.set())
        reader = threading.Thread(target=lambda: done.append([one.type for one in events]))
        reader.start()
        client.save("ha", "a.yaml", b"a: 1\n", expect=ABSENT)
        if where == "waiting for the daemon":
            daemon.stop()
            assert lost.wait(PATIENCE)
        else:
            time.sleep(0.2)
        events.close()
        reader.join(PATIENCE)
        assert not reader.is_alive()
    assert done == [["file.changed"]]
    events.close()


def test_the_caller_asks_in_the_loop(client: Client, folder: Folder) -> None:
    """What an editor does on an event: it reads the file again."""
    root, path = split(folder.at("a.yaml"))
    reads: list[bytes] = []
    with client.events(prefix=path) as events:
        client.save(root, path, b"a: 1\n", expect=ABSENT)
        for one in events:
            reads.append(client.read(one.root, one.path).data)
            if len(reads) == 3:
                break
            client.save(root, path, b"a: %d\n" % (len(reads) + 1), expect=one.etag or "")
    assert reads == [b"a: 1\n", b"a: 2\n", b"a: 3\n"]
