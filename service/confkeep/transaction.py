"""Several files at once: all of them are saved, or none.

Their locks are taken in one order, so that two transactions cannot wait for each other; every precondition is looked
at before the first byte; one commit promises all of it. Then one file after the other is published, by its own route,
each with its own compare. When one of them cannot be, those before it are put back, each guarded by a compare again: a
second commit says so first, so that no crash makes a failed transaction succeed later.

No lease is held while another one is waited for: that would keep readers of the first file from it for as long.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from confkeep.checking import check_document
from confkeep.documents.check import Validate
from confkeep.errors import BadParameter, ConfkeepError, Conflict, IoError, OutOfSpace, TargetBusy
from confkeep.etag import Version, version_of
from confkeep.expected import known
from confkeep.files import removal
from confkeep.files.place import resolve
from confkeep.files.read import Whole, read_whole
from confkeep.files.target import Changed, Target, is_secret, look
from confkeep.files.written import Unsettled, Written, named_failures
from confkeep.history import intents
from confkeep.kind import kind_of
from confkeep.saved import as_far_as_known
from confkeep.writing import Plan, Writing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from confkeep.expect import Expect
    from confkeep.files.place import Place
    from confkeep.files.root import OnBusy, Root
    from confkeep.history.revisions import Author
    from confkeep.keeper import Keeper
    from confkeep.saved import Saved

_ATTEMPTS = 5
#: The result of a change whose base nobody has any more: its precondition does not hold, so it is never saved.
_UNKNOWN = Version(b"", "")


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of one file: ``data``, or nothing at all where that is None.

    Or, with ``rewrite``, what that makes of the content that is expected, given the file's path and that content.
    """

    root: Root
    path: str
    data: bytes | None
    expect: Expect
    validate: Validate = Validate.SYNTAX
    on_busy: OnBusy | None = None
    secret: bool = False
    rewrite: Callable[[str, bytes], bytes] | None = None

    @property
    def is_removal(self) -> bool:
        """Whether the file is to be removed."""
        return self.data is None and self.rewrite is None


@dataclass(frozen=True, slots=True)
class _Part:
    """One file of a transaction, as it was looked at."""

    change: Change
    target: Target
    old: Whole | None
    new: Version | None
    saved: Saved

    @property
    def changes(self) -> bool:
        return (None if self.old is None else self.old.version) != self.new


def transact(keeper: Keeper, changes: Sequence[Change], author: Author, *, dry_run: bool = False) -> list[Saved]:
    """What became of each change, in their order.

    Raises Conflict (``failed`` lists every precondition that does not hold), and what Keeper.save raises, with the
    path of the file: then nothing was changed. IoError whose detail says so: what was changed is put back later.
    """
    with ExitStack() as stack, named_failures("these files", "looking at"):
        places = [_place(change, stack) for change in changes]
        _refuse_twice(places)
        stack.enter_context(keeper.settled(places))
        for _ in range(_ATTEMPTS):
            with ExitStack() as looks, suppress(Changed):
                targets = [
                    looks.enter_context(look(place, change.root.route, elsewhere=keeper.elsewhere))
                    for place, change in zip(places, changes, strict=True)
                ]
                parts = [
                    _look(keeper, change, target, dry_run) for change, target in zip(changes, targets, strict=True)
                ]
                _compare(parts)
                return _attempt(keeper, parts, author, dry_run=dry_run)
    raise TargetBusy("these files change faster than they can be compared", remedy="try again")


@contextmanager
def _about(change: Change) -> Generator[None]:
    """An error in it says which change of all it is about, by the address that the caller gave."""
    try:
        yield
    except ConfkeepError as error:
        error.members |= {"root": change.root.name, "path": change.path}
        raise


def _place(change: Change, stack: ExitStack) -> Place:
    with _about(change):
        return stack.enter_context(resolve(change.root, change.path))


def _refuse_twice(places: list[Place]) -> None:
    seen: set[Any] = set()
    for place in places:
        identity = None if place.passed is None else (place.passed.dev, place.passed.ino)
        if place.path in seen or identity in seen:
            raise BadParameter(
                f"{place.path} is changed twice by one transaction", remedy="make one change of it, or two transactions"
            )
        seen |= {place.path, *([identity] if identity else [])}


def _look(keeper: Keeper, change: Change, target: Target, dry_run: bool) -> _Part:  # noqa: FBT001 - as it is asked
    with _about(change):
        refusal = (
            removal.refusal(target) or keeper.too_large(target)
            if change.is_removal
            else keeper.refusal(target, change.root)
        )
        if refusal:
            raise refusal
        old = read_whole(target)
        new = _new(keeper, change, target, old)
    saved = as_far_as_known(target, None if old is None else old.version, new, dry_run=dry_run)
    return _Part(change, target, old, new, saved)


def _new(keeper: Keeper, change: Change, target: Target, old: Whole | None) -> Version | None:
    if change.rewrite is None:
        return None if change.data is None else version_of(change.data)
    if old is not None and change.expect.holds(old.version.etag):
        return version_of(change.rewrite(target.path, old.version.data))
    base = known(keeper.store, target.path, change.expect)  # of a request that is repeated: its result may be there
    with suppress(ConfkeepError):
        return _UNKNOWN if base is None else version_of(change.rewrite(target.path, base))
    return _UNKNOWN


def _compare(parts: list[_Part]) -> None:
    failed: list[dict[str, str | None]] = []
    first = ""
    for part in parts:
        etag = None if part.old is None else part.old.version.etag
        repeated = not part.changes and not part.change.expect.absent  # of a request whose answer was not seen
        if not repeated and not part.change.expect.holds(etag):
            first = first or part.change.expect.unmet(part.target.path, etag)
            address = {"root": part.change.root.name, "path": part.change.path}
            failed.append({**address, "etag": etag, "expected": str(part.change.expect)})
    if failed:
        others = f"; {len(failed) - 1} more" if len(failed) > 1 else ""
        raise Conflict(
            f"{first}{others}; nothing was changed",
            remedy="read these files again, put your changes on top of what is there, and send all of it again",
            failed=failed,
            **({"etag": failed[0]["etag"]} if len(parts) == 1 else {}),
        )


def _attempt(keeper: Keeper, parts: list[_Part], author: Author, *, dry_run: bool) -> list[Saved]:
    diagnosed = [_checked(part) for part in parts]
    if dry_run:
        return [part.saved for part in diagnosed]
    diagnosed = [part if part.changes else _noted(keeper, part) for part in diagnosed]
    # What is removed is put aside, and can be had back as it was: so it comes last.
    changing = sorted((part for part in diagnosed if part.changes), key=lambda part: part.new is None)
    if not changing:
        return [part.saved for part in diagnosed]
    with ExitStack() as stack:
        writings = [stack.enter_context(_writing(keeper, part)) for part in changing]
        for writing in writings:
            writing.stage()
        for writing in writings:
            writing.staged()
        batch = _promise(keeper, writings, author)
        written = _publish(keeper, batch, writings)
        done = dict(zip((part.target.path for part in changing), zip(writings, written, strict=True), strict=True))
    return [_result(part.saved, *done[part.target.path]) if part.changes else part.saved for part in diagnosed]


def _noted(keeper: Keeper, part: _Part) -> _Part:
    """A file that has its content already is recorded and flushed like the others."""
    if part.new is None:
        return part
    return replace(part, saved=replace(part.saved, revision=keeper.note(part.target, part.new)))


def _checked(part: _Part) -> _Part:
    validate = part.change.validate
    if part.new is None or validate is Validate.OFF:
        return part
    kind = kind_of(part.change.root, part.target.path)
    strict = validate is Validate.STRICT
    with _about(part.change):
        secret = part.change.secret or is_secret(part.change.root, part.target)
        diagnostics = check_document(
            part.target.path, part.new.data, kind.format, dialect=kind.dialect, strict=strict, secret=secret
        )
    return replace(part, saved=replace(part.saved, checked=kind.format, diagnostics=diagnostics))


def _writing(keeper: Keeper, part: _Part) -> Writing:
    root = part.change.root
    on_busy = part.change.on_busy or root.on_busy
    plan = Plan(part.target, part.old, part.new, on_busy, root.journal, root.lease_wait)
    return Writing(keeper.store, keeper.stagers, plan, keeper.state_finding)


def _promise(keeper: Keeper, writings: list[Writing], author: Author) -> int:
    with keeper.store.durable() as connection:
        batch = writings[0].promise_on(connection, author)
        for writing in writings[1:]:
            writing.promise_on(connection, author, batch)
    return batch


def _publish(keeper: Keeper, batch: int, writings: list[Writing]) -> list[Written]:
    written: list[Written] = []
    try:
        for writing in writings:
            written.append(writing.publish())  # noqa: PERF401 - what was done before an error counts
    except BaseException as error:
        _undo(keeper, batch, writings, error, begun=bool(written) or not isinstance(error, Changed | ConfkeepError))
        raise
    for writing in writings:
        writing.finish()
        if writing.revision is not None:
            keeper.store.close_later(writing.revision)
    return written


def _undo(keeper: Keeper, batch: int, writings: list[Writing], error: BaseException, *, begun: bool) -> None:
    """Put back what was published, and say so if that fails; where nothing was, the promise leaves no trace.

    On the disk at once: what a conflict says is not to be done by the next start.
    """
    if not begun:
        with suppress(OutOfSpace, IoError), keeper.store.durable() as connection:
            for writing in writings:
                if writing.revision is not None:
                    intents.withdraw(connection, writing.revision)
        return
    # Where this cannot be recorded what was is put back all the same: then the next start finds nothing begun.
    with suppress(OutOfSpace, IoError), keeper.store.durable() as connection:
        intents.turn_back(connection, batch)
    for writing in reversed(writings):
        writing.put_back()
    try:
        became = keeper.settle_now([writing.plan.target.place for writing in writings], back=True)
    except (ConfkeepError, OSError) as worse:
        raise IoError(
            f"{_what(error)}; some of these files are changed and could not be put back now ({worse})",
            remedy="the next save or start of confkeep settles them; every content is in the history",
        ) from error
    if isinstance(error, Unsettled | OSError):
        raise IoError(
            f"{_what(error)}; {became}", remedy="look at the kernel log (dmesg) for errors of the disk"
        ) from error


def _what(error: BaseException) -> str:
    return f"{error.detail} ({error.cause.strerror})" if isinstance(error, Unsettled) else str(error)


def _result(saved: Saved, writing: Writing, written: Written) -> Saved:
    return replace(
        saved,
        revision=writing.revision,
        route=writing.choice,
        guarantees=writing.guarantees(written),
        notes=(*writing.notes, *written.notes),
        waited=written.waited,
    )
