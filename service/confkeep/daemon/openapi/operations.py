"""The table: each request, what it takes, and every answer it can get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.daemon.answers import (
    HistoryAnswer,
    ListAnswer,
    OneRevisionAnswer,
    ReadyAnswer,
    RootsAnswer,
    SaveAnswer,
    ServiceAnswer,
    StatAnswer,
    TransactionAnswer,
)
from confkeep.daemon.comparisons import DiffAnswer, ValidateAnswer
from confkeep.daemon.diagnoses import DoctorAnswer, MountsAnswer
from confkeep.daemon.endpoints.transactions import TransactionRequest
from confkeep.daemon.events import EventType
from confkeep.daemon.openapi.patches import PATCHES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import msgspec

    from confkeep.daemon.openapi.patches import Media

BYTES: Final = "application/octet-stream"
DOCUMENTS: Final = ("application/yaml", "application/json", "application/toml")
DIFF: Final = "text/x-diff"
TEXT: Final = "text/plain"
METRICS: Final = "text/plain; version=0.0.4"
JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"


class Success(NamedTuple):
    """An answer that is no problem. ``kind``: the type of its JSON, or its media types (or both), or None: no body."""

    status: int
    about: str
    kind: type[msgspec.Struct] | tuple[str | type[msgspec.Struct], ...] | None
    headers: tuple[str, ...] = ()


class Operation(NamedTuple):
    """One method of one path. ``parameters`` are names in ``parameters.py``, ``problems`` are slugs."""

    method: str
    path: str
    name: str
    summary: str
    answers: tuple[Success, ...]
    parameters: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    body: type[msgspec.Struct] | tuple[str, ...] | Mapping[str, Media] | None = None
    role: str | None = "reader"


_READ: Final = ("unknown-parameter", "io-error", "history-damaged")
_ADDRESS: Final = ("bad-path", "no-root", "not-found")
_LOOK: Final = (*_ADDRESS, "no-permission", "outside-root", "not-a-regular-file", "file-too-large", "target-busy")
_CHANGE: Final = (
    *_LOOK,
    *_READ,
    "precondition-required",
    "body-too-large",
    "conflict",
    "read-only",
    "stale-mount",
    "journal-unavailable",
    "out-of-space",
    "shutting-down",
)
_SAVE: Final = (*_CHANGE, "invalid-document")
_HELD: Final = ("ETag", "Last-Modified", "Cache-Control")
_PRECONDITION: Final = ("If-Match", "If-None-Match-new")
_WISHES: Final = ("validate", "on_busy", "message", "dry_run")
_SAVED: Final = Success(
    200,
    "What was done; `changed` is false where the file held these bytes.",
    SaveAnswer,
    ("ETag?", "Revision?"),
)
_CREATED: Final = Success(201, "Saved as a new file.", SaveAnswer, ("ETag?", "Revision?"))
_FILE: Final = ("root", "path")
_PATCH: Final = ("bad-patch", "patch-test-failed", "pointer-not-found", "not-representable")
_COMPARED: Final = Success(200, "What is different; no bytes where nothing is.", (DIFF, DiffAnswer))

OPERATIONS: Final = (
    Operation(
        "get",
        "/v1",
        "getService",
        "What this service is and can do",
        (Success(200, "Name, version, roots, capabilities, limits, findings.", ServiceAnswer),),
        problems=_READ,
    ),
    Operation(
        "get",
        "/v1/roots",
        "listRoots",
        "What may be edited, where it is mounted, and whether and how it can be written",
        (Success(200, "Every root, looked at now.", RootsAnswer),),
        problems=(*_READ, "bad-path", "no-permission", "outside-root", "target-busy"),
    ),
    Operation(
        "get",
        "/v1/files/{root}/",
        "listFiles",
        "The files of a root, by path",
        (Success(200, "One page; `next` continues it as `after`.", ListAnswer),),
        ("root", "prefix", "files-limit", "after"),
        (*_ADDRESS, *_READ),
    ),
    Operation(
        "get",
        "/v1/files/{root}/{path}",
        "readFile",
        "The bytes of a file, whole and never compressed",
        (
            Success(200, "The bytes.", (BYTES, *DOCUMENTS), (*_HELD, "Revision?")),
            Success(304, "The caller has this content.", None, (*_HELD, "Revision?")),
        ),
        (*_FILE, "If-None-Match"),
        (*_LOOK, *_READ),
    ),
    Operation(
        "put",
        "/v1/files/{root}/{path}",
        "saveFile",
        "Save the body as the whole new content of a file",
        (_SAVED, _CREATED),
        (*_FILE, *_PRECONDITION, *_WISHES, "keep"),
        _SAVE,
        (BYTES,),
        "editor",
    ),
    Operation(
        "patch",
        "/v1/files/{root}/{path}",
        "changeFile",
        "Change something of the document in a file, every other byte kept",
        (_SAVED,),
        (*_FILE, "If-Match", *_WISHES),
        (*_SAVE, *_PATCH, "unsupported-media-type"),
        PATCHES,
        "editor",
    ),
    Operation(
        "delete",
        "/v1/files/{root}/{path}",
        "removeFile",
        "Remove a file; its last content stays in the history",
        (
            Success(204, "It is removed.", None, ("Revision?",)),
            Success(200, "With `dry_run`: it would be.", SaveAnswer, ("Revision?",)),
        ),
        (*_FILE, "If-Match", "message", "dry_run"),
        (*_CHANGE, "mounted-file"),
        role="editor",
    ),
    Operation(
        "get",
        "/v1/stat/{root}/{path}",
        "statFile",
        "What is there, and whether and how it can be written: to be shown before anybody types",
        (Success(200, "The verdict.", StatAnswer),),
        _FILE,
        (*_LOOK, *_READ),
    ),
    Operation(
        "get",
        "/v1/diff/{root}/{path}",
        "compareRevisions",
        "What is different between two contents of a file: without parameters, what its last change was",
        (_COMPARED,),
        (*_FILE, "from", "to", "diff-format"),
        (*_LOOK, *_READ, "pruned", "body-too-large"),
    ),
    Operation(
        "post",
        "/v1/diff/{root}/{path}",
        "compareProposed",
        "What is different between a content of a file and the body; nothing is written",
        (_COMPARED,),
        (*_FILE, "from", "diff-format"),
        (*_LOOK, *_READ, "pruned", "body-too-large"),
        (BYTES,),
    ),
    Operation(
        "post",
        "/v1/merge/{root}/{path}",
        "mergeFile",
        "The body, an edit of an older content, merged with what is in the file; nothing is written",
        (Success(200, "The merge; `ETag` is what its save replaces.", (BYTES,), ("ETag", "Merged-By", "Revision?")),),
        (*_FILE, "base", "merge-keep"),
        (*_LOOK, *_READ, "pruned", "no-content", "body-too-large", "merge-conflict", "invalid-document"),
        (BYTES,),
    ),
    Operation(
        "post",
        "/v1/validate",
        "validateDocument",
        "Everything that is wrong with a document, and what is noteworthy about it; nothing is stored",
        (Success(200, "What was found, also where the document is not valid.", ValidateAnswer),),
        ("name", "validate-root", "document-format", "dialect"),
        (*_READ, "bad-path", "no-root", "body-too-large", "invalid-document"),
        (BYTES,),
    ),
    Operation(
        "get",
        "/v1/history/{root}/{path}",
        "listRevisions",
        "What a file has been, newest first; a file that was never recorded has no revisions",
        (Success(200, "One page; `next` continues it as `before`.", HistoryAnswer),),
        (*_FILE, "history-limit", "before"),
        (*_LOOK, *_READ),
    ),
    Operation(
        "get",
        "/v1/revisions/{id}",
        "getRevision",
        "One revision: of which file, when, by whom",
        (Success(200, "The revision.", OneRevisionAnswer),),
        ("id",),
        (*_READ, "not-found", "pruned"),
    ),
    Operation(
        "get",
        "/v1/revisions/{id}/content",
        "readRevision",
        "The bytes of a revision, which never change",
        (
            Success(200, "The bytes.", (BYTES,), (*_HELD, "Revision")),
            Success(304, "The caller has this content.", None, (*_HELD, "Revision")),
        ),
        ("id", "If-None-Match"),
        (*_READ, "not-found", "pruned", "no-content"),
    ),
    Operation(
        "post",
        "/v1/revisions/{id}/restore",
        "restoreRevision",
        "Save the content of a revision to its file, as a new revision; without a body",
        (_SAVED, _CREATED),
        ("id", *_PRECONDITION, *_WISHES),
        (*_SAVE, "pruned", "no-content"),
        role="editor",
    ),
    Operation(
        "post",
        "/v1/transactions",
        "transact",
        "Save and remove several files: all of them or none",
        (Success(200, "Every change was done, in the order in which they were sent.", TransactionAnswer),),
        ("message", "dry_run"),
        (*_SAVE, "mounted-file", *_PATCH),
        TransactionRequest,
        "editor",
    ),
    Operation(
        "get",
        "/healthz",
        "isAlive",
        "Whether the process answers",
        (Success(200, "It does.", (TEXT,)),),
        role=None,
    ),
    Operation(
        "get",
        "/readyz",
        "isReady",
        "Whether saves are taken",
        (Success(200, "They are.", ReadyAnswer), Success(503, "They are not, and why.", ReadyAnswer)),
        problems=("io-error", "history-damaged"),
        role=None,
    ),
    Operation(
        "get",
        "/v1/events",
        "getEvents",
        "What happens to the files, as server-sent events",
        (Success(200, f"A stream of {', '.join(f'`{kind}`' for kind in EventType)}, `reset`.", (EVENTS,)),),
        ("events-root", "prefix", "types", "Last-Event-ID"),
        (*_READ, "no-root", "too-many-streams"),
    ),
    Operation(
        "get",
        "/v1/doctor",
        "diagnose",
        "Why saving breaks, goes stale or gets lost in the mounts as they are now, and what to change",
        (Success(200, "What was found, and what could not be looked at.", DoctorAnswer),),
        ("container", "doctor-path", "ignore"),
        (*_READ, "bad-path", "no-root"),
        role="admin",
    ),
    Operation(
        "get",
        "/v1/mounts",
        "listMounts",
        "Which file or directory of the host is mounted where",
        (Success(200, "All that can be seen from here, looked at now.", MountsAnswer),),
        problems=_READ,
        role="admin",
    ),
    Operation(
        "get",
        "/metrics",
        "getMetrics",
        "Figures in the text format of Prometheus",
        (Success(200, "The figures.", (METRICS,)),),
        problems=_READ,
    ),
    Operation(
        "get",
        "/openapi.json",
        "getDocument",
        "This document",
        (Success(200, "OpenAPI 3.1.", (JSON,)),),
        problems=("unknown-parameter",),
    ),
)
