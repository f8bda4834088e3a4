"""The tests can fail: each guarantee has a protocol that breaks it on purpose, and a check that notices."""

from __future__ import annotations

import contextlib
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from confkeep import recovery, transaction, writing
from confkeep.etag import etag_of
from confkeep.files import displaced, lease, leftovers, lock, overwrite, removal, replace, syscalls, temporary
from confkeep.files.written import Written
from confkeep.history import intents
from confkeep.history.revisions import LIBRARY
from confkeep.history.store import Store
from confkeep.recovery import Found
from tests.support import batching, checks, publishing
from tests.support.order import order
from tests.support.saving import NEW, OLD, Bench, bench

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path


def without_a_journal(patch: pytest.MonkeyPatch) -> None:
    """Write first, promise afterwards."""
    promise, write = writing.Writing.promise, writing.Writing.write

    def later(self: writing.Writing, author: Any) -> None:  # noqa: ANN401 - nothing is done with it
        """Not yet."""

    def write_then_promise(self: writing.Writing) -> Any:  # noqa: ANN401 - passed on
        written = write(self)
        promise(self, LIBRARY)
        return written

    patch.setattr(writing.Writing, "promise", later)
    patch.setattr(writing.Writing, "write", write_then_promise)


def with_o_trunc(patch: pytest.MonkeyPatch) -> None:
    """What open("w") does, instead of overwriting under a lease."""

    def put(target: Any, fd: int, old: bytes, new: bytes) -> None:  # noqa: ANN401 - a target
        again = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_TRUNC)
        os.pwrite(again, new, 0)
        os.close(again)

    def no_lease(fd: int, wait: float) -> lease.NoLease:
        return lease.NoLease("mutant")

    patch.setattr(lease, "take", no_lease)
    patch.setattr(overwrite, "_put", put)


def without_compare(patch: pytest.MonkeyPatch) -> None:
    """Believe what was read before the lease."""
    patch.setattr(overwrite.Turn, "compare", _nothing)


def without_compare_before_rename(patch: pytest.MonkeyPatch) -> None:
    """Rename over whatever is there."""

    def blind(self: replace.Staged, old: object) -> Written:
        os.rename(self.name, self.target.place.name, src_dir_fd=self.directory, dst_dir_fd=self.directory)
        return Written()

    patch.setattr(replace.Staged, "_replace", blind)


def without_compare_after_the_exchange(patch: pytest.MonkeyPatch) -> None:
    """Take whatever was displaced for the old content."""

    def believed(self: replace.Staged, old: object) -> bool:
        return True

    patch.setattr(replace.Staged, "_displaced", believed)


def sweep_of_everything(patch: pytest.MonkeyPatch) -> None:
    """A sweep that goes by the name alone."""
    patch.setattr(leftovers, "_is_edit", _nothing)


def recovery_without_restoring(patch: pytest.MonkeyPatch) -> None:
    """Recovery that looks at the target only."""
    patch.setattr(displaced, "restore", _nothing)


def named_too_early(patch: pytest.MonkeyPatch) -> None:
    """Temporary files that have the name of something whole before they are."""
    name = leftovers.temporary_name(etag_of(OLD), etag_of(NEW))

    def early(*_: str) -> str:
        return name

    patch.setattr(leftovers, "temporary_name", early)


def without_a_lock_on_it(patch: pytest.MonkeyPatch) -> None:
    """Temporary files that nobody holds."""
    patch.setattr(temporary, "fcntl", SimpleNamespace(flock=_nothing, LOCK_EX=0))


def closed_before_the_flush(patch: pytest.MonkeyPatch) -> None:
    """Overwrite without its flush."""
    patch.setattr(overwrite, "_flush", _nothing)


def rename_before_the_flush(patch: pytest.MonkeyPatch) -> None:
    """Stage without a flush."""
    stage = replace.stage

    def unflushed(target: Any, new: Any, old: Any) -> replace.Staged:  # noqa: ANN401 - a target
        class Deaf:
            """As os, but for fsync."""

            def __getattr__(self, name: str) -> object:
                return _nothing if name == "fsync" else getattr(os, name)

        with pytest.MonkeyPatch.context() as context:
            context.setattr(replace, "os", Deaf())
            return stage(target, new, old)

    patch.setattr(writing, "stage", unflushed)


def without_directory_flush(patch: pytest.MonkeyPatch) -> None:
    """Rename, and leave the directory to the kernel."""
    patch.setattr(temporary, "sync_directory", _nothing)


def create_by_rename(patch: pytest.MonkeyPatch) -> None:
    """Look whether nothing is there, then rename."""

    def clobbering(directory: int, old: str, new: str) -> None:
        os.rename(old, new, src_dir_fd=directory, dst_dir_fd=directory)

    patch.setattr(syscalls, "rename_noreplace", clobbering)


def without_lock(patch: pytest.MonkeyPatch) -> None:
    """Hope that nobody else saves."""

    @contextlib.contextmanager
    def hold(*_: object, **__: object) -> Generator[None]:
        yield

    patch.setattr(lock, "hold", hold)


def blind_redo(patch: pytest.MonkeyPatch) -> None:
    """Recovery that writes the new content whatever it finds."""

    def always(present: bytes | None, intent: Any, *, known: bool) -> Found:  # noqa: ANN401 - not looked at
        return Found.TORN

    patch.setattr(recovery, "classify", always)


def repair_without_recording(patch: pytest.MonkeyPatch) -> None:
    """Recovery that drops what it replaces."""
    patch.setattr(recovery, "_record_torn", _nothing)


def repair_on_a_mere_record(patch: pytest.MonkeyPatch) -> None:
    """Recovery that trusts what it can read."""
    patch.setattr(Store, "make_durable", _nothing)


def repair_without_flush(patch: pytest.MonkeyPatch) -> None:
    """Recovery that closes the intent on what the page cache shows."""
    patch.setattr(overwrite, "_flush", _nothing)


def no_put_back(patch: pytest.MonkeyPatch) -> None:
    """A failing write that leaves what it wrote and says that nothing happened."""
    patch.setattr(overwrite, "_put_back", _nothing)


def a_promise_for_each(patch: pytest.MonkeyPatch) -> None:
    """Several files, promised as if each were alone."""
    promise = intents.promise

    def alone(connection: Any, wanted: Any, batch: int | None = None) -> int:  # noqa: ANN401 - passed on
        return promise(connection, wanted)

    patch.setattr(intents, "promise", alone)


def each_for_itself(patch: pytest.MonkeyPatch) -> None:
    """Recovery that repairs what is torn, and completes nothing."""

    def alone(seen: Any, kinds: set[Found]) -> Found | None:  # noqa: ANN401 - one of recovery's own
        return Found.NEW if seen.found is Found.TORN else None

    patch.setattr(recovery, "_becomes", alone)


def nothing_put_back(patch: pytest.MonkeyPatch) -> None:
    """A transaction that fails and leaves what it published."""
    patch.setattr(transaction, "_undo", _nothing)


def not_recorded_as_failed(patch: pytest.MonkeyPatch) -> None:
    """Put back, and tell nobody before."""
    patch.setattr(intents, "turn_back", _nothing)


def blind_put_back(patch: pytest.MonkeyPatch) -> None:
    """Put back whatever is there."""
    becomes = recovery._becomes  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - to break it

    def always(seen: Any, kinds: set[Found]) -> Found | None:  # noqa: ANN401 - passed on
        return Found.OLD if seen.intent.back else becomes(seen, kinds)

    patch.setattr(recovery, "_becomes", always)


def removed_at_once(patch: pytest.MonkeyPatch) -> None:
    """A removal that keeps nothing until the others are done."""
    set_aside = removal.set_aside

    def gone(*arguments: Any) -> removal.Aside:
        aside = set_aside(*arguments)
        leftovers.remove(aside.directory, aside.aside)
        return aside

    patch.setattr(writing, "set_aside", gone)


def removed_without_compare(patch: pytest.MonkeyPatch) -> None:
    """Believe that what was renamed away is what was read."""

    def believed(*_: object) -> bool:
        return True

    patch.setattr(removal, "_holds", believed)


def another_route_unrecorded(patch: pytest.MonkeyPatch) -> None:
    """Recovery that writes in place and leaves it to the next one to wonder."""
    patch.setattr(intents, "take_other_route", _nothing)


def locks_as_they_come(patch: pytest.MonkeyPatch) -> None:
    """No order among the locks."""
    patch.setattr(lock, "sorted", list, raising=False)
    patch.setattr(lock, "set", list, raising=False)


def _nothing(*_: object, **__: object) -> None:
    """Not done."""


class Mutant(NamedTuple):
    """A broken protocol, the route that it breaks, and the check that must notice."""

    mutation: Callable[[pytest.MonkeyPatch], None]
    route: str
    check: Callable[[Bench, pytest.MonkeyPatch], list[str]]

    def __str__(self) -> str:
        return "-".join([getattr(self.mutation, "__name__", ""), self.route, getattr(self.check, "__name__", "")])


MUTANTS = [
    Mutant(without_a_journal, "overwrite", order),
    Mutant(without_a_journal, "overwrite", checks.killed_while_writing),
    Mutant(without_a_journal, "replace", order),
    Mutant(with_o_trunc, "overwrite", order),
    Mutant(with_o_trunc, "overwrite", checks.readers),
    Mutant(without_compare, "overwrite", checks.edit_at_the_lease),
    Mutant(without_compare_before_rename, "replace", checks.edit_before_the_rename),
    Mutant(without_compare_after_the_exchange, "replace", publishing.edit_before_the_exchange),
    Mutant(sweep_of_everything, "replace", publishing.killed_after_the_exchange),
    Mutant(recovery_without_restoring, "replace", publishing.killed_after_the_exchange),
    Mutant(named_too_early, "replace", publishing.killed_while_staging),
    Mutant(without_a_lock_on_it, "replace", publishing.sweep_beside_a_save),
    Mutant(closed_before_the_flush, "overwrite", order),
    Mutant(rename_before_the_flush, "replace", order),
    Mutant(without_directory_flush, "replace", order),
    Mutant(create_by_rename, "replace", checks.file_that_came),
    Mutant(without_lock, "replace", checks.another_saver),
    Mutant(blind_redo, "overwrite", checks.edit_after_a_crash),
    Mutant(repair_without_recording, "overwrite", checks.repair),
    Mutant(repair_on_a_mere_record, "overwrite", checks.repair),
    Mutant(repair_without_flush, "overwrite", checks.repair),
    Mutant(no_put_back, "overwrite", checks.disk_fails),
    Mutant(a_promise_for_each, "replace", batching.killed_between),
    Mutant(each_for_itself, "replace", batching.killed_between),
    Mutant(nothing_put_back, "replace", batching.one_fails),
    Mutant(not_recorded_as_failed, "replace", batching.edit_of_another),
    Mutant(blind_put_back, "replace", batching.edit_of_a_published_one),
    Mutant(removed_at_once, "replace", batching.one_removal_fails),
    Mutant(removed_without_compare, "replace", batching.edit_before_the_removal),
    Mutant(another_route_unrecorded, "overwrite", batching.killed_twice),
    Mutant(locks_as_they_come, "replace", batching.opposite_orders),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_broken_protocol_is_noticed(disk: Path, monkeypatch: pytest.MonkeyPatch, mutant: Mutant) -> None:
    """The check finds nothing wrong with the real protocol, and something with its mutant."""
    with monkeypatch.context() as patch:
        assert mutant.check(bench(disk / "real", disk / "state-real", mutant.route), patch) == []
    with monkeypatch.context() as patch:
        mutant.mutation(patch)
        assert mutant.check(bench(disk / "mutant", disk / "state-mutant", mutant.route), patch) != []
