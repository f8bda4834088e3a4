"""One write under way: stage, promise, publish or put in place, settle. Used by the keeper under the target's lock."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from confkeep.errors import ConfkeepError, IoError, JournalUnavailable, OutOfSpace
from confkeep.etag import Version, version_of
from confkeep.files import displaced
from confkeep.files.metadata import NotReproducible
from confkeep.files.overwrite import overwrite
from confkeep.files.removal import Aside, set_aside
from confkeep.files.replace import Displaced, Staged, stage
from confkeep.files.root import Journal, OnBusy
from confkeep.files.route import DECLARED, Choice, Guarantees, Route
from confkeep.files.target import Changed, Target
from confkeep.files.written import Unsettled, Written
from confkeep.history import intents, revisions
from confkeep.history.intents import Promise

if TYPE_CHECKING:
    from collections.abc import Generator
    from concurrent.futures import Executor, Future
    from sqlite3 import Connection

    from confkeep.files.finding import Finding
    from confkeep.files.read import Whole
    from confkeep.history.revisions import Author
    from confkeep.history.store import Store


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written where; ``old`` is None where nothing is yet, ``new`` where nothing is to be."""

    target: Target
    old: Whole | None
    new: Version | None
    on_busy: OnBusy
    journal: Journal
    lease_wait: float


class Writing:
    """Use as a context manager: whatever was staged and not published is gone when it ends."""

    def __init__(self, store: Store, stagers: Executor, plan: Plan, state_finding: Finding | None) -> None:
        """Begin a write; ``state_finding`` says whether the journal is durable."""
        self.store = store
        self.stagers = stagers
        self.plan = plan
        self.state_finding = state_finding
        self.choice: Choice = _chosen(plan.target)
        self.revision: int | None = None
        self.notes: list[str] = []
        self._staging: Future[Staged] | None = None
        self._aside: Aside | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop a temporary file that was not published."""
        if self._staging is not None and self._staging.exception() is None:
            self._staging.result().discard()
        self.put_back()

    def stage(self) -> None:
        """Begin to write and flush the temporary file beside the check and the promise: nobody can see it."""
        if self.choice.name is Route.REPLACE and self.plan.new is not None:
            self._staging = self.stagers.submit(stage, self.plan.target, self.plan.new, self.plan.old)

    def promise(self, author: Author) -> None:
        """Record both contents and the intent durably. Raises when there is no journal and one is required."""
        try:
            with self.store.durable() as connection:
                self.promise_on(connection, author)
        except (OutOfSpace, IoError) as error:
            self.revision = None
            if self.plan.journal is Journal.REQUIRE or self._is_promised(self.plan.target.path):
                raise
            self.notes.append(f"not recorded in the history: {error.detail}")

    def promise_on(self, connection: Connection, author: Author, batch: int | None = None) -> int:
        """The same as a part of somebody's transaction; the number of the revision."""
        target = self.plan.target
        self.revision = intents.promise(
            connection,
            Promise(
                path=target.path,
                identity=target.identity,
                mount_root=target.facts is not None and target.facts.mount_root,
                old=None if self.plan.old is None else self.plan.old.version,
                new=self.plan.new,
                route=self.choice.name.value,
                author=author,
            ),
            batch,
        )
        return self.revision

    def _is_promised(self, path: str) -> bool:
        """Whether an earlier save is still open on the disk: after a crash it would be completed over this one."""
        with self.store.looking() as connection:
            return intents.unsettled_of(connection, path) is not None

    def write(self) -> Written:
        """Bring the new bytes into the file and settle the intent.

        Raises Changed and ConfkeepError: the old content is in place and the promise withdrawn. IoError that says
        so: the intent stays open, and the next save of the file or the next start repairs it.
        """
        try:
            written = self.publish()
            self.finish()
        except Unsettled as error:
            raise IoError(
                f"{self.plan.target.path}: {error.detail} ({error.cause.strerror})",
                remedy="both contents are in the history; the next save or start of confkeep repairs the file",
                revision=self.revision,
            ) from error
        except (Changed, ConfkeepError):
            self._withdraw()
            raise
        if self.revision is not None:
            self.store.close_later(self.revision)
        return written

    def publish(self) -> Written:
        """Bring the new bytes into the file, and no more. Raises as ``write``, and Unsettled."""
        if self.plan.new is None:
            return self._by_removal()
        written = self._by_replace() if self.choice.name is Route.REPLACE else None
        return self._by_overwrite(self.plan.new) if written is None else written

    def guarantees(self, written: Written) -> Guarantees:
        """What this save had of its route's guarantees."""
        declared = DECLARED[self.choice.name]
        return dataclasses.replace(
            declared,
            reader_atomic=declared.reader_atomic and written.reader_atomic,
            crash_safe=self.choice.name is Route.REPLACE or self._journal_is_durable(),
            compare_and_swap=written.compare_and_swap,
            metadata_kept=written.metadata_kept,
        )

    def _by_replace(self) -> Written | None:
        """None when a new file could not have the old one's metadata: then it must be done in place."""
        if self._staging is None:
            return None
        try:
            staged = self._staging.result()
        except NotReproducible as error:
            self.choice = Choice(Route.OVERWRITE, "metadata", str(error))
            if self.revision is not None:
                with self.store.durable() as connection:
                    intents.take_other_route(
                        connection, self.revision, self.choice.name.value, self.plan.target.identity
                    )
            return None
        with self._edits_kept():
            return staged.publish()

    def staged(self) -> None:
        """Wait for the temporary file. Raises as ``stage`` of the replace route, but for NotReproducible."""
        if self._staging is None:
            return
        try:
            self._staging.result()
        except NotReproducible as error:
            self.choice = Choice(Route.OVERWRITE, "metadata", str(error))
            self._staging = None

    def finish(self) -> None:
        """Make final what could still be put back. Raises Unsettled."""
        aside, self._aside = self._aside, None
        if aside is not None:
            aside.finish()

    def put_back(self) -> None:
        """Give a file that was about to be removed its name again."""
        aside, self._aside = self._aside, None
        if aside is not None:
            aside.put_back()

    def _by_removal(self) -> Written:
        if self.plan.old is None:
            raise Changed
        with self._edits_kept():
            self._aside = set_aside(self.plan.target, self.plan.old.version)
        return Written()

    @contextmanager
    def _edits_kept(self) -> Generator[None]:
        try:
            yield
        except Displaced as edit:
            self._keep(edit.name)
            raise

    def _keep(self, edit: str) -> None:
        """An edit that was replaced twice while we published has no name any more: it goes into the history."""
        with suppress(OSError, ConfkeepError):  # where that fails it stays beside the file, and a sweep leaves it
            displaced.keep(self.plan.target.place.parent, edit, self._record)

    def _record(self, data: bytes) -> None:
        with self.store.durable() as connection:
            file = revisions.ensure_file(connection, self.plan.target.path)
            revisions.note(connection, file, version_of(data))

    def _by_overwrite(self, new: Version) -> Written:
        refusal = without_journal(self.plan.target.path, self.choice, self.plan.journal, self.state_finding)
        if refusal:
            raise refusal
        if not self._journal_is_durable():
            self.notes.append("written in place without a durable journal: a crash at that moment could not be undone")
        return overwrite(
            self.plan.target,
            b"" if self.plan.old is None else self.plan.old.version.data,
            new.data,
            on_busy=self.plan.on_busy,
            lease_wait=self.plan.lease_wait,
        )

    def _journal_is_durable(self) -> bool:
        return self.revision is not None and not _is_volatile(self.state_finding)

    def _withdraw(self) -> None:
        """The target is as it was: take the promise back. If that fails the intent stays, and recovery looks again."""
        if self.revision is not None:
            with suppress(OutOfSpace, IoError), self.store.soon() as connection:
                intents.withdraw(connection, self.revision)


def _chosen(target: Target) -> Choice:
    if target.choice is None:
        raise target.refusal or Changed
    return target.choice


def without_journal(path: str, choice: Choice, journal: Journal, state: Finding | None) -> JournalUnavailable | None:
    """Why ``path`` is not written in place: that needs a journal, and the state directory cannot hold one."""
    if choice.name is Route.REPLACE or journal is Journal.BEST_EFFORT or state is None or not _is_volatile(state):
        return None
    return JournalUnavailable(
        f"{path} must be written in place, which needs a durable journal: {state.message}",
        remedy="put the state directory on a disk or a named volume, or set journal = best-effort for the root",
        rule=state.rule,
        evidence=state.evidence,
    )


def _is_volatile(state: Finding | None) -> bool:
    return state is not None and state.severity == "error"
