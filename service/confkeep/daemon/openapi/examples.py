"""One example of each answer and body, made from the types themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from confkeep import __version__
from confkeep.daemon.answers import (
    EntryAnswer,
    HistoryAnswer,
    ListAnswer,
    MountAnswer,
    OneRevisionAnswer,
    ReadyAnswer,
    RevisionAnswer,
    RootAnswer,
    RootsAnswer,
    SaveAnswer,
    ServiceAnswer,
    StatAnswer,
    TransactionAnswer,
)
from confkeep.daemon.comparisons import DiffAnswer, DifferenceAnswer, SideAnswer, ValidateAnswer
from confkeep.daemon.diagnoses import (
    DiagnosisAnswer,
    DoctorAnswer,
    HeldAnswer,
    MountedAnswer,
    MountsAnswer,
    SkippedAnswer,
)
from confkeep.daemon.endpoints.transactions import ChangeRequest, TransactionRequest
from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.files.route import DECLARED, Choice, Route

CONTENT: Final = "light:\n  - platform: demo\n"
_BEFORE: Final = CONTENT.replace("demo", "template")
_HUNK: Final = "@@ -1,2 +1,2 @@\n light:\n-  - platform: template\n+  - platform: demo\n"
_MERGE_PATCH: Final = b'{"evening": null}'
ETAG: Final = sha256(CONTENT.encode()).hexdigest()
REQUEST_ID: Final = "5f0c1d2e3b4a5968"
_WHEN: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_ROOT_NAME: Final = "homeassistant"
_PATH: Final = "packages/lights.yaml"
_CHOICE: Final = Choice(Route.REPLACE, "ordinary-file", "an ordinary file in a writable directory")

_SAVED: Final = SaveAnswer(
    root=_ROOT_NAME,
    path=_PATH,
    etag=ETAG,
    revision=43,
    size=len(CONTENT),
    changed=True,
    created=False,
    removed=False,
    dry_run=False,
    checked=Format.YAML,
    route=_CHOICE,
    guarantees=DECLARED[Route.REPLACE],
    notes=(),
    bound_elsewhere="no",
    findings=(),
    diagnostics=(),
    kept=None,
    kept_reason=None,
    request_id=REQUEST_ID,
)
_REVISION: Final = RevisionAnswer(
    id=43,
    time=_WHEN,
    state="applied",
    origin="api",
    uid=1000,
    message="from the kitchen tablet",
    size=len(CONTENT),
    etag=ETAG,
    request_id=REQUEST_ID,
)
_ROOT: Final = RootAnswer(
    name=_ROOT_NAME,
    path="/config",
    kind="directory",
    mount=MountAnswer(point="/config", filesystem="ext4", source="/dev/sda1", read_only=False),
    on_busy="write",
    journal="require",
    writable=True,
    route=_CHOICE,
    refusal=None,
    findings=(),
)
_LINE: Final = "412 398 8:1 /srv/scenes.yaml /config/scenes.yaml rw,relatime - ext4 /dev/sda1 rw"
_SOURCES: Final = {"self": "ok", "proc": "ok", "root": "ok", "api": "unix:///run/docker.sock: nothing is there"}
_DIAGNOSIS: Final = DiagnosisAnswer(
    rule="MNT001",
    name="single-file-bind",
    severity="warning",
    container="3f2a91c07b54",
    path="/config/scenes.yaml",
    host_path="/srv/scenes.yaml",
    message="/config/scenes.yaml is mounted by itself",
    remedy="mount the directory: /srv:/config",
    evidence=_LINE,
    location=None,
    patch="",
)
_SKIPPED: Final = SkippedAnswer(rule="MNT007", name="type-mismatch", reason=f"api: {_SOURCES['api']}", what="")
_HELD: Final = HeldAnswer(
    host_path="/srv/scenes.yaml",
    verified=True,
    kind="file",
    stale=False,
    device="8:1",
    inode=131104,
    mounts=[MountedAnswer(container="3f2a91c07b54", path="/config/scenes.yaml", read_only=False, evidence=_LINE)],
)
_ALL: Final[tuple[msgspec.Struct, ...]] = (
    _SAVED,
    TransactionAnswer(changes=[_SAVED], dry_run=False, request_id=REQUEST_ID),
    StatAnswer(
        root=_ROOT_NAME,
        path=_PATH,
        size=len(CONTENT),
        mode="0644",
        uid=1000,
        gid=1000,
        etag=ETAG,
        revision=43,
        last_modified=_WHEN,
        secret=False,
        writable=True,
        route=_CHOICE,
        guarantees=DECLARED[Route.REPLACE],
        refusal=None,
        findings=(),
        bound_elsewhere="no",
    ),
    ListAnswer(root=_ROOT_NAME, entries=[EntryAnswer(_PATH, len(CONTENT), _WHEN)], next=None),
    HistoryAnswer(root=_ROOT_NAME, path=_PATH, secret=False, revisions=[_REVISION], next=None),
    OneRevisionAnswer(**msgspec.structs.asdict(_REVISION), root=_ROOT_NAME, path=_PATH, secret=False),
    RootsAnswer([_ROOT]),
    ServiceAnswer(
        service="confkeep",
        version=__version__,
        roots=[_ROOT_NAME],
        capabilities=["files", "history"],
        limits={"max_body": 16 << 20, "max_headers": 100, "max_header_bytes": 32 << 10, "max_changes": 100},
        findings=[],
    ),
    ReadyAnswer(ready=True, store="open", roots={_ROOT_NAME: "ok"}, recovered=0, unsettled=[], findings=[]),
    DoctorAnswer(version=1, findings=[_DIAGNOSIS], skipped=[_SKIPPED], sources=_SOURCES),
    MountsAnswer(version=1, files=[_HELD], unmounted=["editor"], sources=_SOURCES),
    DiffAnswer(
        root=_ROOT_NAME,
        path=_PATH,
        old=SideAnswer(etag=sha256(_BEFORE.encode()).hexdigest(), revision=42, size=len(_BEFORE)),
        new=SideAnswer(etag=ETAG, revision=43, size=len(CONTENT)),
        same=False,
        differences=[
            DifferenceAnswer(
                "changed", *(msgspec.Raw(b'"%b"' % said) for said in (b"/light/0/platform", b"template", b"demo"))
            )
        ],
        unified=f"--- a/{_PATH}\n+++ b/{_PATH}\n{_HUNK}",
    ),
    ValidateAnswer(valid=True, format=Format.YAML, dialect=Dialect.HOME_ASSISTANT, diagnostics=()),
    TransactionRequest(
        [
            ChangeRequest(root=_ROOT_NAME, path=_PATH, content=CONTENT, if_match=ETAG),
            ChangeRequest(root=_ROOT_NAME, path="packages/old.yaml", remove=True, if_match="*"),
            ChangeRequest(root=_ROOT_NAME, path="scenes.yaml", patch=msgspec.Raw(_MERGE_PATCH), if_match="*"),
        ]
    ),
)


def example_of(kind: type[msgspec.Struct]) -> Any:  # noqa: ANN401 - whatever JSON can say
    """What an answer or a body of this type looks like."""
    (found,) = (one for one in _ALL if type(one) is kind)
    return msgspec.json.decode(msgspec.json.encode(found))
