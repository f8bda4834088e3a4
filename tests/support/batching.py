"""Checks of what a transaction guarantees. Each says what is wrong, in words: nothing, as long as all is whole."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import threading
from typing import TYPE_CHECKING, Any, Final

from confkeep.errors import ConfkeepError
from confkeep.files import lock
from confkeep.history.revisions import LIBRARY
from confkeep.keeper import Keeper
from confkeep.transaction import transact
from confkeep.writing import Writing
from tests.support.batches import CREATED, FOUR, IN_PLACE, MODE, OTHER_NAME, REMOVED, REPLACED, Batch
from tests.support.sites import in_a_child

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from confkeep.files.written import Written
    from tests.support.saving import Bench

EDITED: Final = b"by: hand\n"
#: Longer than what is written in one piece, and written in place at the second recovery.
LONG: Final = (b"o" * 400, b"n" * 600)


def _batch(one: Bench, **members: tuple[bytes | None, bytes | None]) -> Batch:
    batch = Batch(one.directory / "batch", one.state, {f"{name}.yaml": both for name, both in members.items()} or FOUR)
    batch.begin()
    return batch


def _before_publishing(patch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    """``act`` comes just before the file is published."""
    publish = Writing.publish

    def after_it(self: Writing) -> Written:
        if self.plan.target.place.name == name:
            act()
        return publish(self)

    patch.setattr(Writing, "publish", after_it)


def _fail() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def _kill(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _save(batch: Batch) -> None:
    with batch.keeper() as keeper, contextlib.suppress(ConfkeepError, OSError):
        batch.save(keeper)


def _unlike(batch: Batch, expected: dict[str, bytes | None]) -> list[str]:
    present = batch.present()
    return [f"{name} holds {present[name]!r}" for name in present if present[name] != expected[name]]


def one_fails(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """The last one cannot be published: all of them are as before."""
    batch = _batch(one)
    _before_publishing(patch, "d.yaml", _fail)
    _save(batch)
    return _unlike(batch, batch.old)


def one_removal_fails(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """The last of two removals cannot be done: the first file comes back with its attributes."""
    batch = _batch(one, a=REPLACED, d=REMOVED, e=REMOVED)
    _before_publishing(patch, "e.yaml", _fail)
    _save(batch)
    modes = [] if batch.modes() == {MODE} else [f"other attributes: {batch.modes()}"]
    return [*_unlike(batch, batch.old), *modes]


def killed_between(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Some are published, and then the process dies: after recovery all are."""
    batch = _batch(one, a=REPLACED, b=IN_PLACE, c=CREATED)
    _before_publishing(patch, "b.yaml", _kill)
    in_a_child(lambda: _save(batch))
    return [*batch.recover(), *_unlike(batch, batch.new)]


def edit_of_another(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Somebody edits the second, so the first is put back; killed before that, recovery does it."""
    batch = _batch(one, a=REPLACED, b=IN_PLACE)
    _before_publishing(patch, "b.yaml", lambda: batch.put("b.yaml", EDITED))
    patch.setattr(Keeper, "settle_now", _kill)
    in_a_child(lambda: _save(batch))
    return [*batch.recover(), *_unlike(batch, {"a.yaml": REPLACED[0], "b.yaml": EDITED})]


def edit_of_a_published_one(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Somebody edits what was published, then another one fails: the edit is not put back with the rest."""
    batch = _batch(one, a=REPLACED, c=CREATED)

    def edited_and_failed() -> None:
        batch.put("a.yaml", EDITED)
        _fail()

    _before_publishing(patch, "c.yaml", edited_and_failed)
    _save(batch)
    return [*_unlike(batch, {"a.yaml": EDITED, "c.yaml": None}), *batch.recover()]


def edit_before_the_removal(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Somebody edits a file after the last look at it: it is not removed."""
    batch = _batch(one, d=REMOVED)
    rename = os.rename

    def after_an_edit(name: str, aside: str, **directories: Any) -> None:
        patch.setattr(os, "rename", rename)
        batch.put("d.yaml", EDITED)
        rename(name, aside, **directories)

    patch.setattr(os, "rename", after_an_edit)
    _save(batch)
    return _unlike(batch, {"d.yaml": EDITED})


def killed_twice(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Recovery must write in place what was to be replaced, and is killed in the middle: the next one completes it."""
    batch = _batch(one, b=IN_PLACE, e=LONG)
    with patch.context() as first:
        _before_publishing(first, "e.yaml", _kill)
        in_a_child(lambda: _save(batch))
    (batch.directory / (OTHER_NAME + "e.yaml")).hardlink_to(batch.directory / "e.yaml")
    pwrite = os.pwrite

    def half(fd: int, data: bytes, offset: int) -> int:
        if len(data) != len(LONG[1]):
            return pwrite(fd, data, offset)
        pwrite(fd, data[: len(data) // 2], offset)
        _kill()
        return 0

    def repair() -> None:
        with patch.context() as second:
            second.setattr(os, "pwrite", half)
            batch.recover()

    in_a_child(repair)
    torn = batch.content("e.yaml") not in LONG
    return [*batch.recover(), *_unlike(batch, batch.new), *([] if torn else ["it was never torn"])]


def opposite_orders(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Two transactions name the same files in opposite orders: each waits for the other's end, and not for ever."""
    batch = _batch(one, a=REPLACED, c=(b"c: 1\n", b"c: 2\n"))
    meeting = threading.Barrier(2)
    met: set[int] = set()
    take = lock._take  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - after its first lock each waits for the other

    def slowly(*arguments: Any) -> None:
        take(*arguments)
        if threading.get_ident() not in met:
            met.add(threading.get_ident())
            with contextlib.suppress(threading.BrokenBarrierError):
                meeting.wait(0.3)

    patch.setattr(lock, "_take", slowly)
    patch.setattr("confkeep.keeper._LOCK_WAIT", 2.0)
    failed: list[str] = []

    def save(keeper: Keeper, names: list[str]) -> None:
        try:
            transact(keeper, [batch.change(name) for name in names], LIBRARY)
        except ConfkeepError as error:
            failed.append(str(error))

    with batch.keeper() as keeper:
        orders = (["a.yaml", "c.yaml"], ["c.yaml", "a.yaml"])
        threads = [threading.Thread(target=save, args=(keeper, names)) for names in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return [*failed, *_unlike(batch, batch.new)]
