"""What a service keeps of a file that it saves, and what it lets happen to it: found by trying, not by reading."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from bench.services import torn
from bench.services.connection import Refused
from bench.sized import sized

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from bench.services.peer import Peer, Running

_SIZE: Final = 1 << 10
_MODE: Final = 0o640
_OWNER: Final = 4321

#: The heads of what ``tried`` finds, in its order.
HEADS: Final = ("mode 0640", "owner", "link", "file bind", "stale client", "old contents", "torn reads")
_NOT_TRIED: Final = "-"


def tried(peer: Peer, running: Running, base: Path, reads: int) -> list[str]:
    """A word for each of HEADS; "-" where it cannot be tried (owner and bind need root; what is mounted is no link)."""
    trial = _Trial(peer, running, base)
    kept = [trial.mode(), trial.owner(), trial.link(), trial.bind(), trial.stale(), trial.old()]
    return [*kept, trial.torn(reads)]


class _Trial:
    """One service and one file of it, which is a plain one of mode 0644 at the beginning of each trial."""

    def __init__(self, peer: Peer, running: Running, base: Path) -> None:
        self._running = running
        self._base = base
        self._bound = peer.bound
        self._name = peer.only or "tried.yaml"
        self._file = running.folder / self._name
        self._source = base / "source"

    def mode(self) -> str:
        with self._plain():
            self._file.chmod(_MODE)
            self._save(sized(_SIZE))
            mode = self._file.stat().st_mode & 0o7777
        return "kept" if mode == _MODE else f"becomes {mode:04o}"

    def owner(self) -> str:
        if os.geteuid() != 0:
            return _NOT_TRIED
        with self._plain():
            os.chown(self._file, _OWNER, _OWNER)
            self._save(sized(_SIZE))
            found = self._file.stat()
        return "kept" if (found.st_uid, found.st_gid) == (_OWNER, _OWNER) else f"becomes {found.st_uid}:{found.st_gid}"

    def link(self) -> str:
        if self._bound:
            return _NOT_TRIED
        with self._plain():
            real = self._file.with_name("real.yaml")
            self._file.rename(real)
            self._file.symlink_to(real.name)
            try:
                self._save(sized(_SIZE))
                return "followed" if self._file.is_symlink() else "replaced"
            except Refused as refused:
                return f"refused: {refused.status}"
            finally:
                real.unlink()

    def bind(self) -> str:
        """The file is mounted by itself, as containers have their configuration."""
        if os.geteuid() != 0:
            return _NOT_TRIED
        document = sized(_SIZE)
        with self._plain(bound=True):
            before = self._source.read_bytes()
            try:
                stored = self._save(document)
            except Refused as refused:
                left = "as it was" if self._source.read_bytes() == before else "CHANGED"
                return f"refused: {refused.status}; file {left}"
            return "saved" if self._source.read_bytes() == stored else "LOST"

    def stale(self) -> str:
        """A client saves that has not seen the newest content, and says so."""
        with self._plain(), closing(self._running.connect()) as connection:
            try:
                connection.save(connection.stale(self._name, sized(_SIZE)))
            except Refused as refused:
                return f"refused: {refused.status}"
        return "overwrites"

    def old(self) -> str:
        """Which of the two contents before this one can be found anywhere in the service's directory."""
        documents = [sized(_SIZE) for _ in range(3)]
        with self._plain():
            for document in documents:
                self._save(document)
            found = [self._found(document) for document in documents[:2]]
        return {(True, True): "all", (False, True): "the last", (False, False): "none"}[found[0], found[1]]

    def torn(self, count: int) -> str:
        with self._plain():
            return torn.reads(self._running, self._name, self._base / "known", count)

    def _save(self, document: bytes) -> bytes:
        """Save as a client that has just come; what the file has to hold now."""
        with closing(self._running.connect()) as connection:
            connection.save(connection.request(self._name, document))
            return connection.stored(document)

    def _found(self, document: bytes) -> bool:
        """A content is known by its first line, which no other has."""
        line = document.partition(b"\n")[0]
        below = [path for path in self._base.rglob("*") if path.is_file() and path not in (self._file, self._source)]
        return any(line in path.read_bytes() for path in below)

    @contextmanager
    def _plain(self, *, bound: bool = False) -> Generator[None]:
        for file in (self._file, self._source):
            file.unlink(missing_ok=True)
            file.write_bytes(b"[]\n")
            file.chmod(0o644)
        if not (bound or self._bound):
            yield
            return
        subprocess.run(["mount", "--bind", self._source, self._file], check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", self._file], check=True)
