"""What a save keeps, found out by trying: each trial puts something there, has a writer save, and looks.

Nothing here is taken from anybody's documentation. The trials are the same for all, and as a program meets them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.peers.lane import Failed, Lane
from bench.peers.worker import content

if TYPE_CHECKING:
    from pathlib import Path


_SIZE: Final = 1 << 10
_OWNER: Final = 12345
_ATTRIBUTE: Final = "user.bench"


@dataclass(frozen=True)
class Files:
    """``ordinary`` is made anew for each trial, alone with ``bound``, which is mounted singly."""

    ordinary: Path
    bound: Path


#: Puts something there, saves, and says whether it is still there; a word where it is neither.
Trial = Callable[[Lane, "Files"], bool | str]


def tried(lane: Lane, files: Files) -> dict[str, bool | str]:
    """The answer of each trial; a trial that the writer has failed is no."""
    answers: dict[str, bool | str] = {}
    for name, trial in TRIALS.items():
        for path in files.ordinary.parent.iterdir():
            if path != files.bound:
                path.unlink()  # temporary files too, which some leave behind when they fail
        files.ordinary.write_bytes(content(_SIZE, 1))
        try:
            answers[name] = trial(lane, files)
        except Failed as error:
            answers[name] = f"fails: {_short(str(error))}"
    return answers


def _short(error: str) -> str:
    """EBUSY (rename(2): a mount point) is what nearly all say, each in words of its own."""
    return "EBUSY" if "busy" in error.lower() else error.partition(":")[0]


def _save(lane: Lane, path: Path, etag: str = "") -> None:
    lane.save(path, _SIZE, 2, etag)


def _mode(lane: Lane, files: Files) -> bool:
    files.ordinary.chmod(0o604)
    _save(lane, files.ordinary)
    return files.ordinary.stat().st_mode & 0o7777 == 0o604


def _owner(lane: Lane, files: Files) -> bool | str:
    if os.geteuid() != 0:
        return "not tried: needs root"
    os.chown(files.ordinary, _OWNER, _OWNER)
    _save(lane, files.ordinary)
    found = files.ordinary.stat()
    return (found.st_uid, found.st_gid) == (_OWNER, _OWNER)


def _attributes(lane: Lane, files: Files) -> bool | str:
    try:
        os.setxattr(files.ordinary, _ATTRIBUTE, b"kept")
    except OSError:
        return "not tried: the filesystem has none"
    _save(lane, files.ordinary)
    return _ATTRIBUTE in os.listxattr(files.ordinary)


def _link(lane: Lane, files: Files) -> bool:
    """A symbolic link stays one, and what it leads to is saved."""
    target = files.ordinary.with_suffix(".target")
    files.ordinary.rename(target)
    files.ordinary.symlink_to(target.name)
    _save(lane, files.ordinary)
    return files.ordinary.is_symlink() and target.read_bytes() == content(_SIZE, 2)


def _names(lane: Lane, files: Files) -> bool:
    """Two hard links are still one file."""
    other = files.ordinary.with_suffix(".other")
    os.link(files.ordinary, other)
    _save(lane, files.ordinary)
    return other.read_bytes() == files.ordinary.read_bytes() == content(_SIZE, 2)


def _bound(lane: Lane, files: Files) -> bool | str:
    """A file that is mounted singly is saved, in the inode that the others have."""
    if os.geteuid() != 0:
        return "not tried: needs root"
    inode = files.bound.stat().st_ino
    _save(lane, files.bound)
    assert files.bound.read_bytes() == content(_SIZE, 2)
    return files.bound.stat().st_ino == inode


def _conflict(lane: Lane, files: Files) -> bool:
    """The program has read the file, somebody else saves, the program saves: the other's edit is still there."""
    read = hashlib.sha256(files.ordinary.read_bytes()).hexdigest()
    others = content(_SIZE, 3)
    files.ordinary.write_bytes(others)
    try:
        _save(lane, files.ordinary, read)
    except Failed:
        return files.ordinary.read_bytes() == others
    return False


def _history(lane: Lane, files: Files) -> bool:
    """What was there before can be had again."""
    before = files.ordinary.read_bytes()
    _save(lane, files.ordinary)
    return lane.recall(files.ordinary).encode() == before.partition(b"\n")[0]


TRIALS: Final[dict[str, Trial]] = {
    "mode": _mode,
    "owner": _owner,
    "attributes": _attributes,
    "symbolic link": _link,
    "hard links": _names,
    "mounted file": _bound,
    "others' edits": _conflict,
    "history": _history,
}
