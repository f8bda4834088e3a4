"""A stream whose filter takes nothing of all that happens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from confkeep.daemon.endpoints import events as endpoint
from confkeep.daemon.events import Events, EventType

if TYPE_CHECKING:
    import pytest


def test_it_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign of life comes in its time, with how far the stream is: who comes again then has missed nothing."""
    monkeypatch.setattr(endpoint, "_HEARTBEAT", 0.3)
    events = Events(5)

    async def happen() -> None:
        while True:
            events.publish(EventType.CHANGED, "ha", "a.yaml", {})
            await asyncio.sleep(0.02)

    async def listen() -> list[bytes]:
        wanted = endpoint._Filter("other", "", frozenset())  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        stream = endpoint._stream(events, "", wanted, None)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        happening = asyncio.create_task(happen())
        try:
            return [await asyncio.wait_for(anext(stream), 20) for _ in range(4)]
        finally:
            happening.cancel()
            await stream.aclose()

    _, first, *signs = asyncio.run(listen())
    assert first.startswith(b"id: ")
    assert all(sign.startswith(b": still here\nid: ") for sign in signs)
    number = int(signs[-1].rpartition(b"-")[2])
    assert events.after(number) is not None
