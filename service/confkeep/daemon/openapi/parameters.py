"""What requests name beside their bodies: parts of the path, the query, headers."""

from __future__ import annotations

from typing import Any, Final

from confkeep.daemon.endpoints.diff import DiffFormat
from confkeep.daemon.events import EventType
from confkeep.daemon.openapi.examples import ETAG
from confkeep.daemon.saves import Keep

_LARGEST_ID: Final = 10**18 - 1
_LARGEST_BEFORE: Final = (1 << 63) - 1
# A name in a path: neither empty nor "." nor "..", and without a slash or NUL.
_SEGMENT: Final = r"([^./\u0000][^/\u0000]*|\.[^./\u0000][^/\u0000]*|\.\.[^/\u0000]+)"
# RFC 9110, 8.8.3 and 5.6.1: a list of entity tags, in which elements may be empty.
_TAG: Final = r'[ \t]*((W/)?"[!#-~]*")?[ \t]*'
_TAGS: Final = rf"{_TAG}(,{_TAG})*"
_RECORDED: Final = "the number of a revision, or an etag that the history knows"
_CONTENT: Final = f"{_RECORDED}, or `disk`"
_NUMBER_OR_ETAG: Final = '[0-9]{1,18}|"?[0-9a-f]{64}"?'
_REVISION_OR_ETAG: Final = {"type": "string", "pattern": f"^({_NUMBER_OR_ETAG})$"}
_VERSION: Final = {"type": "string", "pattern": f"^(disk|{_NUMBER_OR_ETAG})$"}
_SEVERAL: Final = (
    "The path below the root, each segment percent-encoded as UTF-8. It may have several segments: send the slashes "
    "between them as they are (OpenAPI 3.1 cannot say that, hence `x-multi-segment`)."
)


def _in(where: str, name: str, about: str, schema: dict[str, Any], example: object, **more: object) -> dict[str, Any]:
    return {"name": name, "in": where, "description": about, "schema": schema, "example": example, **more}


def _query(name: str, about: str, schema: dict[str, Any], example: object) -> dict[str, Any]:
    return _in("query", name, about, schema, example)


def _number(most: int, default: int | None = None) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": most}
    return schema if default is None else schema | {"default": default}


#: Each by the name that ``operations`` and ``#/components/parameters`` give it.
PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "root": _in(
        "path",
        "root",
        "A root's name; `GET /v1/roots` lists them.",
        {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
        "homeassistant",
        required=True,
    ),
    "path": _in(
        "path",
        "path",
        _SEVERAL,
        {"type": "string", "pattern": rf"^{_SEGMENT}(/{_SEGMENT})*$"},
        "packages/lights.yaml",
        required=True,
        **{"x-multi-segment": True},
    ),
    "id": _in("path", "id", "A revision's number.", _number(_LARGEST_ID), 42, required=True),
    "prefix": _query("prefix", "Only paths that begin so.", {"type": "string"}, "packages/"),
    "events-root": _query("root", "Only of this root.", {"type": "string"}, "homeassistant"),
    "container": _query("container", "Only what concerns this one, by name or id.", {"type": "string"}, "editor"),
    "doctor-path": _query(
        "path",
        "Only what concerns this file: a root's name, a slash, and the path below the root.",
        {"type": "string"},
        "homeassistant/packages/lights.yaml",
    ),
    "ignore": _query(
        "ignore", "Rules to leave out, by id or name, with commas between.", {"type": "string"}, "MNT001,MNT009"
    ),
    "types": _query(
        "types",
        "Only these, with commas between.",
        {"type": "string", "pattern": f"^(({'|'.join(EventType)})?(,|$))*$"},
        "file.changed,file.removed",
    ),
    "Last-Event-ID": _in(
        "header",
        "Last-Event-ID",
        "The `id` of the last event that was seen: the stream goes on after it, or begins with `reset`.",
        {"type": "string", "pattern": "^[0-9a-f-]*$"},
        "5f3a9c21-17",
    ),
    "after": _query("after", "`next` of the page before.", {"type": "string"}, "packages/lights.yaml"),
    "files-limit": _query("limit", "Entries on one page.", _number(10_000, 1_000), 100),
    "history-limit": _query("limit", "Revisions on one page.", _number(1_000, 100), 10),
    "before": _query("before", "`next` of the page before.", _number(_LARGEST_BEFORE), 42),
    "validate": _query(
        "validate",
        "How much of the document is checked before it is saved.",
        {"$ref": "#/components/schemas/Validate"},
        "strict",
    ),
    "keep": _query(
        "keep",
        "`comments`: the body is a program's dump, and the text that is there is changed to say the same.",
        {"type": "string", "enum": list(Keep), "default": Keep.TEXT},
        "comments",
    ),
    "merge-keep": _query(
        "keep",
        "`comments`: the body is a program's dump; it gets the comments of the base before it is merged.",
        {"type": "string", "enum": list(Keep), "default": Keep.TEXT},
        "comments",
    ),
    "from": _query("from", f"The older content: {_CONTENT}", _VERSION, "42"),
    "to": _query("to", f"The newer content: {_CONTENT}; without it what is in the file.", _VERSION, "disk"),
    "base": _in("query", "base", f"What was edited: {_RECORDED}.", _REVISION_OR_ETAG, "42", required=True),
    "diff-format": _query(
        "format",
        "`unified`: what `patch` takes; `json`: that, and what changed in the document.",
        {"type": "string", "enum": list(DiffFormat), "default": DiffFormat.UNIFIED},
        "json",
    ),
    "name": _query("name", "The file's name; with `root`, its path below it.", {"type": "string"}, "lights.yaml"),
    "validate-root": _query("root", "The root whose settings count.", {"type": "string"}, "homeassistant"),
    "document-format": _query("format", "What the body is.", {"$ref": "#/components/schemas/Format"}, "yaml"),
    "dialect": _query("dialect", "Who reads it.", {"$ref": "#/components/schemas/Dialect"}, "home-assistant"),
    "on_busy": _query(
        "on_busy",
        "What becomes of a save in place while others have the file open; without it what the root's settings say.",
        {"$ref": "#/components/schemas/OnBusy"},
        "refuse",
    ),
    "message": _query("message", "Why; kept with the revision.", {"type": "string"}, "from the kitchen tablet"),
    "dry_run": _query("dry_run", "Do everything but the write.", {"type": "boolean", "default": False}, example=True),
    "If-Match": _in(
        "header",
        "If-Match",
        "The etag of the version that was edited, quoted; `*` overwrites what is there (RFC 9110, 13.1.1).",
        {"type": "string", "pattern": rf"^([ \t]*\*[ \t]*|{_TAGS})$"},
        f'"{ETAG}"',
    ),
    "If-None-Match-new": _in(
        "header",
        "If-None-Match",
        "`*`: the file is new; empty says nothing. One of this and `If-Match` is needed (RFC 9110, 13.1.2).",
        {"type": "string", "pattern": r"^[ \t]*\*?[ \t]*$"},
        "*",
    ),
    "If-None-Match": _in(
        "header",
        "If-None-Match",
        "Etags that the caller has: 304 if the content is one of them (RFC 9110, 13.1.2).",
        {"type": "string", "pattern": rf"^([ \t]*\*[ \t]*|{_TAGS})$"},
        f'"{ETAG}"',
    ),
}
