"""``confkeep inspect``: what a path is and how it could be written, without any daemon."""

from __future__ import annotations

import os
import stat
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from confkeep.cli.output import print_json
from confkeep.cli.stat import print_verdict

if TYPE_CHECKING:
    import argparse

    from confkeep.files.target import Target


HELP = "show how any path could be written from here; needs no daemon"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("path", metavar="PATH")


def run(options: argparse.Namespace) -> int:
    """Exit code 0 when the path can be written, that of the refusal otherwise."""
    from confkeep.files.place import resolve
    from confkeep.files.root import ANYWHERE
    from confkeep.files.target import look

    with resolve(ANYWHERE, os.path.join(os.getcwd(), options.path)) as place, look(place) as target:
        found = _describe(target)
        if options.json:
            print_json(found)
        else:
            print_verdict(target.path, found)
        return 0 if target.refusal is None else target.refusal.exit_code


def _describe(target: Target) -> dict[str, Any]:
    """The shape of the daemon's stat answer, with ``path`` absolute."""
    from confkeep.etag import etag_of
    from confkeep.files.read import is_readable, read
    from confkeep.files.route import DECLARED

    found, refusal, choice = target.facts, target.refusal, target.choice
    return {
        "path": target.path,
        "exists": found is not None,
        "size": None if found is None else found.size,
        "mode": None if found is None else f"{stat.S_IMODE(found.mode):04o}",
        "uid": None if found is None else found.uid,
        "gid": None if found is None else found.gid,
        "etag": etag_of(read(target)) if is_readable(target) else None,
        "mount_point": found is not None and found.mount_root,
        "writable": refusal is None,
        "route": None if choice is None else asdict(choice),
        "guarantees": None if choice is None else asdict(DECLARED[choice.name]),
        "refusal": None
        if refusal is None
        else {
            "slug": refusal.slug,
            "reason": refusal.detail,
            "remedy": refusal.remedy,
            "rule": refusal.members.get("rule"),
            "evidence": refusal.members.get("evidence"),
        },
        "findings": [asdict(finding) for finding in target.findings],
    }
