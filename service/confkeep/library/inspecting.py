"""``confkeep.inspect``: whether and how a path could be written from here, before anything is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from confkeep.errors import TargetBusy
from confkeep.etag import etag_of
from confkeep.files.place import at
from confkeep.files.read import is_readable, read
from confkeep.files.route import DECLARED
from confkeep.files.target import Changed, Target, look
from confkeep.library.options import StrPath, text
from confkeep.saved import Verdict

if TYPE_CHECKING:
    from typing import Final

_ATTEMPTS: Final = 5


def inspect(path: StrPath) -> Verdict:
    """What is at ``path``, its etag, and the route that a save would take with its guarantees, or why it is refused.

    Nothing is written, nothing is remembered. Raises NotFound (a directory on the way is missing), BadPath,
    NoPermission (a directory on the way is closed), TargetBusy.
    """
    for _ in range(_ATTEMPTS):
        with at(text(path)) as place, look(place) as target:
            try:
                return _verdict(target)
            except Changed:
                continue
    raise TargetBusy(f"{text(path)} is replaced faster than it can be read", remedy="try again")


def _verdict(target: Target) -> Verdict:
    choice = None if target.refusal else target.choice
    return Verdict(
        path=target.path,
        stat=None if target.fd is None else os.fstat(target.fd),
        etag=etag_of(read(target)) if is_readable(target) else None,
        revision=None,
        route=choice,
        guarantees=None if choice is None else DECLARED[choice.name],
        refusal=target.refusal,
        findings=target.findings,
    )
