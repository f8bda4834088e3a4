"""Connections that end, servers that are none of ours, and many threads."""

from __future__ import annotations

import gc
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from confkeep.client import ABSENT, ANYTHING, Client
from confkeep.errors import ConfkeepError, Conflict, NoDaemon, NotFound, TargetBusy
from tests.client.answering import answer, answering
from tests.daemon.looking import etag
from tests.daemon.running import short_directory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.looking import Folder
    from tests.daemon.running import Daemon

GARBAGE = {
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "html": answer(b"<html>"),
    "a list": answer(b"[]"),
    "a number": answer(b"1"),
    "deep": answer(b"[" * 100_000),
    "not utf-8": answer(b"\xff\xfe"),
    "another object": answer(b"{}"),
    "wrong types": answer(b'{"root": 1, "path": [], "etag": {}, "size": "x", "revisions": 3, "entries": {}}'),
    "no problem": answer(b"oops", "500 Oops"),
    "another problem": answer(b'{"detail": 3}', "400 Bad Request", "Content-Type: application/problem+json"),
    "not modified": b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
    "moved": answer(b"", "301 Moved", "Location: /elsewhere"),
    "a header without end": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
    "another chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
}  # fmt: skip
REQUESTS: dict[str, Callable[[Client], object]] = {
    "read": lambda client: client.read("ha", "a"),
    "stat": lambda client: client.stat("ha", "a"),
    "list": lambda client: list(client.list("ha")),
    "history": lambda client: list(client.history("ha", "a")),
    "save": lambda client: client.save("ha", "a", b"x", expect=ABSENT),
    "restore": lambda client: client.restore(1, expect=ANYTHING),
    "roots": lambda client: client.roots(),
    "service": lambda client: client.service(),
    "events": lambda client: client.events(),
}
every_request = pytest.mark.parametrize("ask", REQUESTS.values(), ids=REQUESTS.keys())


@every_request
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_something_else_answers(garbage: bytes, ask: Callable[[Client], object]) -> None:
    """A named error with a remedy, whatever is said."""
    with answering(garbage) as server, Client(server.host) as client:
        with pytest.raises(ConfkeepError) as caught:
            ask(client)
        assert isinstance(caught.value, NoDaemon)
        assert caught.value.remedy


@every_request
@pytest.mark.parametrize("cut", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"], ids=["nothing", "half"])
def test_an_answer_that_is_cut(cut: bytes, ask: Callable[[Client], object]) -> None:
    """NoDaemon; of a save it is said that nobody knows what became of it."""
    with answering(cut) as server, Client(server.host) as client:
        with pytest.raises(NoDaemon) as caught:
            ask(client)
        changes = server.asked[0].startswith((b"PUT", b"POST"))
        assert caught.value.members == ({"outcome": "unknown"} if changes else {})
        assert caught.value.remedy


@pytest.mark.parametrize(
    "host", ["unix:///nowhere/s", "unix://", "tcp://localhost:1", "/run/s", f"unix:///{'s' * 200}"]
)
def test_nobody_is_there(host: str) -> None:
    """NoDaemon, by name."""
    with pytest.raises(NoDaemon) as caught:
        Client(host).read("ha", "a")
    assert caught.value.remedy


def test_where_the_daemon_is(house: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is given counts more than CONFKEEP_HOST, that more than the default."""
    monkeypatch.setenv("CONFKEEP_HOST", "unix:///nowhere")
    with Client(f"unix://{house.socket}") as client:
        assert client.service().version
    assert Client().host == "unix:///nowhere"
    monkeypatch.setenv("CONFKEEP_HOST", "")
    assert Client().host == "unix:///run/confkeep/confkeep.sock"


def test_silence(folder: Folder) -> None:
    """A server that takes the request and says nothing is given up after ``timeout``."""
    with short_directory() as directory, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "s"))
        listener.listen()
        with pytest.raises(NoDaemon) as caught:
            Client(f"unix://{directory}/s", timeout=0.2).read("ha", "a")
    assert "0.2 s" in caught.value.detail


def test_an_unknown_kind_of_problem() -> None:
    """A newer daemon's error is a ConfkeepError that has its slug."""
    body = b'{"slug": "too-green", "detail": "it is too green", "remedy": "paint it", "shade": 3, "self": 1}'
    with (
        answering(answer(body, "418 Teapot")) as server,
        Client(server.host) as client,
        pytest.raises(ConfkeepError, match="it is too green") as caught,
    ):
        client.read("ha", "a")
    assert (type(caught.value), caught.value.remedy) == (ConfkeepError, "paint it")
    assert caught.value.members == {"slug": "too-green", "shade": 3, "self": 1}


def test_members_of_a_newer_daemon() -> None:
    """They are not in the way."""
    body = b'{"version": "9", "roots": [], "capabilities": ["x"], "limits": {}, "findings": [], "colour": {"a": []}}'
    with answering(answer(body)) as server, Client(server.host) as client:
        service = client.service()
    assert (service.capabilities, service.document["colour"]) == (("x",), {"a": []})


def test_one_connection_for_many_requests(house: Daemon, folder: Folder) -> None:
    """It is kept open; requests that may not be sent twice have their own, which is closed."""
    file = folder.file("a.yaml").partition("/")[2]
    with Client(f"unix://{house.socket}") as client:
        client.read("ha", file)
        before = _sockets()
        for number in range(10):
            client.read("ha", file)
            client.save("ha", file, b"a: %d\n" % number, expect=client.read("ha", file).etag)
            client.save("ha", file, b"b: %d\n" % number, expect=ANYTHING)
        assert _sockets() == before
    assert _sockets() < before


def _sockets() -> int:
    gc.collect()
    links = (os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd"))
    return sum(os.path.lexists(link) and os.readlink(link).startswith("socket:") for link in links)


def test_the_daemon_was_away(serve: Serve, disk: Path) -> None:
    """After a restart the connection that was kept is of no use: reads and saves go on over a new one."""
    (disk / "config").mkdir()
    daemon = serve("--root", f"ha={disk}/config")
    with Client(f"unix://{daemon.socket}") as client:
        file = client.open("ha", "a.yaml")
        file.save(b"a: 1\n")
        for number in (signal.SIGTERM, signal.SIGKILL):
            daemon.stop(number)
            with pytest.raises(NoDaemon):
                client.read("ha", "a.yaml")
            daemon.start()
            assert client.read("ha", "a.yaml").data == file.data
            assert file.save(b"a: %d\n" % number).changed


SAVED = b"""{"root": "ha", "path": "a", "etag": "e", "revision": 1, "size": 1, "changed": false, "created": false,
"removed": false, "dry_run": false, "checked": null, "route": {"name": "replace", "code": "c", "reason": "r"},
"guarantees": {"reader_atomic": true, "crash_safe": true, "compare_and_swap": true, "inode_kept": true,
"metadata_kept": true}, "notes": [], "findings": [], "diagnostics": [], "request_id": "x"}"""


def twice(first: Callable[[Client], object]) -> bytes:
    """What ``first`` is sent as over a connection that ends instead of an answer, after a good one."""

    def good_then_gone(caller: socket.socket) -> None:
        caller.sendall(answer(b"x", "200 OK", 'ETag: "e"'))
        caller.recv(1 << 16)  # the second request; it is not answered

    with answering(good_then_gone, answer(SAVED, "200 OK", 'ETag: "e"')) as server, Client(server.host) as client:
        client.read("ha", "warm")
        first(client)
        return server.asked[1]


def test_an_answer_that_was_lost() -> None:
    """A read, and a save that names what it replaces, are sent once more; nothing can be done twice by it."""
    assert twice(lambda client: client.read("ha", "a")).startswith(b"GET /v1/files/ha/a ")
    assert twice(lambda client: client.save("ha", "a", b"x", expect="e")).startswith(b"PUT /v1/files/ha/a ")


UNSAFE: dict[str, Callable[[Client], object]] = {
    "create": lambda client: client.save("ha", "a", b"x", expect=ABSENT),
    "overwrite": lambda client: client.save("ha", "a", b"x", expect=ANYTHING),
    "remove": lambda client: client.remove("ha", "a", expect="e"),
    "restore": lambda client: client.restore(1, expect="e"),
    "transaction": lambda client: client.transaction([]),
}


@pytest.mark.parametrize("ask", UNSAFE.values(), ids=UNSAFE.keys())
def test_what_is_never_sent_twice(ask: Callable[[Client], object]) -> None:
    """It goes over a new connection; where that ends, nobody knows what became of it, and that is said."""
    more: list[bytes] = []

    def good_and_open(caller: socket.socket) -> None:
        caller.sendall(answer(b"x", "200 OK", 'ETag: "e"'))
        more.append(caller.recv(1 << 16))  # nothing, until the client closes it

    with answering(good_and_open, b"") as server, Client(server.host) as client:
        client.read("ha", "warm")
        with pytest.raises(NoDaemon) as caught:
            ask(client)
        assert caught.value.members["outcome"] == "unknown"
    assert more == [b""]


def test_a_repeated_save_is_answered_as_the_first(client: Client, folder: Folder) -> None:
    """What makes it safe where an etag is expected: the same bytes again are no change. A new file is a conflict."""
    root, _, path = folder.file("a.yaml", b"a: 1\n").partition("/")
    saved, again = (client.save(root, path, b"a: 2\n", expect=etag(b"a: 1\n")) for _ in range(2))
    assert (saved.changed, again.changed, again.revision) == (True, False, saved.revision)
    client.save(root, path + ".new", b"new", expect=ABSENT)
    with pytest.raises(Conflict):
        client.save(root, path + ".new", b"new", expect=ABSENT)


def test_many_threads_share_it(client: Client, folder: Folder) -> None:
    """Each gets the answer to its own question."""
    root, _, prefix = folder.at("").partition("/")

    def work(number: int) -> None:
        file = client.open(root, f"{prefix}{number}.conf")
        for step in range(10):
            data = b"%d %d" % (number, step)
            file.save(data)
            assert client.read(root, file.path).data == data
            with pytest.raises(NotFound):
                client.read(root, f"{prefix}{number}.none")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))


def test_a_fork_goes_on_with_it(client: Client, folder: Folder) -> None:
    """The child does not read the parent's answers: it makes a connection of its own."""
    root, _, path = folder.file("a.yaml", b"parent").partition("/")
    _, _, other = folder.file("b.yaml", b"child").partition("/")
    client.read(root, path)
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(sum(client.read(root, other).data != b"child" for _ in range(50)))
        finally:
            os._exit(99)
    wrong = sum(client.read(root, path).data != b"parent" for _ in range(50))
    assert (wrong, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])) == (0, 0)


def test_after_an_error_the_next_request_is_whole(client: Client, folder: Folder) -> None:
    """A problem's body is read to its end."""
    root, _, path = folder.linked("a.yaml").partition("/")
    for _ in range(3):
        with pytest.raises(NotFound):
            client.read(root, path + ".none")
        with (folder.path / "a.yaml").open("rb"), pytest.raises(TargetBusy):
            client.save(root, path, b"a: 9\n", expect=ANYTHING, on_busy="refuse")
        assert client.read(root, path).data == b"a: 1\n"
