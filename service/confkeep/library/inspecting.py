"""``confkeep.inspect``: whether and how a path could be written from here, before anything is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from confkeep.etag import etag_of
from confkeep.files.read import is_readable, read
from confkeep.files.route import DECLARED, Route
from confkeep.library.looking import on_target
from confkeep.library.options import StrPath, text
from confkeep.library.state import no_journal
from confkeep.saved import Verdict

if TYPE_CHECKING:
    from confkeep.files.target import Target


def inspect(path: StrPath) -> Verdict:
    """What is at ``path``, its etag, and the route that a save would take with its guarantees, or why it is refused.

    Nothing is written, nothing is remembered. A file that must be written in place is refused where the journal cannot
    be kept (see ``journal`` of ``confkeep.save``). Raises NotFound (a directory on the way is missing), BadPath,
    NoPermission (a directory on the way is closed), TargetBusy, IoError.
    """
    return on_target(text(path), _verdict)


def _verdict(target: Target) -> Verdict:
    refusal = target.refusal
    if refusal is None and target.choice is not None and target.choice.name is Route.OVERWRITE:
        refusal = no_journal(target.path)
    choice = None if refusal else target.choice
    return Verdict(
        path=target.path,
        stat=None if target.fd is None else os.fstat(target.fd),
        etag=etag_of(read(target)) if is_readable(target) else None,
        revision=None,
        route=choice,
        guarantees=None if choice is None else DECLARED[choice.name],
        refusal=refusal,
        findings=target.findings,
    )
