"""confkeep.aio: the same calls on a thread; the loop goes on, and a cancelled task leaves nothing half done."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

import confkeep
import confkeep.aio as confkeep_aio
from confkeep.files.read import read_whole
from confkeep.library import drafts
from confkeep.library import file as file_module
from tests.library.spots import NEW, OLD, Spot, etag

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from confkeep.saved import Saved


def test_save_and_inspect(spot: Spot) -> None:
    """What the others answer, awaited."""

    async def both() -> tuple[str, str | None]:
        saved = await confkeep_aio.save(spot.path, NEW, expect=etag(OLD))
        return saved.etag, (await confkeep_aio.inspect(spot.path)).etag

    assert asyncio.run(both()) == (etag(NEW), etag(NEW))
    assert spot.data == NEW


def test_errors_come_out_of_await(spot: Spot) -> None:
    """Named as ever."""
    with pytest.raises(confkeep.Conflict):
        asyncio.run(confkeep_aio.save(spot.path, NEW, expect=etag(NEW)))
    assert spot.data == OLD


def test_file(spot: Spot) -> None:
    """In an ``async with``; what became of it is in ``saved``."""

    async def write() -> Saved | None:
        writing = confkeep_aio.file(spot.path)
        async with writing as file:
            file.write("new")
            assert spot.data == OLD
        return writing.saved

    saved = asyncio.run(write())
    assert saved is not None
    assert saved.etag == etag(b"new")
    assert (spot.data, spot.others()) == (b"new", [])


def test_it_is_the_same_file() -> None:
    """One thing has one name."""
    assert confkeep_aio.file is confkeep.file


def test_an_exception_discards(spot: Spot) -> None:
    """As in a ``with``."""

    async def fail() -> None:
        async with confkeep_aio.file(spot.path) as file:
            file.write("half of")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(fail())
    assert (spot.data, spot.others()) == (OLD, [])


class Gate:
    """A call that begins, and goes on when it may."""

    def __init__(self, real: Callable[..., Any]) -> None:
        self.real = real
        self.began = threading.Event()
        self.go = threading.Event()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - stands for any call
        """Wait, then do it."""
        self.began.set()
        assert self.go.wait(60)
        return self.real(*args, **kwargs)

    async def reached(self) -> None:
        """The loop goes on until the call has begun."""
        while not self.began.is_set():  # noqa: ASYNC110 - set on another thread
            await asyncio.sleep(0.001)


async def cancelled_at(gate: Gate, work: Coroutine[Any, Any, Any]) -> BaseException | None:
    """How the task of ``work`` ends that is cancelled while the gated call is under way."""
    task = asyncio.ensure_future(work)
    await gate.reached()
    task.cancel()
    await asyncio.sleep(0.01)
    gate.go.set()
    await asyncio.wait([task])
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def test_the_loop_goes_on(spot: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a save waits for a disk."""
    gate = Gate(drafts.commit)
    monkeypatch.setattr(file_module, "commit", gate)

    async def write() -> None:
        async with confkeep_aio.file(spot.path) as file:
            file.write("new")

    async def meanwhile() -> None:
        task = asyncio.ensure_future(write())
        await gate.reached()
        for _ in range(10):
            await asyncio.sleep(0)
        assert not task.done()
        gate.go.set()
        await task

    asyncio.run(meanwhile())
    assert spot.data == b"new"


def test_cancelled_in_the_body(spot: Spot) -> None:
    """It is an exception like any other: everything as it was."""

    async def write(began: asyncio.Event) -> None:
        async with confkeep_aio.file(spot.path) as file:
            file.write("half of")
            began.set()
            await asyncio.sleep(3600)

    async def cancel() -> None:
        began = asyncio.Event()
        task = asyncio.ensure_future(write(began))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (spot.data, spot.others()) == (OLD, [])

    asyncio.run(cancel())
    assert (spot.data, spot.others()) == (OLD, [])


def test_cancelled_while_it_is_published(spot: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a save is no save: it is done, and nothing is left."""
    gate = Gate(drafts.commit)
    monkeypatch.setattr(file_module, "commit", gate)

    async def write() -> None:
        async with confkeep_aio.file(spot.path, "wb") as file:
            file.write(NEW)

    assert isinstance(asyncio.run(cancelled_at(gate, write())), asyncio.CancelledError)
    assert (spot.data, spot.others()) == (NEW, [])


def test_cancelled_while_it_begins(spot: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The draft that a thread is just making goes, and its descriptors."""
    before = os.listdir("/proc/self/fd")
    gate = Gate(drafts.draft_for)
    monkeypatch.setattr(file_module, "draft_for", gate)
    bodies: list[str] = []

    async def write() -> None:
        async with confkeep_aio.file(spot.path, "wb") as file:
            bodies.append(file.name)

    assert isinstance(asyncio.run(cancelled_at(gate, write())), asyncio.CancelledError)
    assert (spot.data, spot.others(), bodies) == (OLD, [], [])
    assert os.listdir("/proc/self/fd") == before


def test_cancelled_save(spot: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has begun is done."""
    gate = Gate(read_whole)
    monkeypatch.setattr("confkeep.library.saving.read_whole", gate)
    save = confkeep_aio.save(spot.path, NEW, expect=etag(OLD))
    assert isinstance(asyncio.run(cancelled_at(gate, save)), asyncio.CancelledError)
    assert (spot.data, spot.others()) == (NEW, [])


def test_many_at_once(spot: Spot) -> None:
    """Tasks of one loop are savers like any others."""

    async def all_of_them() -> None:
        await asyncio.gather(*(confkeep_aio.save(spot.path, b"%03d" % number * 100) for number in range(30)))

    asyncio.run(all_of_them())
    assert len(spot.data) == 300
    assert len({spot.data[at : at + 3] for at in range(0, 300, 3)}) == 1
    assert spot.others() == []
