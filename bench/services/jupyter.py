"""Jupyter Server's contents API: the text of a file inside JSON. It copies the old file, then writes in place."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bench import process
from bench.services.connection import Http
from bench.services.peer import INSTALLED, Peer, Running, quiet, served

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_PYTHON: Final = INSTALLED / "jupyter" / "bin" / "python"
_TOKEN: Final = "bench"  # noqa: S105  it guards a socket in a directory of ours


class _Contents(Http):
    prefix = "/api/contents/"
    fields = f"Authorization: token {_TOKEN}\r\nContent-Type: application/json\r\n"

    def put(self, target: str, body: bytes, more: str = "", method: str = "PUT") -> bytes:
        """The model of a text file."""
        model = {"type": "file", "format": "text", "content": body.decode("utf-8")}
        return super().put(target, json.dumps(model).encode("ascii"), more, method)


@contextmanager
def _running(base: Path) -> Generator[Running]:
    folder = base / "config"
    own = {f"JUPYTER_{what}_DIR": base / what.lower() for what in ("CONFIG", "DATA", "RUNTIME")}
    options = {
        "ServerApp.sock": base / "s",
        "ServerApp.root_dir": folder,
        "ServerApp.allow_remote_access": True,
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "ServerApp.log_level": "ERROR",
        "IdentityProvider.token": _TOKEN,
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    command = quiet(_PYTHON, "-m", "jupyter_server", *words, **own)
    with process.running(command, base / "s", "/api") as server:
        yield served(server, folder, _Contents)
    (base / "s").unlink(missing_ok=True)


def peer() -> Peer:
    """From PyPI, in an environment of its own."""
    missing = None if _PYTHON.exists() else "not installed: pip install jupyter-server, into services/jupyter"
    version = "" if missing else _version()
    return Peer("Jupyter Server, contents PUT", frozenset({"file"}), _running, version, missing, in_place=True)


def _version() -> str:
    ask = [os.fspath(_PYTHON), "-c", "import jupyter_server as server; print(server.__version__)"]
    return subprocess.run(ask, capture_output=True, check=True, text=True).stdout.strip()
