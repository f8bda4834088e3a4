import select
import socket
import time
from contextlib import ExitStack
from typing import Final

import pytest

from confkeep.daemon.connection import PATIENCE, PIECE
from tests.daemon import client
from tests.daemon.fixtures import Serve
from tests.daemon.looking import Folder, problem, untouched
from tests.daemon.running import Daemon
from tests.daemon.wire import answers, exchange, rest

GET: Final = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
MISSING: Final = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
GARBAGE: Final = b"\0\1\2\3\r\n\r\n"
_SLACK: Final = 10  # seconds that a timer may be late on a busy machine


def put(folder: Folder, framing: bytes = b"Content-Length: 5\r\n", body: bytes = b"a: 2\n") -> bytes:
    """A save of a.yaml."""
    head = f"PUT {folder.url('a.yaml')} HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\n".encode()
    return head + framing + b"\r\n" + body


def statuses(raw: bytes) -> list[int]:
    """Of all answers in ``raw``."""
    return [answer.status for answer in answers(raw)]


def test_pipelined_requests_are_answered_in_order(house: Daemon) -> None:
    """A hundred requests at once get their hundred answers."""
    raw = exchange(house.socket, (GET + MISSING) * 50, half_close=True)
    assert statuses(raw) == [200, 404] * 50


def test_pipelined_saves(folder: Folder) -> None:
    """Saves in one piece happen one after another; the last one stays."""
    folder.file("a.yaml")
    requests = [put(folder, body=b"a: %d\n" % number) for number in range(2, 10)]
    raw = exchange(folder.daemon.socket, b"".join(requests), half_close=True)
    assert statuses(raw) == [200] * 8
    assert folder.read("a.yaml") == b"a: 9\n"


def test_garbage_after_a_save(folder: Folder) -> None:
    """What came before garbage is done and answered first: no client takes its save for refused."""
    folder.file("a.yaml")
    raw = exchange(folder.daemon.socket, put(folder) + GARBAGE)
    saved, refusal = answers(raw)
    assert (saved.status, folder.read("a.yaml")) == (200, b"a: 2\n")
    problem(refusal, 400, "bad-request")
    assert refusal.headers["Connection"] == "close"


def test_nothing_is_heard_after_garbage(folder: Folder) -> None:
    """A save behind garbage is not one."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        assert statuses(exchange(folder.daemon.socket, GET + GARBAGE + put(folder))) == [200, 400]


def test_bad_body_of_a_request_that_waits_for_its_turn(folder: Folder) -> None:
    """It is refused in its turn, whether it comes with those before it or after them."""
    folder.file("a.yaml")
    bad = put(folder, b"Transfer-Encoding: chunked\r\n", b"zz\r\n")
    with untouched(folder.daemon, folder.path):
        assert statuses(exchange(folder.daemon.socket, GET + MISSING + bad)) == [200, 404, 400]
        with client.connected(folder.daemon.socket) as connection:
            connection.sendall(GET + bad[:-4])
            assert connection.recv(12) == b"HTTP/1.1 200"
            connection.sendall(bad[-4:])
            assert rest(connection).count(b"HTTP/1.1 400 ") == 1


def test_bad_body_of_a_request_that_is_answered(folder: Folder) -> None:
    """Who was answered before the end of the body and then sends garbage is hung up on: there is no second answer."""
    with client.connected(folder.daemon.socket) as connection:
        connection.sendall(put(folder, b"Transfer-Encoding: chunked\r\n", b"").replace(b"/ha/", b"/nobody/"))
        raw = b""
        while not raw.endswith(b"}\n"):
            raw += connection.recv(1 << 16)
        assert raw.startswith(b"HTTP/1.1 404 ")
        connection.sendall(b"zz\r\n")
        assert rest(connection) == b""


def test_half_closed_connection_is_answered(folder: Folder) -> None:
    """Who says that nothing more will come (as `nc -N` does) gets the answers, and is hung up on."""
    folder.file("a.yaml")
    assert statuses(exchange(folder.daemon.socket, GET + MISSING, half_close=True)) == [200, 404]
    assert statuses(exchange(folder.daemon.socket, put(folder), half_close=True)) == [200]
    assert folder.read("a.yaml") == b"a: 2\n"


@pytest.mark.parametrize("cut", [0, 1, 20, -6, -1])
def test_half_closed_in_a_request(cut: int, folder: Folder) -> None:
    """Half a request is none: nothing is answered, nothing is saved."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        assert exchange(folder.daemon.socket, put(folder)[:cut], half_close=True) == b""


def test_byte_by_byte(folder: Folder) -> None:
    """It does not matter in how many pieces a request comes."""
    folder.file("a.yaml")
    with client.connected(folder.daemon.socket) as connection:
        for byte in put(folder, b"Content-Length: 5\r\nConnection: close\r\n"):
            connection.sendall(bytes([byte]))
        assert statuses(rest(connection)) == [200]
    assert folder.read("a.yaml") == b"a: 2\n"


def test_many_that_trickle(house: Daemon, folder: Folder) -> None:
    """Three hundred callers in the middle of a request keep nobody waiting, and are served when they are done."""
    folder.file("a.yaml")
    folder.file("b.yaml")
    request = put(folder, b"Content-Length: 5\r\nConnection: close\r\n")
    with ExitStack() as stack:
        slow = [stack.enter_context(client.connected(house.socket)) for _ in range(300)]
        cuts = [1 + number % (len(request) - 20) for number in range(300)]
        for connection, cut in zip(slow, cuts, strict=True):
            connection.sendall(request[:cut])
        for byte in range(10):
            for connection, cut in zip(slow, cuts, strict=True):
                connection.sendall(request[cut + byte : cut + byte + 1])
            assert house.get(folder.at("a.yaml")).body == b"a: 1\n"
            assert house.put(folder.at("b.yaml"), b"b: %d\n" % byte).status == 200
        for connection, cut in zip(slow, cuts, strict=True):
            connection.sendall(request[cut + 10 :])
        assert {status for connection in slow for status in statuses(rest(connection))} == {200}
    assert folder.read("a.yaml") == b"a: 2\n"


def hung_up(connections: dict[str, socket.socket]) -> dict[str, bytes]:
    """Those on which the daemon has hung up, with what it said; they are taken out."""
    readable, _, _ = select.select(list(connections.values()), [], [], 0)
    names = [name for name, connection in connections.items() if connection in readable]
    return {name: rest(connections.pop(name)) for name in names}


@pytest.mark.slow
def test_slow_ones_are_hung_up_on(serve: Serve, folder: Folder) -> None:
    """A head has its time as a whole; a body may take longer, as long as it comes in pieces worth waiting for."""
    daemon = serve(settings=f"[roots.ha]\npath = '{folder.path}'\n")
    head = b"PUT /v1/files/ha/%s HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\nContent-Length: 1000000\r\n"
    begins = {
        "silent": b"",
        "empty lines": b"",
        "stops in its head": head % b"a",
        "trickles its head": head % b"b",
        "stops in its body": head % b"c" + b"\r\nabc",
        "trickles its body": head % b"d" + b"\r\nabc",
        "steady": head % b"e" + b"\r\n",
    }
    more = {
        "empty lines": b"\r\n",
        "trickles its head": b"A",
        "trickles its body": b"a",
        "steady": b"a" * (PIECE // 10),
    }
    with ExitStack() as stack:
        connections = {name: stack.enter_context(client.connected(daemon.socket)) for name in begins}
        for name, begin in begins.items():
            connections[name].sendall(begin)
        ended: dict[str, bytes] = {}
        give_up = time.monotonic() + PATIENCE + _SLACK
        while len(ended) < len(begins) - 1 and time.monotonic() < give_up:
            for name in more.keys() & connections.keys():
                connections[name].sendall(more[name])
            time.sleep(1)
            ended |= hung_up(connections)
        assert connections.keys() == {"steady"}
        for name in ("silent", "empty lines"):
            assert ended.pop(name) == b""
        for raw in ended.values():
            (answer,) = answers(raw)
            problem(answer, 408, "request-timeout")
        connections["steady"].sendall(b"a")
    assert folder.names() == set()
    assert daemon.ask("GET", "/healthz").status == 200


def test_ends_while_others_are_in_the_middle(serve: Serve, folder: Folder) -> None:
    """Unfinished heads, and requests that were refused in their body, hold no end up."""
    folder.file("a.yaml")
    daemon = serve(settings=f"[roots.ha]\npath = '{folder.path}'\n")
    bad = put(folder, b"Transfer-Encoding: chunked\r\n", b"").replace(folder.address.encode(), b"ha")
    with client.connected(daemon.socket) as half, client.connected(daemon.socket) as connection:
        half.sendall(GET[:20])
        connection.sendall(bad + b"1\r\na\r\n")
        connection.sendall(b"zz\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 400 ")
        assert daemon.stop() == 0
    assert "graceful" not in daemon.log, daemon.log
    assert folder.read("a.yaml") == b"a: 1\n"


@pytest.mark.slow
def test_who_reads_no_answer_is_hung_up_on(serve: Serve, folder: Folder) -> None:
    """An answer that nobody takes is thrown away, on a connection that stays open and on one that is being closed."""
    daemon = serve(settings=f"[roots.ha]\npath = '{folder.path}'\n")
    (folder.path / "large").write_bytes(b"x" * (4 << 20))
    head = b"GET /v1/files/ha/large HTTP/1.1\r\nHost: x\r\n"
    with client.connected(daemon.socket) as stays, client.connected(daemon.socket) as closes:
        stays.sendall(head + b"\r\n")
        closes.sendall(head + b"Connection: close\r\n\r\n")
        gone = select.poll()
        for connection in (stays, closes):
            gone.register(connection, 0)
            assert gone.poll((2 * PATIENCE + _SLACK) * 1000)
            gone.unregister(connection)
            assert len(rest(connection)) < 4 << 20
