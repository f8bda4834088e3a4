"""The one transaction: look, compare, check, promise, write, settle.

With recovery.py the only place that knows files, documents and history. 200 means: the bytes are in the file, on the
disk, and in the history; a crash at any instant leaves the target wholly old or wholly new once recovery has run.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from confkeep import recovery
from confkeep.absent import called, root_of
from confkeep.checking import check_document
from confkeep.damaged import of_damage
from confkeep.documents.check import Validate
from confkeep.errors import BadPath, ConfkeepError, FileTooLarge, IoError, NotFound, TargetBusy
from confkeep.etag import Version, etag_of, version_of
from confkeep.expected import conflict
from confkeep.files import lock, mounts, persistence
from confkeep.files.flush import flush
from confkeep.files.leftovers import is_temporary
from confkeep.files.place import resolve
from confkeep.files.read import is_readable, read, read_whole
from confkeep.files.root import relative_to
from confkeep.files.route import DECLARED
from confkeep.files.target import Changed, Target, is_secret, look
from confkeep.files.written import named_failures
from confkeep.history import intents, revisions
from confkeep.history.renewal import has_log
from confkeep.history.revisions import Origin
from confkeep.history.store import Store
from confkeep.kind import kind_of
from confkeep.saved import Content, Saved, Verdict, as_far_as_known
from confkeep.writing import Plan, Writing, without_journal

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from confkeep.documents.diagnostic import Diagnostic
    from confkeep.errors import Refused
    from confkeep.expect import Expect
    from confkeep.files.elsewhere import Elsewhere
    from confkeep.files.place import Place
    from confkeep.files.root import OnBusy, Root
    from confkeep.history.intents import Intent
    from confkeep.history.revisions import Author, Revision
    from confkeep.kind import Kind
    from confkeep.transaction import Change

_ATTEMPTS: Final = 5
_LOCK_WAIT: Final = 30.0
_STAGERS: Final = 8


@dataclass(frozen=True, slots=True)
class Request:
    """One save. ``on_busy`` None: as the root says. ``validate`` counts where the format is known.

    ``exact``: what is there must be what is expected even if it is the new content already. An API's client repeats a
    request whose answer it has not seen; two processes that count on from one number do not want to be told "done".
    ``secret``: no message may show anything of the content.
    """

    data: bytes
    expect: Expect
    author: Author = revisions.LIBRARY
    validate: Validate = Validate.SYNTAX
    on_busy: OnBusy | None = None
    dry_run: bool = False
    exact: bool = False
    secret: bool = False


class Keeper:
    """Saves files with history and journal in the directory ``state``. Thread-safe; close it, or use ``with``."""

    def __init__(self, state: Path) -> None:
        """Open the state. Raises JournalUnavailable. Call ``recover`` before the first save."""
        crashed = has_log(state)
        self.store = Store(state)
        #: STA001, when the state directory cannot hold what the journal promises.
        self.state_finding = persistence.of_state(state)
        #: STA004, when the history was damaged and a new one has begun.
        self.history_finding = None if self.store.damage is None else of_damage(self.store.damage)
        self._lock_file = os.fspath(state / "locks")
        self._presence = lock.Presence(self._lock_file)
        if crashed and self._presence.is_alone():
            self.store.doubt()
        #: Files over so many bytes are refused unread; None: none is.
        self.most: int | None = None
        #: Says whether somebody else has mounted a file's inode; None: nobody can.
        self.elsewhere: Elsewhere | None = None
        # Threads start when first needed; idle ones do not wake.
        self.stagers = ThreadPoolExecutor(_STAGERS, thread_name_prefix="confkeep-stage")

    def close(self) -> None:
        """Bring everything to the disk and close the state."""
        self.stagers.shutdown()
        self.store.close()
        self._presence.end()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def recover(self, wait: float | None = None) -> list[recovery.Recovered]:
        """Settle what a crash left open; call it before anybody may save.

        ``wait``: seconds for each file that another process is saving.
        """
        return recovery.recover(self._tools(wait))

    def settle(self, place: Place) -> None:
        """Settle what a crash left open of one file. Raises ConfkeepError or OSError when that is not possible now."""
        recovery.settle(self._tools(), [place])

    def _tools(self, wait: float | None = None) -> recovery.Tools:
        return recovery.Tools(self.store, partial(self.locked, wait=wait), self._presence.is_alone)

    def save(self, root: Root, relative: str, request: Request) -> Saved:
        """Save ``request.data`` to the file ``relative`` below ``root``.

        Raises Refused (with its subclasses), Conflict, InvalidDocument, NotFound, OutOfSpace, IoError,
        JournalUnavailable: the file is as it was. IoError whose detail says so: it is not, and will be repaired.
        """
        root = root_of(self.store, root, relative)
        with named_failures(relative, "looking at"), resolve(root, relative) as place, self.settled([place]):
            for _ in range(_ATTEMPTS):
                with look(place, root.route, elsewhere=self.elsewhere) as target:
                    try:
                        return self._attempt(target, root, request)
                    except Changed:
                        continue
        raise TargetBusy(f"{place.path} changes faster than it can be compared", remedy="try again")

    def restore(self, root: Root, number: int, request: Request) -> Saved:
        """As ``save``, with the content of revision ``number`` to the file it is of; ``request.data`` does not count.

        Raises NotFound also where that file is not below ``root``, Pruned, NoContent (the revision is a removal).
        """
        path, _, data = self.revision(number)
        relative = relative_to(root, path)
        if relative is None:
            raise NotFound(
                f"revision {number} is of {path}, which is not below {root.path}", remedy="name another root"
            )
        author = replace(
            request.author, origin=Origin.RESTORE, message=request.author.message or f"restores revision {number}"
        )
        return self.save(root, relative, replace(request, data=data, author=author))

    @contextmanager
    def settled(self, places: list[Place]) -> Generator[None]:
        """Hold the locks of ``places``, of which nothing is open."""
        for place in places:
            if is_temporary(place.name):
                raise BadPath(
                    f"{place.name!r} is a name of confkeep's own temporary files", remedy="choose another name"
                )
        for _ in range(_ATTEMPTS):
            with self.locked(*places):
                if not recovery.pending(self.store, places):
                    yield
                    return
            self._settle(places)
        raise TargetBusy(f"{places[0].path}: unsettled saves of it keep coming", remedy="try again")

    def _settle(self, places: list[Place]) -> None:
        try:
            recovery.settle(self._tools(), places)
        except (NotFound, OSError) as error:  # NotFound: not of the file that is asked for
            raise IoError(
                f"an earlier save of {places[0].path}, or of others with it, cannot be settled: {error}",
                remedy="look at what `confkeep recover` says: a directory is missing, or the disk fails (dmesg)",
            ) from error

    def _attempt(self, target: Target, root: Root, request: Request) -> Saved:
        refusal = self.refusal(target, root)
        if refusal:
            raise refusal
        whole = read_whole(target)
        old = None if whole is None else whole.version
        new = version_of(request.data)
        saved = as_far_as_known(target, old, new, dry_run=request.dry_run)
        expected = request.expect.holds(new.etag) if request.exact else not request.expect.absent
        if not saved.changed and expected:
            return saved if request.dry_run else replace(saved, revision=self.note(target, new))
        etag = None if old is None else old.etag
        if not request.expect.holds(etag):
            raise conflict(self.store, target.path, etag, request.expect)
        kind = None if request.validate is Validate.OFF else kind_of(root, target.path)
        checked = None if kind is None else kind.format
        if request.dry_run:
            return replace(saved, checked=checked, diagnostics=_checked(target, root, request, kind))
        plan = Plan(
            target,
            whole,
            new,
            request.on_busy or root.on_busy,
            root.journal,
            root.lease_wait,
        )
        with Writing(self.store, self.stagers, plan, self.state_finding) as writing:
            writing.stage()
            diagnostics = _checked(target, root, request, kind)
            writing.promise(request.author)
            try:
                written = writing.write()
            except (OSError, MemoryError) as error:
                raise self._aftermath(target, error) from error
        return replace(
            saved,
            revision=writing.revision,
            route=writing.choice,
            guarantees=writing.guarantees(written),
            notes=(*writing.notes, *written.notes),
            waited=written.waited,
            checked=checked,
            diagnostics=diagnostics,
        )

    def settle_now(self, places: list[Place], *, back: bool = False) -> str:
        """Settle what is open of ``places``, whose locks are held; what became of it. Raises ConfkeepError, OSError.

        ``back``: to what was. The saves are this process's own, so nobody else is waited for.
        """
        tools = replace(self._tools(), is_alone=lambda: True)
        details: list[str] = []
        for batch in recovery.pending(self.store, places):
            where = {place.path: place for place in places}
            members = [
                (replace(each, back=back or each.back), where[each.path]) for each in batch if each.path in where
            ]
            details += [each.detail for each in recovery.settle_held(tools, members)]
        return "; ".join(details) or "nothing was written"

    def transaction(self, changes: Sequence[Change], author: Author, *, dry_run: bool = False) -> list[Saved]:
        """Save several files, all or none of them (transaction.py)."""
        from confkeep.transaction import transact

        return transact(self, changes, author, dry_run=dry_run)

    def _aftermath(self, target: Target, error: Exception) -> IoError:
        """Settle at once what an unforeseen error left: an answer "failed" must not become "done" at the next start."""
        try:
            became = self.settle_now([target.place])
        except (ConfkeepError, OSError) as worse:
            became = f"it will be repaired by the next save or start ({worse})"
        return IoError(
            f"{target.path}: {error}; {became}", remedy="look at the kernel log (dmesg) for errors of the disk"
        )

    def note(self, target: Target, present: Version) -> int:
        """The revision that the file's content is; if somebody else wrote it, 200 still means flushed and recorded."""
        revision = self._revision_of(target.path, present.etag)
        flush(target)
        if revision is None:
            with self.store.durable() as connection:
                revision = revisions.note(connection, revisions.ensure_file(connection, target.path), present)
        return revision

    def read(self, root: Root, relative: str) -> Content:
        """The file's bytes, whole. Raises NotFound, NotARegularFile, OutsideRoot, NoPermission, TargetBusy."""
        with resolve(root, relative) as place:
            for _ in range(_ATTEMPTS):
                with look(place, root.route) as target:
                    if target.fd is None:
                        raise NotFound(f"{target.path} does not exist", remedy="save it with If-None-Match: *")
                    if too_large := self.too_large(target):
                        raise too_large
                    try:
                        data = read(target)
                    except Changed:
                        continue
                    etag = etag_of(data)
                    return Content(target.path, data, etag, os.fstat(target.fd), self._revision_of(target.path, etag))
        raise TargetBusy(f"{place.path} is replaced faster than it can be read", remedy="try again")

    def verdict(self, root: Root, relative: str) -> Verdict:
        """Whether and how the file can be written now, and what is in it."""
        with resolve(root, relative) as place:
            for _ in range(_ATTEMPTS):
                with look(place, root.route, elsewhere=self.elsewhere) as target:
                    try:
                        readable = is_readable(target) and not self.too_large(target)
                        etag = etag_of(read(target)) if readable else None
                    except Changed:
                        continue
                    refusal = self.refusal(target, root)
                    choice = None if refusal else target.choice
                    return Verdict(
                        path=target.path,
                        stat=None if target.fd is None else os.fstat(target.fd),
                        etag=etag,
                        revision=None if etag is None else self._revision_of(target.path, etag),
                        route=choice,
                        guarantees=None if choice is None else DECLARED[choice.name],
                        refusal=refusal,
                        findings=target.findings,
                        bound_elsewhere=target.bound.state,
                    )
        raise TargetBusy(f"{place.path} is replaced faster than it can be read", remedy="try again")

    def refusal(self, target: Target, root: Root) -> Refused | None:
        """Why the target cannot be saved now: for what it is, or for want of a durable journal."""
        if target.choice is None:
            return target.refusal
        return self.too_large(target) or without_journal(target.path, target.choice, root.journal, self.state_finding)

    def too_large(self, target: Target) -> Refused | None:
        """The refusal of a file that is over the limit."""
        if self.most is None or target.facts is None or target.facts.size <= self.most:
            return None
        return FileTooLarge(
            f"{target.path} has {target.facts.size} bytes, over the limit of {self.most}",
            remedy="raise max_body in the settings if this really is configuration",
            limit=self.most,
        )

    def record(self, path: str, data: bytes) -> None:
        """Record ``data`` as a content that somebody else gave the file."""
        with self.store.durable() as connection:
            revisions.note(connection, revisions.ensure_file(connection, path), version_of(data))

    def unsettled(self) -> list[Intent]:
        """The saves that are promised and not settled, oldest first; also those that are under way."""
        with self.store.reading() as connection:
            return intents.unsettled(connection)

    def is_settled(self, revision: int) -> bool:
        """Whether the save of this revision has been settled since recovery could not."""
        with self.store.reading() as connection:
            return not intents.is_open(connection, revision)

    def history(self, root: Root, relative: str, limit: int, before: int | None = None) -> list[Revision]:
        """The file's revisions, newest first; also where it is gone, or its directory."""
        path = called(root, relative)
        with self.store.reading() as connection:
            return revisions.listing(connection, path, limit, before)

    def revision(self, number: int) -> tuple[str, Revision, bytes]:
        """One revision: its file's path, itself, its bytes. Raises NotFound, Pruned, NoContent (a removal)."""
        with self.store.reading() as connection:
            path, revision = revisions.get(connection, number)
            return path, revision, revisions.data_of(connection, revision)

    def about(self, number: int) -> tuple[str, Revision]:
        """As ``revision``, without the bytes: also of a removal."""
        with self.store.reading() as connection:
            return revisions.get(connection, number)

    def _revision_of(self, path: str, etag: str) -> int | None:
        with self.store.reading() as connection:
            return revisions.current(connection, path, etag)

    @contextmanager
    def locked(self, *places: Place, wait: float | None = None) -> Generator[None]:
        """Hold the targets' locks: of each its name's, and its inode's, so that two names of one file queue as well."""
        keys: list[int] = []
        for place in places:
            parent = mounts.facts(place.parent, place.parent)
            keys.append(lock.key_of_name(parent.dev, parent.ino, place.name))
            if place.passed is not None:
                keys.append(lock.key_of_inode(place.passed.dev, place.passed.ino))
        what = ", ".join(place.path for place in places)
        with lock.hold(self._lock_file, keys, wait=_LOCK_WAIT if wait is None else wait, what=what):
            yield


def _checked(target: Target, root: Root, request: Request, kind: Kind | None) -> tuple[Diagnostic, ...]:
    if kind is None:
        return ()
    strict = request.validate is Validate.STRICT
    secret = request.secret or is_secret(root, target)
    return check_document(target.path, request.data, kind.format, dialect=kind.dialect, strict=strict, secret=secret)
