"""How requests about documents are written: changes of one thing in them, and comparisons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from confkeep.client.addressing import file_url
from confkeep.client.transport import Request
from confkeep.errors import BadParameter, BadPatch

#: The operations of a JSON Patch (RFC 6902), or a merge patch (RFC 7396).
Patch = Sequence[Mapping[str, Any]] | Mapping[str, Any]
#: A revision's number, an etag that the history knows, or ``"disk"``.
Version = int | str


def patch_of(patch: Patch) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request. Raises BadPatch for what JSON cannot say."""
    kind = "merge-patch" if isinstance(patch, Mapping) else "json-patch"
    try:
        body = json.dumps(patch, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise BadPatch(f"JSON cannot say this patch: {error}", remedy="use what JSON has") from error
    return body, {"Content-Type": f"application/{kind}+json"}


def diff_of(
    root: str, path: str, *, from_: Version | None, to: Version | None, proposed: bytes | None, format_: str
) -> Request:
    """The request for a comparison. Raises BadPath, BadParameter."""
    if proposed is not None and to is not None:
        raise BadParameter("what is proposed is what is compared to", remedy="give proposed, or to")
    named = {name: str(version) for name, version in (("from", from_), ("to", to)) if version is not None}
    target = file_url("diff", root, path, {**named, "format": format_})
    return Request("GET" if proposed is None else "POST", target, proposed, repeatable=True)
