import logging
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon.client import Answer
from tests.daemon.fixtures import Serve
from tests.daemon.looking import MEMBERS
from tests.daemon.wire import answers, exchange

_log = logging.getLogger(__name__)
_REQUESTS = 1_500  # of each kind
#: Without HEAD: where its answer ends is not to be seen among others.
_METHODS = [b"GET", b"PUT", b"POST", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"M-SEARCH"]
_NOUNS = [b"files", b"stat", b"history", b"revisions", b"transactions", b"roots", b"diff", b"merge", b""]
_PIECES = [
    *(b"ha", b"alone", b"a.yaml", b"sub", b"..", b".", b"", b"/", b"%2F", b"%2e%2e", b"%00", b"%", b"%zz", b"%ff"),
    *(b"%C0%AF", b"%ED%A0%80", b"%F0%9F%98%80", b"?", b"&", b"=", b"#", b";", b":", b"@", b"\\", b"|", b"'", b'"'),
    *(b"{", b"^", b"`", b"~", b"+", b"-1", b"0", b"9" * 30, b"content", b"restore", b"limit=", b"before=", b"dry_run="),
    *(
        b"true",
        b"validate=",
        b"off",
        b"after=",
        b"prefix=",
        b"a" * 300,
        b"http://x/",
        b"//",
        b"\t",
        b"\xc3\xbc",
        b"\x7f",
    ),
]
_NAMES = [
    *(b"If-Match", b"If-None-Match", b"Content-Length", b"Transfer-Encoding", b"Accept", b"Expect", b"Connection"),
    *(b"Upgrade", b"Content-Type", b"Content-Encoding", b"Content-Range", b"Range", b"Cookie", b"Host", b"A", b""),
    *(b"Te", b"Trailer", b"Content-Length ", b"X\xff", b"Authorization", b"Last-Event-ID", b"Message", b":"),
]
_VALUES = [
    *(b"*", b'"a"', b'W/"a"', b'"a", "b"', b'"' + b"0" * 64 + b'"', b"5", b"0", b"-1", b"99999999999", b"chunked"),
    *(b"gzip", b"x", b"100-continue", b"close", b"keep-alive", b"upgrade", b"h2c", b"websocket", b"", b" ", b"\t\t"),
    *(
        b"\xff\xfe",
        b"\0",
        b"\r",
        b"\n",
        b"a" * 5000,
        b"bytes 0-1/2",
        b"text/plain; charset=x",
        b",,,",
        b"=?utf-8?q?a?=",
    ),
]


def target(rng: random.Random) -> bytes:
    """A path that may mean anything."""
    pieces = b"".join(rng.choice([b"", b"/"]) + rng.choice(_PIECES) for _ in range(rng.randrange(7)))
    return b"/v1/" + rng.choice(_NOUNS) + b"/" + rng.choice([b"ha/", b""]) + pieces


def headers(rng: random.Random) -> list[bytes]:
    """Some lines that may be headers."""
    return [rng.choice(_NAMES) + b": " + rng.choice(_VALUES) for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3, 120]))]


def with_any_path(rng: random.Random) -> bytes:
    """A good request but for its path."""
    method = rng.choice(_METHODS)
    return method + b" " + target(rng) + b" HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\nContent-Length: 5\r\n\r\na: 1\n"


def with_any_headers(rng: random.Random) -> bytes:
    """A good request line, and whatever may come after it."""
    lines = [b"Host: x", *headers(rng)]
    rng.shuffle(lines)
    return (
        b"\r\n".join([rng.choice(_METHODS) + b" /v1/files/ha/a.yaml HTTP/1.1", *lines])
        + b"\r\n\r\n"
        + rng.choice([b"", b"a: 1\n", b"5\r\na: 1\n\r\n0\r\n\r\n", b"[", b"\0"])
    )


def damaged(rng: random.Random) -> bytes:
    """Any of those, with some bytes changed, gone, doubled or moved; or nothing but bytes."""
    if rng.random() < 0.1:
        return rng.randbytes(rng.randrange(1, 2000))
    request = bytearray(rng.choice([with_any_path, with_any_headers])(rng))
    for _ in range(rng.choice([1, 1, 2, 4])):
        at = rng.randrange(len(request) + 1)
        until = min(len(request), at + rng.choice([1, 1, 1, 4, 30]))
        request[at:until] = rng.choice([b"", rng.randbytes(1), bytes(request[at:until]) * 2, rng.choice(_VALUES)])
    return bytes(request)


def is_ours(answer: Answer) -> bool:
    """Whether this is what the API says: no failure of the daemon, and a whole problem if it is one."""
    if answer.status < 300:
        return True
    if answer.headers["Content-Type"] != "application/problem+json" or answer.status >= 500:
        return False
    return not answer.body or (answer.json.keys() >= MEMBERS and answer.json["status"] == answer.status)


@pytest.mark.parametrize("kind", [with_any_path, with_any_headers, damaged])
def test_no_request_is_too_odd(kind: Callable[[random.Random], bytes], serve: Serve, disk: Path) -> None:
    """Whatever comes is answered with what the API documents, or not at all; the daemon has nothing to complain of."""
    config = disk / "config"
    (config / "sub").mkdir(parents=True)
    (config / "a.yaml").write_bytes(b"a: 1\n")
    daemon = serve("--root", f"ha={config}", "--root", f"alone={config}/a.yaml")
    rng = random.Random(kind.__name__)
    counts: dict[int, int] = {}
    for _ in range(_REQUESTS):
        request = kind(rng)
        raw = exchange(daemon.socket, request, half_close=True)
        for answer in answers(without_continue(raw)):
            assert is_ours(answer), (request, answer)
            counts[answer.status] = counts.get(answer.status, 0) + 1
    _log.info("%s: %s", kind.__name__, dict(sorted(counts.items())))
    assert sum(counts.values()) > _REQUESTS / 2
    assert len(counts) >= 4, "the requests are all alike"
    assert daemon.ask("GET", "/healthz").status == 200
    assert daemon.stop() == 0
    assert "Traceback" not in daemon.log
    assert "ERROR" not in daemon.log


def without_continue(raw: bytes) -> bytes:
    """``raw`` without interim answers."""
    return raw.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
