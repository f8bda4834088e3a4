"""What a transaction does to one file, and how a request says it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.client.addressing import check_name
from confkeep.client.asking import patch_of
from confkeep.client.expecting import expectation, member
from confkeep.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confkeep.client.asking import Patch
    from confkeep.client.expecting import Expected
    from confkeep.client.options import OnBusy, Validate


@dataclass(frozen=True, slots=True)
class Change:
    """``data`` is to be the content of the file, which holds what ``expect`` says; None: it is to be removed.

    Or, with ``patch``, it is to be changed as ``Client.patch`` does.
    """

    root: str
    path: str
    data: bytes | None
    expect: Expected
    validate: Validate | None = None
    on_busy: OnBusy | None = None
    patch: Patch | None = None


def body(changes: Sequence[Change]) -> bytes:
    """The body of the request. Raises BadParameter for an expectation that it cannot say."""
    return json.dumps({"changes": [_said(change) for change in changes]}).encode("ascii")


def _said(change: Change) -> dict[str, object]:
    check_name(change.root, change.path)
    if change.patch is not None and change.data is not None:
        raise BadParameter(
            f"{change.root}/{change.path}: data and patch cannot both say what is to become of it", remedy="give one"
        )
    said: dict[str, object] = {"root": change.root, "path": change.path, **member(expectation(change.expect))}
    if change.patch is not None:
        patch_of(change.patch)  # whether JSON can say it
        said["patch"] = change.patch
    elif change.data is None:
        said["remove"] = True
    else:
        said["content_base64"] = base64.b64encode(change.data).decode("ascii")
    return said | {name: value for name in ("validate", "on_busy") if (value := getattr(change, name)) is not None}
