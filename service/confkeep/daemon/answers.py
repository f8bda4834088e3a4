"""The bodies of successful answers. Fields are only ever added; clients ignore those they do not know."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from confkeep.documents.diagnostic import Diagnostic
from confkeep.documents.format import Format
from confkeep.files.elsewhere import BoundElsewhere
from confkeep.files.finding import Finding
from confkeep.files.root import relative_to
from confkeep.files.route import Choice, Guarantees

if TYPE_CHECKING:
    from confkeep.daemon.requests import Address
    from confkeep.errors import ConfkeepError
    from confkeep.history.revisions import Revision
    from confkeep.saved import Saved, Verdict


def is_secret(at: Address, path: str) -> bool:
    """Whether a file is among the secrets, by the name that was asked for or by its own, which is ``path``."""
    return at.root.is_secret(at.relative) or at.root.is_secret(relative_to(at.root, path) or path)


class SaveAnswer(msgspec.Struct):
    """200 or 201 of a save. ``kept``: whether the old text is in it, where ``keep`` asked for that; or why not."""

    root: str
    path: str
    etag: str
    revision: int | None
    size: int
    changed: bool
    created: bool
    removed: bool
    dry_run: bool
    checked: Format | None
    route: Choice
    guarantees: Guarantees
    notes: tuple[str, ...]
    bound_elsewhere: BoundElsewhere
    findings: tuple[Finding, ...]
    diagnostics: tuple[Diagnostic, ...]
    kept: bool | None
    kept_reason: str | None
    request_id: str

    @classmethod
    def of(cls, address: Address, saved: Saved, request_id: str) -> SaveAnswer:
        """From the keeper's result."""
        return cls(
            root=address.root.name,
            path=address.relative,
            etag=saved.etag,
            revision=saved.revision,
            size=saved.size,
            changed=saved.changed,
            created=saved.created,
            removed=saved.removed,
            dry_run=saved.dry_run,
            checked=saved.checked,
            route=saved.route,
            guarantees=saved.guarantees,
            notes=saved.notes,
            bound_elsewhere=saved.bound_elsewhere,
            findings=saved.findings,
            diagnostics=saved.diagnostics,
            kept=saved.kept,
            kept_reason=saved.kept_reason,
            request_id=request_id,
        )


class TransactionAnswer(msgspec.Struct):
    """200 of a transaction: every change was done, in the order in which they were sent."""

    changes: list[SaveAnswer]
    dry_run: bool
    request_id: str


class RefusalAnswer(msgspec.Struct):
    """Why a save would be refused."""

    slug: str
    reason: str
    remedy: str
    rule: str | None = None
    evidence: str | None = None

    @classmethod
    def of(cls, refusal: ConfkeepError) -> RefusalAnswer:
        """From the error a save would raise."""
        rule, evidence = refusal.members.get("rule"), refusal.members.get("evidence")
        return cls(refusal.slug, refusal.detail, refusal.remedy, rule, evidence)


class StatAnswer(msgspec.Struct):
    """What is there and whether and how it can be written. Sizes in bytes, ``mode`` in octal."""

    root: str
    path: str
    size: int
    mode: str
    uid: int
    gid: int
    etag: str | None
    revision: int | None
    last_modified: datetime
    secret: bool
    writable: bool
    route: Choice | None
    guarantees: Guarantees | None
    refusal: RefusalAnswer | None
    findings: tuple[Finding, ...]
    bound_elsewhere: BoundElsewhere

    @classmethod
    def of(cls, address: Address, verdict: Verdict) -> StatAnswer | None:
        """From the keeper's verdict; None where nothing is there."""
        found = verdict.stat
        if found is None:
            return None
        return cls(
            root=address.root.name,
            path=address.relative,
            size=found.st_size,
            mode=f"{stat.S_IMODE(found.st_mode):04o}",
            uid=found.st_uid,
            gid=found.st_gid,
            etag=verdict.etag,
            revision=verdict.revision,
            last_modified=datetime.fromtimestamp(found.st_mtime, UTC),
            secret=is_secret(address, verdict.path),
            writable=verdict.refusal is None,
            route=verdict.route,
            guarantees=verdict.guarantees,
            refusal=None if verdict.refusal is None else RefusalAnswer.of(verdict.refusal),
            findings=verdict.findings,
            bound_elsewhere=verdict.bound_elsewhere,
        )


class EntryAnswer(msgspec.Struct):
    """One file of a listing."""

    path: str
    size: int
    last_modified: datetime


class ListAnswer(msgspec.Struct):
    """``next`` continues the listing as ``after``; None at its end."""

    root: str
    entries: list[EntryAnswer]
    next: str | None


class RevisionAnswer(msgspec.Struct):
    """One revision of a file."""

    id: int
    time: datetime
    state: str
    origin: str
    uid: int | None
    message: str
    size: int
    etag: str | None
    request_id: str

    @classmethod
    def of(cls, revision: Revision) -> RevisionAnswer:
        """From the store's row."""
        return cls(
            id=revision.id,
            time=datetime.fromtimestamp(revision.time / 1000, UTC),
            state=revision.state.value,
            origin=revision.origin.value,
            uid=revision.uid,
            message=revision.message,
            size=revision.size,
            etag=revision.etag,
            request_id=revision.request,
        )


class OneRevisionAnswer(RevisionAnswer):
    """One revision and the file it is of; ``secret``: the file is among the secrets of the settings."""

    root: str
    path: str
    secret: bool

    @classmethod
    def of_one(cls, at: Address, revision: Revision) -> OneRevisionAnswer:
        """From the store's row."""
        shown = msgspec.structs.asdict(RevisionAnswer.of(revision))
        return cls(**shown, root=at.root.name, path=at.relative, secret=at.root.is_secret(at.relative))


class HistoryAnswer(msgspec.Struct):
    """Newest first; ``next`` continues as ``before``. ``secret``: the file is among the secrets of the settings."""

    root: str
    path: str
    secret: bool
    revisions: list[RevisionAnswer]
    next: int | None


class MountAnswer(msgspec.Struct):
    """The mount that a root is on: proc_pid_mountinfo(5)."""

    point: str
    filesystem: str
    source: str
    read_only: bool


class RootAnswer(msgspec.Struct):
    """A root: what is there, and how a new file in it (or the single file that it is) would be written, or why not.

    ``kind`` is ``directory``, ``file`` or ``missing``.
    """

    name: str
    path: str
    kind: str
    mount: MountAnswer | None
    on_busy: str
    journal: str
    writable: bool
    route: Choice | None
    refusal: RefusalAnswer | None
    findings: tuple[Finding, ...]


class RootsAnswer(msgspec.Struct):
    """All of them, by name."""

    roots: list[RootAnswer]


class ServiceAnswer(msgspec.Struct):
    """What this service is and can do."""

    service: str
    version: str
    roots: list[str]
    capabilities: list[str]
    limits: dict[str, int]
    findings: list[Finding]


class ReadyAnswer(msgspec.Struct):
    """Whether saves are taken; ``unsettled`` are files that a crash left half written and that cannot be repaired."""

    ready: bool
    store: str
    roots: dict[str, str]
    recovered: int
    unsettled: list[dict[str, str]]
    findings: list[Finding]
