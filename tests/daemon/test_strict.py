import itertools
import socket
from collections.abc import Iterator

import pytest

from tests.daemon import client
from tests.daemon.fixtures import MAX_BODY, Serve
from tests.daemon.looking import Folder, problem, untouched
from tests.daemon.running import Daemon
from tests.daemon.wire import answers, exchange, refused, rest

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def put(folder: Folder, headers: bytes, body: bytes = b"a: 2\n") -> bytes:
    """A save of a.yaml with these headers beside Host and If-Match."""
    head = f"PUT {folder.url('a.yaml')} HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\n".encode()
    return head + headers + b"\r\n" + body


@pytest.mark.parametrize(
    "line",
    [
        b"GET http://x/v1 HTTP/1.1",
        b"GET HTTP://x/healthz HTTP/1.1",
        b"CONNECT x:80 HTTP/1.1",
        b"GET x:80 HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET * HTTP/1.1",
        b"GET v1 HTTP/1.1",
        b"GET ?a=b HTTP/1.1",
        b"GET /healthz#a HTTP/1.1",
        b"GET /v1?a=b#c HTTP/1.1",
        b"GET /a\0 HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"GET / a HTTP/1.1",
        b"GET /healthz",
        b"GET /healthz HTTP/0.9",
        b"GET /healthz HTTP/1.2",
        b"GET /healthz HTTP/2.0",
        b"PRI * HTTP/2.0",
        b"get /healthz HTTP/1.1",
        b"BREW /healthz HTTP/1.1",
        b"GET",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0" * 64,
        b"hello?",
    ],
)
def test_request_line(line: bytes, house: Daemon) -> None:
    """Only a known method, a path alone and HTTP/1.1 or 1.0 make a request."""
    refused(house.socket, line + b"\r\nHost: x\r\n\r\n")


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Host: x\r\nHost: x\r\n",
        b"Host: x\r\nhost: y\r\n",
        b"Host: a b\r\n",
        b"Host: x/y\r\n",
        b"Host: user@x\r\n",
        b"Host: x:80:81\r\n",
        b"Host: \xff\r\n",
        b"Host: x, y/\r\n",
    ],
)
def test_host(header: bytes, house: Daemon) -> None:
    """HTTP/1.1 has exactly one Host, which is one (RFC 9112, 3.2)."""
    refused(house.socket, b"GET /healthz HTTP/1.1\r\n" + header + b"\r\n")


@pytest.mark.parametrize("host", [b"", b"localhost", b"x:1", b"[::1]:80", b"127.0.0.1", b"a_b.c-d", b"x:"])
def test_any_host_will_do(host: bytes, house: Daemon) -> None:
    """On a Unix socket the name means nothing; it may be empty."""
    (answer,) = answers(
        exchange(house.socket, b"GET /healthz HTTP/1.1\r\nConnection: close\r\nHost: " + host + b"\r\n\r\n")
    )
    assert answer.status == 200


def test_old_http_needs_no_host(house: Daemon) -> None:
    """HTTP/1.0 is answered, with or without one Host; two are refused there as well."""
    for header in (b"", b"Host: x\r\n"):
        (answer,) = answers(exchange(house.socket, b"GET /healthz HTTP/1.0\r\n" + header + b"\r\n"))
        assert answer.status == 200
    refused(house.socket, b"GET /healthz HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n")


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: five\r\n",
        b"Content-Length:\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
    ],
)
def test_framing(header: bytes, folder: Folder) -> None:
    """Where a body could end in two places, or belong to another protocol, nothing is saved."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        refused(folder.daemon.socket, put(folder, header))


@pytest.mark.parametrize(
    "header",
    [
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked, chunked",
        b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding: chunked;a=b",
    ],
)
def test_coding(header: bytes, folder: Folder) -> None:
    """Chunked and nothing else is taken, however well the chunks are: what is inside would be saved as it is."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        refused(folder.daemon.socket, put(folder, header + b"\r\n", b"5\r\na: 2\n\r\n0\r\n\r\n"))


def test_old_http_has_no_chunks(folder: Folder) -> None:
    """Transfer-Encoding in HTTP/1.0 is faulty framing (RFC 9112, 6.1)."""
    folder.file("a.yaml")
    request = put(folder, b"Transfer-Encoding: chunked\r\n", b"5\r\na: 2\n\r\n0\r\n\r\n").replace(
        b"HTTP/1.1", b"HTTP/1.0"
    )
    with untouched(folder.daemon, folder.path):
        refused(folder.daemon.socket, request)


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked"])
def test_chunks_are_taken(coding: bytes, folder: Folder) -> None:
    """A chunked body is saved; its extensions and trailers count for nothing."""
    folder.file("a.yaml")
    body = b"2;a=b\r\na:\r\n3\r\n 2\n\r\n0\r\nIf-Match: x\r\n\r\n"
    raw = exchange(
        folder.daemon.socket, put(folder, b"Connection: close\r\nTransfer-Encoding: " + coding + b"\r\n", body)
    )
    assert [answer.status for answer in answers(raw)] == [200]
    assert folder.read("a.yaml") == b"a: 2\n"


@pytest.mark.parametrize(
    "body", [b"zz\r\n", b"-1\r\n", b"5\na: 2\n\r\n", b"5\r\na: 2\nX\r\n", b"f" * 17 + b"\r\n", b"5 \r\na: 2\n\r\n"]
)
def test_bad_chunks(body: bytes, folder: Folder) -> None:
    """A body that turns out to be none is refused, though its head was well."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        refused(folder.daemon.socket, put(folder, b"Transfer-Encoding: chunked\r\n", body))


@pytest.mark.parametrize(
    "header",
    [
        b"A: b\rc\r\n",
        b"A: b\nc: d\r\n",
        b"A: b\0c\r\n",
        b"A: \x01\r\n",
        b"A: b\x7f\r\n",
        b"A: b\r\n folded\r\n",
        b" A: b\r\n",
        b"A : b\r\n",
        b": b\r\n",
        b"A\r\n",
        b"A\xff: b\r\n",
        b"A\0: b\r\n",
        b"(A): b\r\n",
    ],
)
def test_header_line(header: bytes, house: Daemon) -> None:
    """Bare CR, LF and NUL, folded lines, and names that are none are refused, never mended."""
    refused(house.socket, GET[:-2] + header + b"\r\n")


@pytest.mark.parametrize("expect", [b"200-ok", b"", b"100-continue, x", b"x=y"])
def test_unknown_expectation(expect: bytes, folder: Folder) -> None:
    """Whoever expects what this service does not know is told before anything happens (RFC 9110, 10.1.1)."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        request = put(folder, b"Content-Length: 5\r\nExpect: " + expect + b"\r\n")
        refused(folder.daemon.socket, request, 417, "expectation-failed")


def test_continue(folder: Folder) -> None:
    """``Expect: 100-continue`` is answered before the body comes, as curl wants it."""
    folder.file("a.yaml")
    with client.connected(folder.daemon.socket) as connection:
        connection.sendall(put(folder, b"Content-Length: 5\r\nConnection: close\r\nExpect: 100-Continue\r\n", b""))
        assert connection.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"a: 2\n")
        assert [answer.status for answer in answers(rest(connection))] == [200]


def test_trailer_is_no_header(folder: Folder) -> None:
    """What the head does not say, no trailer can (RFC 9110, 6.5.1): here, what the save replaces."""
    folder.file("a.yaml")
    head = f"PUT {folder.url('a.yaml')} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    with untouched(folder.daemon, folder.path):
        raw = exchange(folder.daemon.socket, head.encode() + b"5\r\na: 2\n\r\n0\r\nIf-Match: *\r\n\r\n")
        (answer,) = answers(raw)
        problem(answer, 428, "precondition-required")


@pytest.fixture
def narrow(serve: Serve, folder: Folder) -> Daemon:
    """A daemon that takes 10 headers and 1,000 bytes of head."""
    return serve(settings=f"max_headers = 10\nmax_header_bytes = 1000\n[roots.ha]\npath = '{folder.path}'\n")


def test_number_of_headers(narrow: Daemon) -> None:
    """As many as the settings say, Host among them; one more is refused, before the head has come to its end."""
    more = b"".join(b"A%d: b\r\n" % number for number in range(8)) + b"Connection: close\r\n"
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    assert [answer.status for answer in answers(exchange(narrow.socket, head + more + b"\r\n"))] == [200]
    refused(narrow.socket, head + more + b"B: c\r\n\r\n", 431, "headers-too-large")
    answer = refused(narrow.socket, head + more + b"B: c\r\nC: d\r\nE:", 431, "headers-too-large")
    assert (answer.json["max_headers"], answer.json["max_header_bytes"]) == (10, 1000)


def test_size_of_the_head(narrow: Daemon) -> None:
    """The request line and its headers, line ends included; one byte more is refused, wherever it is."""
    head = b"GET /healthz?%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: %s\r\n"
    room = 1000 - len(head % (b"", b""))
    for request in (head % (b"", b"a" * room), head % (b"a" * room, b"")):
        fits, over = request + b"\r\n", request.replace(b"Host: x", b"Host: xx") + b"\r\n"
        assert [answer.status for answer in answers(exchange(narrow.socket, fits))] == [200]
        refused(narrow.socket, over, 431, "headers-too-large")


def endless(what: str, folder: Folder) -> tuple[bytes, bytes]:
    """What a request begins with, and what it goes on with for ever."""
    chunked = put(folder, b"Transfer-Encoding: chunked\r\n", b"")
    return {
        "target": (b"GET /", b"a" * 4096),
        "name": (GET[:-2], b"a" * 4096),
        "value": (GET[:-2] + b"A: ", b"a" * 4096),
        "headers": (GET[:-2], b"A: b\r\n" * 700),
        "empty lines": (b"", b"\r\n" * 2048),
        "extension": (chunked + b"1;a=", b"a" * 4096),
        "trailer": (chunked + b"1\r\na\r\n0\r\nA: ", b"a" * 4096),
        "trailers": (chunked + b"1\r\na\r\n0\r\n", b"A: b\r\n" * 700),
    }[what]


@pytest.mark.parametrize(
    "what", ["target", "name", "value", "headers", "empty lines", "extension", "trailer", "trailers"]
)
def test_endless(what: str, folder: Folder) -> None:
    """What never comes to an end is cut off soon, and answered; the daemon keeps none of it."""
    folder.file("a.yaml")
    begin, more = endless(what, folder)
    with untouched(folder.daemon, folder.path), client.connected(folder.daemon.socket) as connection:
        sent = pump(connection, itertools.chain([begin], itertools.repeat(more, 4096)))
        (answer,) = answers(rest(connection))
        problem(answer, 431, "headers-too-large")
    assert sent < 2 << 20, "it took too much"


def pump(connection: socket.socket, pieces: Iterator[bytes]) -> int:
    """Send until the daemon hangs up; how many bytes went out."""
    sent = 0
    try:
        for piece in pieces:
            connection.sendall(piece)
            sent += len(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return sent


@pytest.mark.parametrize("framing", [b"Content-Length: 1000000000000\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_endless_body(framing: bytes, folder: Folder) -> None:
    """A body over the limit is refused: at once where its length is announced, else as soon as it is over."""
    folder.file("a.yaml")
    piece = b"1000\r\n" + b"a" * 4096 + b"\r\n"
    with untouched(folder.daemon, folder.path), client.connected(folder.daemon.socket) as connection:
        sent = pump(connection, itertools.chain([put(folder, framing, b"")], itertools.repeat(piece, 8192)))
        (answer,) = answers(rest(connection))
        assert problem(answer, 413, "body-too-large")["limit"] == MAX_BODY
    assert sent < 2 << 20, "it took too much"
