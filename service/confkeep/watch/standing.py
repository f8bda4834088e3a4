"""How the mounts of the roots stand: whether the host has replaced, renamed or removed what is mounted.

The kernel tells of mounts and unmounts (poll(2) on mountinfo), and of a mounted file that is renamed over (IN_ATTRIB)
or away (IN_MOVE_SELF). It tells nothing of an empty directory that is removed under a mount: the next look shows that.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from confkeep.errors import shown
from confkeep.files import mounts
from confkeep.watch.watched import is_below

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkeep.files.mounts import Mount

_TABLE: Final = "/proc/self/mountinfo"
_RESTART: Final = "restart the container (compose up does not repair it); better: mount the directory, not the file"


class State(StrEnum):
    """``stale``: what is mounted has lost its name on the host. ``moved``: it has another one."""

    OK = "ok"
    STALE = "stale"
    MOVED = "moved"
    MOUNTED = "mounted"
    UNMOUNTED = "unmounted"


@dataclass(frozen=True, slots=True)
class Standing:
    """``mount_point`` is in the state ``state`` now; ``rule`` is the doctor's that says more, where there is one."""

    mount_point: str
    state: State
    rule: str | None
    detail: str
    remedy: str
    evidence: str


class Mounts:
    """The mounts that hold some directories, or are below them."""

    def __init__(self) -> None:
        self._first: dict[str, Mount] = {}
        self._states: dict[str, State] = {}
        self._is_first = True

    def points(self) -> list[str]:
        """Where they are mounted."""
        return list(self._first)

    def has(self, point: str) -> bool:
        """Whether one of them is mounted at ``point``."""
        return point in self._first

    def remote(self, base: str) -> list[str]:
        """What of ``base`` has to be polled: itself, or mounts below it."""
        found = [point for point, mount in self._first.items() if mount.remote]
        if any(is_below(base, point) for point in found):
            return [base]
        return [point for point in found if is_below(point, base)]

    def look(self, bases: Iterable[str]) -> list[Standing]:
        """What has changed since the last look; at the first one, what is not as it should be."""
        found = concerning(list(bases))
        is_first, self._is_first = self._is_first, False
        news: list[Standing] = []
        for point in self._first.keys() - found.keys():
            news.append(_standing(self._first.pop(point), State.UNMOUNTED))
            self._states.pop(point, None)
        for point, mount in found.items():
            news += self._compared(point, mount, is_first=is_first)
        return news

    def _compared(self, point: str, mount: Mount, *, is_first: bool) -> list[Standing]:
        known = self._first.get(point)
        news: list[Standing] = []
        if known is None or known.mount_id != mount.mount_id:
            self._first[point], self._states[point] = mount, State.OK
            if not is_first:
                news.append(_standing(mount, State.MOUNTED))
        state = _state(self._first[point], mount)
        if state is not self._states[point]:
            self._states[point] = state
            news.append(_standing(mount, state))
        return news


def concerning(bases: list[str]) -> dict[str, Mount]:
    """By mount point: the mount that holds each of ``bases`` (but for ``/``), and those below them."""
    holding: dict[str, Mount] = {}
    found: dict[str, Mount] = {}
    for point, mount in table().items():
        for base in bases:
            if is_below(point, base):
                found[point] = mount
            elif point != "/" and is_below(base, point) and len(point) >= len(_point(holding.get(base))):
                holding[base] = mount
    return {mount.mount_point: mount for mount in holding.values()} | found


def table() -> dict[str, Mount]:
    """All mounts by where they are: the last of those that are stacked is the one that shows."""
    with open(_TABLE, "rb") as lines:
        found = [mounts.parse_mount(os.fsdecode(line.rstrip(b"\n"))) for line in lines]
    return {mount.mount_point: mount for mount in found}


def _point(mount: Mount | None) -> str:
    return "" if mount is None else mount.mount_point


def _state(first: Mount, now: Mount) -> State:
    if now.deleted:
        return State.STALE
    return State.OK if now.root == first.root else State.MOVED


def _standing(mount: Mount, state: State) -> Standing:
    point, source = mount.mount_point, mount.root.removesuffix("//deleted")
    details = {
        State.OK: f"what is mounted at {point} has its name {source} again",
        State.STALE: f"the host has replaced or removed {source}: what is mounted at {point} is the old one, cut off",
        State.MOVED: f"what is mounted at {point} is called {source} on the host now",
        State.MOUNTED: f"{source} ({mount.fs_type}) is mounted at {point} now",
        State.UNMOUNTED: f"nothing is mounted at {point} any more",
    }
    rules = {State.STALE: "MNT004" if os.path.isdir(point) else "MNT002", State.MOVED: "MNT003"}
    rule = rules.get(state)
    return Standing(point, state, rule, shown(details[state]), _RESTART if rule else "", mount.line)
