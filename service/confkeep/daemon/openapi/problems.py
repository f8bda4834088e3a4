"""Every problem that an answer can be (RFC 9457): its status, its members, an example."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any, Final, NamedTuple, TypeGuard

from confkeep import errors
from confkeep.daemon import strict
from confkeep.daemon.openapi.examples import ETAG, REQUEST_ID

#: Only the library and the command line raise these.
LIBRARY_ONLY: Final = frozenset({"already-exists", "not-a-directory", "bad-settings", "no-daemon"})
#: The answers to what is no request of the table: another path, another method.
ELSEWHERE: Final = frozenset({"no-endpoint", "method-not-allowed"})

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer"}
_ETAG: Final = {"type": ["string", "null"], "description": "What the file holds; null: nothing is there."}
_FAILED: Final = {
    "type": "object",
    "description": "One change of a transaction whose precondition does not hold.",
    "properties": {"root": _TEXT, "path": _TEXT, "etag": _ETAG, "expected": _TEXT},
    "required": ["root", "path", "etag", "expected"],
}
_EVIDENCE: Final = {
    "rule": {"type": "string", "description": "The doctor's rule."},
    "evidence": {"type": "string", "description": "What the kernel said: the line of mountinfo, or the inode's state."},
}
_DIAGNOSTICS: Final = {"type": "array", "items": {"$ref": "#/components/schemas/Diagnostic"}}

#: Members beside those that all have; each is there when it says something.
MEMBERS: Final[dict[str, dict[str, Any]]] = {
    "unknown-parameter": {"parameter": _TEXT, "limit": _WHOLE},
    "body-too-large": {"limit": {"type": "integer", "description": "In bytes."}},
    "headers-too-large": {"max_headers": _WHOLE, "max_header_bytes": _WHOLE},
    "forbidden": {"role": _TEXT, "needed": _TEXT},
    "too-many-streams": {"limit": _WHOLE},
    "file-too-large": {"limit": {"type": "integer", "description": "In bytes."}},
    "conflict": {
        "etag": _ETAG,
        "revision": {"type": ["integer", "null"], "description": "The revision that has this content."},
        "base_known": {"type": "boolean", "description": "Whether the history has the content that was expected."},
        "base": {"type": "string", "description": "The etag of that content."},
        "links": {
            "type": "object",
            "description": "What the editor's dialogue asks next: `diff` (from the base to what is there), `merge`.",
            "additionalProperties": {"type": "string"},
        },
        "failed": {"type": "array", "items": _FAILED},
    },
    "unsupported-media-type": {
        "accepted": {"type": "array", "items": _TEXT, "description": "Those that are, as in `Accept-Patch`."}
    },
    "patch-test-failed": {"pointer": {"type": "string", "description": "Of the value that is another."}},
    "merge-conflict": {
        "etag": {"type": "string", "description": "What the file holds: the save of a decision replaces that."},
        "conflicts": {"type": "integer", "description": "How many places are marked."},
        "text": {"type": "string", "description": "Both, with the marks of git; not of a secret."},
        "text_base64": {"type": "string", "description": "The same, where it is no UTF-8."},
    },
    "invalid-document": {"line": _WHOLE, "column": _WHOLE, "diagnostics": _DIAGNOSTICS},
    "read-only": _EVIDENCE,
    "no-permission": _EVIDENCE,
    "not-a-regular-file": _EVIDENCE,
    "mounted-file": _EVIDENCE,
    "stale-mount": _EVIDENCE,
    "outside-root": _EVIDENCE,
    "journal-unavailable": _EVIDENCE,
    "target-busy": {"evidence": _EVIDENCE["evidence"], "on_busy": {"$ref": "#/components/schemas/OnBusy"}},
    "io-error": {"revision": {"type": ["integer", "null"], "description": "The unsettled revision."}},
}
_BASE: Final = "9ef0b1bc" * 8
_CONFLICT: Final = {
    "etag": ETAG,
    "revision": 42,
    "base_known": True,
    "base": _BASE,
    "links": {
        "diff": f"/v1/diff/homeassistant/packages/lights.yaml?from={_BASE}",
        "merge": f"/v1/merge/homeassistant/packages/lights.yaml?base={_BASE}",
    },
}
_MERGE: Final = {
    "etag": ETAG,
    "conflicts": 1,
    "text": "<<<<<<< mine\nlight: on\n||||||| base\nlight: auto\n=======\nlight: off\n>>>>>>> theirs\n",
}
_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "conflict": _CONFLICT,
    "merge-conflict": _MERGE,
    "unsupported-media-type": {"accepted": ["application/json-patch+json", "application/merge-patch+json"]},
    "forbidden": {"role": "reader", "needed": "editor"},
    "body-too-large": {"limit": 16 << 20},
    "unknown-parameter": {"parameter": "verbose"},
    "read-only": {"rule": "MNT009", "evidence": "36 35 98:0 / /config ro,relatime shared:1 - ext4 /dev/sda1 ro"},
}


class Problem(NamedTuple):
    """One kind of problem."""

    slug: str
    title: str
    status: int
    about: str


def _named() -> list[Problem]:
    kinds = [kind for module in (errors, strict) for kind in vars(module).values() if _has_slug(kind)]
    return [Problem(kind.slug, kind.title, kind.status, cleandoc(kind.__doc__ or "")) for kind in kinds]


def _has_slug(kind: object) -> TypeGuard[type[errors.ConfkeepError]]:
    return isinstance(kind, type) and issubclass(kind, errors.ConfkeepError) and "slug" in vars(kind)


#: What Starlette answers itself.
_OF_HTTP: Final = [
    Problem("no-endpoint", "Not Found", 404, "There is no such path."),
    Problem("method-not-allowed", "Method Not Allowed", 405, "The path has other methods: the header `Allow`."),
]
#: All that exist, by slug.
PROBLEMS: Final = {problem.slug: problem for problem in [*_named(), *_OF_HTTP]}


def schema_name(slug: str) -> str:
    """What the schema of a problem is called below ``#/components/schemas``."""
    return "".join(word.capitalize() for word in slug.split("-")) + "Problem"


def schema_of(problem: Problem) -> dict[str, Any]:
    """The schema of one kind of problem."""
    own = {"slug": {"const": problem.slug}, "status": {"const": problem.status}, **MEMBERS.get(problem.slug, {})}
    return {
        "title": problem.title,
        "description": problem.about,
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "properties": own,
    }


#: What all problems have (RFC 9457, 3.1, and our own ``slug``, ``remedy``, ``request_id``).
BASE: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "Why a request was not done. Programs match on `slug`, people read `detail` and `remedy`.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "`urn:confkeep:problem:` and the slug."},
        "slug": {"type": "string", "description": "Stable for ever."},
        "title": _TEXT,
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened to what."},
        "remedy": {"type": "string", "description": "What can be done."},
        "request_id": {"type": "string", "description": "As in the header `Request-Id` and in the log."},
        "root": {"type": "string", "description": "Of a transaction, where it failed for one file: its root."},
        "path": {"type": "string", "description": "And its path below the root."},
        "findings": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Finding"},
            "description": "Of a save that was refused, where the doctor says something of the file: what.",
        },
    },
    "required": ["type", "slug", "title", "status", "detail", "remedy", "request_id"],
}


def example_of(problem: Problem) -> dict[str, Any]:
    """What an answer of this kind looks like."""
    return {
        "type": f"urn:confkeep:problem:{problem.slug}",
        "slug": problem.slug,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.about.partition("\n")[0],
        "remedy": f"docs/problems.md, {problem.slug}",
        "request_id": REQUEST_ID,
        **_EXAMPLES.get(problem.slug, {}),
    }
