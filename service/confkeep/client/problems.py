"""Errors of the daemon, raised again here: the same classes as in the library."""

from __future__ import annotations

import json
from typing import Any, Final, cast

from confkeep.errors import ConfkeepError, NoDaemon

#: The remedy where something other than confkeep answers.
ANOTHER: Final = "name confkeep's socket with CONFKEEP_HOST, --host or Client(…)"


def error_of(status: int, body: bytes) -> ConfkeepError:
    """The error that the daemon raised, from its problem document (RFC 9457).

    A kind that this version does not know is a plain ConfkeepError with its ``slug`` among the members.
    """
    members = _object(body)
    if members is None:
        return not_confkeep(status, body)
    slug, detail, remedy = members.pop("slug", None), members.pop("detail", None), members.pop("remedy", "")
    if not (isinstance(slug, str) and isinstance(detail, str)):
        return not_confkeep(status, body)
    kind = next((kind for kind in _below(ConfkeepError) if kind.slug == slug), None)
    error = (kind or ConfkeepError)(detail, remedy=str(remedy))
    error.members.update(members if kind else {**members, "slug": slug})
    return error


def not_confkeep(status: int, body: bytes) -> NoDaemon:
    """The error for an answer that no confkeep gives."""
    return NoDaemon(f"what answers is no confkeep: {status} with {body[:80]!r}", remedy=ANOTHER)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", document) if isinstance(document, dict) else None


def _below(kind: type[ConfkeepError]) -> list[type[ConfkeepError]]:
    return [kind, *(below for sub in kind.__subclasses__() for below in _below(sub))]
