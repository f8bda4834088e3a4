"""Checks of what happens around a publish. Each says what is wrong, in words: nothing, as long as all is whole."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

from confkeep.errors import ConfkeepError
from confkeep.files import leftovers, syscalls
from tests.support.looking import leftovers_in, opened
from tests.support.saving import OLD, Bench, only, recorded, save
from tests.support.sites import in_a_child

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

EDITED = b"by: hand\n"


def _sweep(one: Bench) -> leftovers.Swept:
    with opened(one.directory, os.O_RDONLY) as directory:
        return leftovers.sweep(directory)


def _edited_before_the_exchange(one: Bench, patch: pytest.MonkeyPatch, then: Callable[[], object]) -> None:
    """Save, while an editor renames its file over ours at the last moment; ``then`` comes after the exchange."""
    exchange = syscalls.rename_exchange

    def after_an_edit(directory: int, name: str, other: str) -> None:
        patch.setattr(syscalls, "rename_exchange", exchange)
        (one.directory / "edited").write_bytes(EDITED)
        (one.directory / "edited").rename(one.path)
        exchange(directory, name, other)
        then()

    patch.setattr(syscalls, "rename_exchange", after_an_edit)
    with one.keeper() as keeper, contextlib.suppress(ConfkeepError):
        save(keeper, one, expect=only(OLD))


def edit_before_the_exchange(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Nobody is overwritten who came after the last look."""
    _edited_before_the_exchange(one, patch, lambda: None)
    return [] if one.path.read_bytes() == EDITED else ["overwrote an edit"]


def killed_after_the_exchange(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """The edit that was displaced just then has its name again after recovery, though a sweep came first."""

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    in_a_child(lambda: _edited_before_the_exchange(one, patch, kill))
    _sweep(one)
    with one.keeper() as keeper:
        keeper.recover()
        kept = [content for _, content in recorded(keeper, one)]
    _sweep(one)
    present = one.path.read_bytes()
    wrong = {
        "the edit is lost": EDITED not in {present, *kept},
        "the edit did not come back": present != EDITED,
        "something is left over": bool(leftovers_in(one.directory)),
    }
    return [what for what, is_so in wrong.items() if is_so]


def killed_while_staging(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """A temporary file that was never complete is swept."""
    pwrite = os.pwrite

    def half(fd: int, data: bytes, offset: int) -> int:
        pwrite(fd, data[: len(data) // 2], offset)
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def attempt() -> None:
        with one.keeper() as keeper:
            patch.setattr(os, "pwrite", half)
            save(keeper, one)

    in_a_child(attempt)
    left = leftovers_in(one.directory)
    swept = _sweep(one)
    return [] if left and swept.removed == left else [f"of {left} stayed {leftovers_in(one.directory)}"]


def sweep_beside_a_save(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Another's sweep leaves alone what is being published."""
    fsync = os.fsync
    swept: list[str] = []

    def after_a_sweep(fd: int) -> None:
        swept.extend(in_a_child(lambda: _sweep(one).removed))
        fsync(fd)

    patch.setattr(os, "fsync", after_a_sweep)
    with one.keeper() as keeper, contextlib.suppress(ConfkeepError):
        save(keeper, one)
    return [f"swept {name} while its maker lived" for name in swept]
