"""What becomes of an answer that nobody reads; on a socket pair, for the daemon's own patience is 30 s."""

import asyncio
import select
import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from confkeep.daemon import connection
from confkeep.daemon.connection import StrictProtocol
from confkeep.daemon.settings import Settings
from tests.daemon.client import SECONDS
from tests.daemon.wire import answers, rest

_PATIENCE: Final = 0.5
#: The kernel's own buffer; an answer of _SMALL fits neither there nor is it much for asyncio (64 KB).
_BUFFER: Final = 8 << 10
_SMALL: Final = 40_000
_LARGE: Final = 1 << 20
_STAYS: Final = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
_CLOSES: Final = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less of it."""
    monkeypatch.setattr(connection, "PATIENCE", _PATIENCE)


async def _serve(ours: socket.socket, size: int) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        head = [(b"content-length", b"%d" % size)]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"x" * size})

    config = Config(app, ws="none", lifespan="off", log_config=None, access_log=False)
    lost = asyncio.Event()

    class Protocol(StrictProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set()

    def protocol() -> Protocol:
        return Protocol(config, ServerState(), {}, settings=Settings)

    await asyncio.get_running_loop().connect_accepted_socket(protocol, ours)
    await asyncio.wait_for(lost.wait(), SECONDS)


@contextmanager
def served(size: int) -> Generator[socket.socket]:
    """A connection to a server whose answers have ``size`` bytes; it must let go of it in the end."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    theirs.settimeout(SECONDS)
    server = threading.Thread(target=asyncio.run, args=[_serve(ours, size)])
    server.start()
    with theirs:
        yield theirs
    server.join(SECONDS)
    assert not server.is_alive()


def hangs_up(client: socket.socket) -> bool:
    """Whether the other side ever does, while nothing is read here."""
    gone = select.poll()
    gone.register(client, 0)
    return bool(gone.poll(SECONDS * 1000))


def read(client: socket.socket, size: int) -> bytes:
    """So many bytes, or those until the other side hangs up."""
    pieces = bytearray()
    while len(pieces) < size and (piece := client.recv(size - len(pieces))):
        pieces += piece
    return bytes(pieces)


def whole_answer(client: socket.socket) -> bytes:
    """One of _LARGE bytes."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read(client, 1)
    return head + read(client, _LARGE)


@pytest.mark.parametrize("size", [_SMALL, _LARGE])
@pytest.mark.parametrize("request_", [_STAYS, _CLOSES, _STAYS * 3], ids=["stays", "closes", "pipelined"])
def test_who_reads_nothing_is_hung_up_on(request_: bytes, size: int) -> None:
    """However much is left, and also when the connection is being closed anyway."""
    with served(size) as client:
        client.sendall(request_)
        assert hangs_up(client)
        assert len(rest(client)) < size


def test_who_stops_reading_is_hung_up_on() -> None:
    """Having read something once does not buy all the time there is."""
    with served(_LARGE) as client:
        client.sendall(_STAYS)
        assert len(read(client, _LARGE // 2)) == _LARGE // 2
        assert hangs_up(client)


@pytest.mark.parametrize("request_", [_STAYS, _CLOSES], ids=["stays", "closes"])
def test_who_reads_slowly_gets_it_all(request_: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that takes several times our patience, but goes on."""
    monkeypatch.setattr(connection, "PATIENCE", 2 * _PATIENCE)
    begin, pieces = time.monotonic(), list[bytes]()
    with served(_LARGE) as client:
        client.sendall(request_)
        while time.monotonic() < begin + 5 * _PATIENCE:
            time.sleep(_PATIENCE / 25)
            pieces.append(client.recv(_BUFFER))
        client.shutdown(socket.SHUT_WR)
        (answer,) = answers(b"".join(pieces) + rest(client))
    assert len(answer.body) == _LARGE


def test_who_has_read_may_wait() -> None:
    """Once all is read there is nothing to be patient about: the connection is good for the next request."""
    with served(_LARGE) as client:
        raw = b""
        for _ in range(2):
            client.sendall(_STAYS)
            raw += whole_answer(client)
            time.sleep(3 * _PATIENCE)
        client.shutdown(socket.SHUT_WR)
        assert len(answers(raw + rest(client))) == 2
