"""What a test of the daemon looks at: problems, directories with all that is in them, and that nothing was written."""

import hashlib
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from confkeep.layout.model import OK
from confkeep.layout.processes import own_view, processes
from tests.daemon.client import Answer
from tests.daemon.running import Daemon

#: What every problem has (RFC 9457, and our own three).
MEMBERS = {"type", "slug", "title", "status", "detail", "remedy", "request_id"}

#: What is said of a file that nobody else has mounted: in a container with processes of its own nobody can say it.
NOBODY = "no" if processes(own_view()).state == OK else "unknown"


def etag(data: bytes) -> str:
    """What ``sha256sum`` prints."""
    return hashlib.sha256(data).hexdigest()


def problem(answer: Answer, status: int, slug: str) -> dict[str, Any]:
    """The members of the problem that ``answer`` is, which is this one and a complete one."""
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer
    members: dict[str, Any] = answer.json
    assert (members["slug"], members["status"]) == (slug, status), members
    assert members.keys() >= MEMBERS, members
    assert all(members[name] for name in MEMBERS), members
    assert members["type"].endswith(slug)
    assert members["request_id"] == answer.headers["Request-Id"]
    return members


def tree(directory: Path) -> dict[str, object]:
    """Everything below ``directory``: what it is, whose, how old, and its bytes."""
    return {str(path.relative_to(directory)): _one(path) for path in sorted(directory.rglob("*"))}


def _one(path: Path) -> object:
    found = path.lstat()
    data = path.read_bytes() if stat.S_ISREG(found.st_mode) else None
    return found.st_ino, found.st_mode, found.st_uid, found.st_gid, found.st_nlink, found.st_mtime_ns, data


@contextmanager
def untouched(daemon: Daemon, directory: Path) -> Generator[None]:
    """Neither the files in ``directory`` nor anything that the daemon has recorded is changed inside the ``with``."""
    before = tree(directory), daemon.recorded()
    yield
    after = tree(directory), daemon.recorded()
    assert after == before, (before, after)


@dataclass(frozen=True)
class Folder:
    """A directory below the root ``ha`` that belongs to one test."""

    daemon: Daemon
    path: Path
    address: str

    def file(self, name: str, data: bytes = b"a: 1\n") -> str:
        """Make the file ``name``; its address."""
        (self.path / name).write_bytes(data)
        return self.at(name)

    def linked(self, name: str, data: bytes = b"a: 1\n") -> str:
        """Make the file ``name`` with a second hard link, so that it is written in place; its address."""
        address = self.file(name, data)
        (self.path / f"{name}.link").hardlink_to(self.path / name)
        return address

    def at(self, name: str) -> str:
        """The address of ``name``, whether or not it is there."""
        return f"{self.address}/{name}"

    def url(self, name: str, noun: str = "files") -> str:
        """The URL of ``name``."""
        return f"/v1/{noun}/{quote(self.at(name))}"

    def read(self, name: str) -> bytes:
        """What is in the file now."""
        return (self.path / name).read_bytes()

    def names(self) -> set[str]:
        """What is in the directory now."""
        return {path.name for path in self.path.iterdir()}
