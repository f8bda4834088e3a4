"""confkeep's own daemon: history, journal, precondition and ETag always; the check as the request asks."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING

from bench import process
from bench.services.connection import Http
from bench.services.peer import Peer, Running, served

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


class _Put(Http):
    prefix = "/v1/files/config/"

    def __init__(self, path: str, folder: Path, check: str) -> None:
        super().__init__(path)
        self._folder = folder
        self._check = check
        self._etags: dict[str, str] = {}

    def request(self, name: str, data: bytes, *, shared: bool = False) -> bytes:
        """With the etag of what this client saved or read last; ``*`` for a file that others save too."""
        etag = self._etags.get(name) or sha256((self._folder / name).read_bytes()).hexdigest()
        self._etags[name] = sha256(data).hexdigest()
        match = "*" if shared else f'"{etag}"'
        return self.put(f"{self.prefix}{name}?validate={self._check}", data, f"If-Match: {match}\r\n")


@contextmanager
def _running(base: Path, check: str) -> Generator[Running]:
    folder = base / "config"
    command, socket = process.serve(base, f'[roots.config]\npath = "{folder}"\n')
    with process.running(command, socket, "/readyz") as server:
        yield served(server, folder, lambda path: _Put(path, folder, check))


def peers() -> list[Peer]:
    """By the check, and in place."""
    replaced = frozenset({"file", "directory", "store"})
    found = [
        Peer(f"confkeep, validate={check}", replaced, partial(_running, check=check), _version())
        for check in ("off", "syntax", "strict")
    ]
    missing = None if os.geteuid() == 0 else "not measured: mounts files, which needs root"
    in_place = partial(_running, check="off")
    name = "confkeep, in place"
    mounted = Peer(name, frozenset({"file", "store"}), in_place, _version(), missing, in_place=True, bound=True)
    return [*found, mounted]


def _version() -> str:
    return version("confkeep")
