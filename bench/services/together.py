"""Many clients of one service at once, as fast as it answers each."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.services.connection import Connection


def saves_a_second(clients: list[tuple[Connection, list[bytes]]]) -> float:
    """Each client sends its requests one after the other; all clients at the same time, from this one thread.

    A thread for each would have Python's own lock measured.
    """
    waiting = select.poll()
    by_descriptor = {connection.fileno(): (connection, iter(requests)) for connection, requests in clients}
    before = time.perf_counter()
    for descriptor, (connection, requests) in by_descriptor.items():
        connection.send(next(requests))
        waiting.register(descriptor, select.POLLIN)
    left = len(clients)
    while left:
        for descriptor, _ in waiting.poll():
            connection, requests = by_descriptor[descriptor]
            if not connection.answered():
                continue
            following = next(requests, None)
            if following is None:
                waiting.unregister(descriptor)
                left -= 1
            else:
                connection.send(following)
    return sum(len(requests) for _, requests in clients) / (time.perf_counter() - before)
