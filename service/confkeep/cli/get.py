"""``confkeep get``: print a file."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from confkeep.cli import connection
from confkeep.cli.output import print_json, write_bytes

if TYPE_CHECKING:
    import argparse


HELP = "print a file"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    connection.add_host(parser)
    parser.add_argument("address", metavar="ROOT/PATH")


def run(options: argparse.Namespace) -> int:
    """Write the bytes as they are; with --json beside their etag, as text where they are UTF-8."""
    root, path = connection.split(options.address)
    answer = connection.request(options.host, "GET", connection.url("files", root, path))
    if options.json:
        revision = answer.headers.get("Revision")
        print_json(
            {
                "root": root,
                "path": path,
                "etag": (answer.headers.get("ETag") or "").strip('"'),
                "revision": None if revision is None else int(revision),
                "size": len(answer.body),
                **_content(answer.body),
            }
        )
    else:
        write_bytes(answer.body)
    return 0


def _content(data: bytes) -> dict[str, str]:
    try:
        return {"content": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"content_base64": base64.b64encode(data).decode("ascii")}
