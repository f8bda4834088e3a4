"""Look at a path the way a save does."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from confkeep.etag import version_of
from confkeep.files import mounts
from confkeep.files.place import resolve
from confkeep.files.read import read_whole
from confkeep.files.replace import Staged, stage
from confkeep.files.root import ANYWHERE, RoutePolicy
from confkeep.files.target import Target, look

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from confkeep.errors import Refused
    from confkeep.files.route import Choice


@contextmanager
def looking(path: Path, policy: RoutePolicy = RoutePolicy.AUTO) -> Generator[Target]:
    """The target at ``path``, wherever that is."""
    with resolve(ANYWHERE, os.fspath(path)) as place, look(place, policy) as target:
        yield target


def choice_at(path: Path, policy: RoutePolicy = RoutePolicy.AUTO) -> Choice:
    """The route of a target that can be written."""
    with looking(path, policy) as target:
        assert target.refusal is None, target.refusal
        assert target.choice is not None
        return target.choice


def refusal_at(path: Path) -> Refused:
    """The refusal of a target that cannot be written."""
    with looking(path) as target:
        assert target.choice is None
        assert target.refusal is not None
        return target.refusal


def facts_at(path: Path) -> mounts.Facts:
    """What statx says of ``path`` itself (a link is not followed)."""
    with opened(path.parent, os.O_PATH | os.O_DIRECTORY) as parent, opened(path, os.O_PATH | os.O_NOFOLLOW) as fd:
        return mounts.facts(fd, parent)


def mount_at(path: Path) -> mounts.Mount:
    """The mount that ``path`` lives on."""
    found = mounts.find_mount(facts_at(path).mount_id)
    assert found is not None
    return found


@contextmanager
def opened(path: Path, flags: int) -> Generator[int]:
    """A descriptor that is closed again."""
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def staged(target: Target, data: bytes) -> Staged:
    """Staged over what the target holds now."""
    return stage(target, version_of(data), read_whole(target))


def leftovers_in(directory: Path) -> list[str]:
    """Temporary files that are still there."""
    return sorted(name for name in os.listdir(directory) if name.startswith(".confkeep-"))


def open_files() -> Counter[str]:
    """What this process has open, but for the history: it is copied beside the saves."""
    names: list[str] = []
    for fd in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # of the listing itself
            names.append(os.readlink(f"/proc/self/fd/{fd}"))
    return Counter(name for name in names if "/history.db" not in name and not name.startswith("/proc/"))
