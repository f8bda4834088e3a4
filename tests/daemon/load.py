"""Many clients at once, as a program of its own: ``python -m tests.daemon.load SOCKET CLIENTS SECONDS ADDRESS …``.

Each reads, saves with If-Match what it has read, and saves with an etag that is wrong. One line says that all of them
are connected; the last one is JSON: what they were answered.
"""

import asyncio
import hashlib
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from json import dumps, loads

_WRONG = "0" * 64
_READS, _SAVES = 0.6, 0.9  # the rest are conflicts on purpose


@dataclass
class Seen:
    """What all clients were answered."""

    counts: Counter[str] = field(default_factory=Counter[str])
    saves: list[tuple[str, str, str, int]] = field(default_factory=list[tuple[str, str, str, int]])
    wrong: list[str] = field(default_factory=list[str])
    milliseconds: list[float] = field(default_factory=list[float])

    def expect(self, what: str, status: int, *good: HTTPStatus) -> None:
        """Count an answer; it is wrong if it is none of ``good``."""
        self.counts[f"{what} {status}"] += 1
        if status not in good:
            self.wrong.append(f"{what}: {status}")


class Client:
    """One connection, kept from the first to the last request."""

    def __init__(self, number: int, addresses: list[str], seen: Seen) -> None:
        """Its random numbers are its own."""
        self._rng = random.Random(number)
        self._number, self._addresses, self._seen = number, addresses, seen
        self._count = 0

    async def connect(self, socket: str) -> None:
        """Once."""
        self._reader, self._writer = await asyncio.open_unix_connection(socket)

    async def run(self, until: float) -> None:
        """One request after another."""
        while time.monotonic() < until:
            address, which = self._rng.choice(self._addresses), self._rng.random()
            if which >= _SAVES:
                status, *_ = await self._save(address, _WRONG)
                self._seen.expect("conflict", status, HTTPStatus.PRECONDITION_FAILED)
                continue
            etag = await self._read(address)
            if which >= _READS:
                status, body, now = await self._save(address, etag)
                self._seen.expect("save", status, HTTPStatus.OK, HTTPStatus.PRECONDITION_FAILED)
                if status == HTTPStatus.OK:
                    self._seen.saves.append((address, etag, now, loads(body)["revision"]))
        self._writer.close()

    async def _read(self, address: str) -> str:
        status, body, etag = await self._ask(f"GET /v1/files/{address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self._seen.expect("read", status, HTTPStatus.OK)
        if hashlib.sha256(body).hexdigest() != etag:
            self._seen.wrong.append(f"{address}: bytes that are not those of {etag}")
        return etag

    async def _save(self, address: str, base: str) -> tuple[int, bytes, str]:
        self._count += 1
        data = f"by: {self._number}\ncount: {self._count}\ntext: {'x' * self._rng.randrange(8000)}\n".encode()
        head = (
            f'PUT /v1/files/{address} HTTP/1.1\r\nHost: x\r\nIf-Match: "{base}"\r\nContent-Length: {len(data)}\r\n\r\n'
        )
        return await self._ask(head.encode() + data)

    async def _ask(self, request: bytes) -> tuple[int, bytes, str]:
        """Status, body and etag of one answer."""
        begin = time.monotonic()
        self._writer.write(request)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        body = await self._reader.readexactly(int(headers["content-length"]))
        self._seen.milliseconds.append((time.monotonic() - begin) * 1000)
        return int(lines[0].split()[1]), body, headers.get("etag", "").strip('"')


async def main(socket: str, clients: int, seconds: float, addresses: list[str]) -> None:
    """Connect all, say so, and let them loose."""
    seen = Seen()
    made = [Client(number, addresses, seen) for number in range(clients)]
    for client in made:
        await client.connect(socket)
    sys.stdout.write("connected\n")
    sys.stdout.flush()
    until = time.monotonic() + seconds
    await asyncio.gather(*(client.run(until) for client in made))
    sys.stdout.write(dumps(vars(seen)) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
