"""What a service does for saves of 16 KB beside their time: flushes, processor time, memory, many clients at once."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Final

from bench.services import flushed, keeping, together, tree
from bench.services.ground import FILES
from bench.sized import sized

if TYPE_CHECKING:
    from bench.disk import Disk
    from bench.services.connection import Connection
    from bench.services.ground import Service

_SIZE: Final = 16 << 10
_IN_A_ROW: Final = 100
_TRACED: Final = 50
_SETTLED: Final = 1.5
_LEAST_EACH: Final = 12
CLIENTS: Final = (1, 8, FILES)
_READS_A_ROUND: Final = 500


@dataclass
class Burden:
    """``together``: saves a second by the number of clients; ``one_file``: the same, all of one file."""

    calls: dict[str, float] | None = None
    #: Commands that the disk has done for a save; None where it cannot be asked.
    flushes: float | None = None
    processor: float = 0.0
    resident: int = 0
    kept: list[str] = field(default_factory=list[str])
    together: dict[int, float] = field(default_factory=dict[int, float])
    one_file: dict[int, float] = field(default_factory=dict[int, float])


def burdens(services: list[Service], place: Disk, rounds: int) -> dict[str, Burden]:
    """By the names of the services. What is left of the files does not matter afterwards."""
    found = {service.peer.name: Burden() for service in services}
    for service in services:
        _alone(service, place, found[service.peer.name])
    _many(services, found, max(1, rounds // 4))
    for service in services:
        reads = rounds * _READS_A_ROUND
        found[service.peer.name].kept = keeping.tried(service.peer, service.running, service.base, reads)
    return found


def _alone(service: Service, place: Disk, burden: Burden) -> None:
    """One client. What the service does after its last answer counts; what it does when nobody asks does not."""
    name = service.peer.files(1)[0]
    with closing(service.running.connect()) as connection:

        def save() -> None:
            connection.save(connection.request(name, sized(_SIZE)))

        save()
        pids = service.running.pids()
        time.sleep(_SETTLED)
        before = tree.processor_seconds(pids)
        time.sleep(_SETTLED)
        idle = tree.processor_seconds(pids) - before
        done = place.flushes()
        for _ in range(_IN_A_ROW):
            save()
        time.sleep(_SETTLED)
        burden.processor = (tree.processor_seconds(pids) - before - 2 * idle) / _IN_A_ROW
        after = place.flushes()
        burden.flushes = None if done is None or after is None else (after - done) / _IN_A_ROW
        burden.resident = tree.resident_bytes(pids)
        burden.calls = flushed.counted(service.running, save, _TRACED)
    if burden.calls is not None:
        seen = flushed.flushed(burden.calls)
        assert seen == service.peer.flushes, f"{service.peer.name} flushes {sorted(seen)}: {burden.calls}"


def _many(services: list[Service], found: dict[str, Burden], times: int) -> None:
    """Each number of clients in turn, the services in a new order each time."""
    turns = [(service, clients, one) for service in services for clients in CLIENTS for one in (False, True)]
    turns = [turn for turn in turns if turn[2] or turn[0].peer.only is None]
    rates: dict[tuple[str, int, bool], list[float]] = {}
    for _ in range(times):
        for service, clients, one in random.sample(turns, len(turns)):
            rates.setdefault((service.peer.name, clients, one), []).append(_rate(service, clients, one_file=one))
    for (name, clients, one), rate in rates.items():
        (found[name].one_file if one else found[name].together)[clients] = median(rate)


def _rate(service: Service, clients: int, *, one_file: bool) -> float:
    names = service.peer.files(1) * clients if one_file else service.peer.files(clients)
    each = max(_LEAST_EACH, _IN_A_ROW // clients)
    with ExitStack() as stack:
        saving: list[tuple[Connection, list[bytes]]] = []
        last: list[bytes] = []
        for name in names:
            connection = stack.enter_context(closing(service.running.connect()))
            documents = [sized(_SIZE) for _ in range(each)]
            saving.append((connection, [connection.request(name, data, shared=one_file) for data in documents]))
            last.append(connection.stored(documents[-1]))
        rate = together.saves_a_second(saving)
    for name, data in zip(names, last, strict=True):
        held = (service.running.folder / name).read_bytes()
        assert held in last if one_file else held == data, f"{service.peer.name}: {name} does not hold what was saved"
    return rate
