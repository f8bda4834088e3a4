"""The curves of bench/growth.py, group by group: each sets up what it needs in a directory of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import client, process
from bench.curve import CONSTANT, LINEAR, Curve, timed
from bench.layouts import captured
from bench.sized import sized
from confkeep.etag import version_of
from confkeep.history import revisions
from confkeep.history.revisions import LIBRARY, State
from confkeep.history.store import Store
from confkeep.layout.doctor import diagnose
from confkeep.layout.replay import replay

if TYPE_CHECKING:
    from bench.process import Server

_SIZES: Final = (1, 4, 16, 64, 256, 1024)
_REVISIONS: Final = (1, 100, 1_000, 10_000)
_ROOTS: Final = (1, 10, 100)
_WATCHED: Final = (10, 100, 1_000, 10_000)
_CONTAINERS: Final = (1, 10, 100, 1_000)
_USUAL: Final = 16 << 10
_SMALL: Final = 200
_A_ROUND: Final = 10
_STARTS: Final = 3
_SETTLED: Final = 1.0
_NAME: Final = "a.yaml"
#: Upkeep would take away what is measured; and a journal on tmpfs would not survive, so that nobody may ask for it.
_ROOT: Final = 'journal = "best-effort"\nkeep_revisions = 0\nkeep_bytes = 0\n'

#: Curves measured in this directory, in so many rounds; the stack ends what they started.
Group = Callable[[Path, int, ExitStack], list[Curve]]


def sizes(directory: Path, rounds: int, stack: ExitStack) -> list[Curve]:
    """A save, with each check, and a GET, by the size of the file."""
    server = _daemon(directory, stack)
    found: list[Curve] = []
    for check in ("off", "syntax", "strict"):
        files = {size: directory / "config" / f"{check}-{size}.yaml" for size in _SIZES}
        saves = {size: _save(server, file, stack, size << 10, check) for size, file in files.items()}
        found.append(Curve(f"save, validate={check}", "KB", "us", LINEAR, timed(saves, rounds, _A_ROUND)))
    gets = {size: _get(server, f"/v1/files/config/off-{size}.yaml", stack) for size in _SIZES}
    return [*found, Curve("GET", "KB", "us", LINEAR, timed(gets, rounds, _A_ROUND))]


def histories(directory: Path, rounds: int, stack: ExitStack) -> list[Curve]:
    """A save, and the listing of the newest 100, by the revisions of the file: those in the middle of the bench."""
    servers: dict[int, tuple[Server, Path]] = {}
    for count in _REVISIONS:
        base = directory / str(count)
        file = base / "config" / _NAME
        file.parent.mkdir(parents=True)
        _fill(base / "state", str(file), count)
        servers[count + (rounds + 1) * _A_ROUND // 2] = _daemon(base, stack), file
    # A lane connects when it is made, and is used at once: a server hangs up on one that is idle for some seconds.
    saves = {number: _save(server, file, stack) for number, (server, file) in servers.items()}
    saved = Curve("save", "revisions", "us", CONSTANT, timed(saves, rounds, _A_ROUND))
    target = f"/v1/history/config/{_NAME}?limit=100"
    listings = {number: _get(server, target, stack) for number, (server, _) in servers.items()}
    return [saved, Curve("listing of 100", "revisions", "us", CONSTANT, timed(listings, rounds, _A_ROUND))]


def roots(directory: Path, rounds: int, stack: ExitStack) -> list[Curve]:
    """A save, a start and the memory, by the number of roots."""

    def prepare(base: Path, count: int) -> str:
        names = [f"root-{number}" for number in range(count)]
        for name in names:
            (base / name).mkdir()
        return "".join(f'[roots.{name}]\npath = "{base / name}"\n{_ROOT}' for name in names)

    return _daemons(directory, rounds, stack, by="roots", counts=_ROOTS, prepare=prepare)


def watched(directory: Path, rounds: int, stack: ExitStack) -> list[Curve]:
    """A save, a start and the memory, by the number of files in the root."""

    def prepare(base: Path, count: int) -> str:
        for number in range(count):
            (base / "config" / f"{number}.yaml").write_bytes(sized(_SMALL))
        return ""

    return _daemons(directory, rounds, stack, by="watched files", counts=_WATCHED, prepare=prepare)


def containers(directory: Path, rounds: int, stack: ExitStack) -> list[Curve]:
    """The doctor on a capture, by the number of containers: reading it, and the rules."""
    del stack
    captures = {count: captured(directory / str(count), count) for count in _CONTAINERS}
    replays = {count: _timed(partial(replay, capture)) for count, capture in captures.items()}
    rules = {count: _diagnosis(capture) for count, capture in captures.items()}
    return [
        Curve("a capture is read", "containers", "us", LINEAR, timed(replays, rounds, 1)),
        Curve("the doctor's rules", "containers", "us", LINEAR, timed(rules, rounds, 1)),
    ]


ALL: Final[tuple[Group, ...]] = (sizes, histories, roots, watched, containers)


def _daemons(
    directory: Path,
    rounds: int,
    stack: ExitStack,
    *,
    by: str,
    counts: tuple[int, ...],
    prepare: Callable[[Path, int], str],
) -> list[Curve]:
    """One daemon for each number; ``prepare`` makes what there are so many of, and tells more settings."""
    servers: dict[int, tuple[Server, Path]] = {}
    starts: dict[int, float] = {}
    resident: dict[int, float] = {}
    for count in counts:
        base = directory / str(count)
        file = base / "config" / _NAME
        file.parent.mkdir(parents=True)
        more = prepare(base, count)
        starts[count] = min(_start(base, more) for _ in range(_STARTS)) * 1e3
        server = _daemon(base, stack, more)
        _rest(server)
        resident[count] = server.resident_bytes() / 1e6
        servers[count] = server, file
    saves = {count: _save(server, file, stack) for count, (server, file) in servers.items()}
    return [
        Curve("save", by, "us", CONSTANT, timed(saves, rounds, _A_ROUND)),
        Curve("start to the first answer", by, "ms", LINEAR, starts),
        Curve("memory at rest", by, "MB", LINEAR, resident),
    ]


def _daemon(base: Path, stack: ExitStack, settings: str = "") -> Server:
    """Over the folder ``config``."""
    folder = base / "config"
    folder.mkdir(parents=True, exist_ok=True)
    command, socket = process.serve(base, f'[roots.config]\npath = "{folder}"\n{_ROOT}{settings}')
    return stack.enter_context(process.running(command, socket, "/readyz"))


def _start(base: Path, settings: str) -> float:
    """Of a daemon that has seen all its files before: the first start makes the store, and records them."""
    with ExitStack() as stack:
        server = _daemon(base, stack, settings)
        _rest(server)
        return server.seconds


def _rest(server: Server) -> None:
    """Until nothing has used the processor for a while."""
    before = -1.0
    while server.processor_seconds() > before + 0.001:
        before = server.processor_seconds()
        time.sleep(_SETTLED)


def _fill(state: Path, path: str, count: int) -> None:
    """So many revisions, each of a content of its own."""
    store = Store(state)
    with store.durable() as connection:
        file = revisions.ensure_file(connection, path)
        for _ in range(count):
            revisions.add(connection, file, version_of(sized(_SMALL)), State.APPLIED, LIBRARY)
    store.close()


def _save(server: Server, file: Path, stack: ExitStack, size: int = _USUAL, check: str = "off") -> Callable[[], float]:
    """Microseconds of one save through a connection of its own."""
    connection = client.Client(server.socket)
    stack.callback(connection.close)
    data = sized(size)
    file.write_bytes(data)

    def once() -> float:
        nonlocal data
        etag, data = sha256(data).hexdigest(), sized(size)
        request = client.put(f"/v1/files/config/{file.name}?validate={check}", data, etag)
        return _asked(connection, request)

    return once


def _get(server: Server, target: str, stack: ExitStack) -> Callable[[], float]:
    """Microseconds of one answer."""
    connection = client.Client(server.socket)
    stack.callback(connection.close)
    return partial(_asked, connection, client.get(target))


def _asked(connection: client.Client, request: bytes) -> float:
    before = time.perf_counter()
    status, answer = connection.ask(request)
    taken = time.perf_counter() - before
    assert status == 200, answer
    return taken * 1e6


def _diagnosis(capture: str) -> Callable[[], float]:
    """The survey is made anew: it remembers what it was asked."""

    def once() -> float:
        survey = replay(capture)
        return _timed(partial(diagnose, survey))()

    return once


def _timed(work: Callable[[], object]) -> Callable[[], float]:
    def once() -> float:
        before = time.perf_counter()
        work()
        return (time.perf_counter() - before) * 1e6

    return once
