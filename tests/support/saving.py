"""A keeper, a root on a real disk, and files that take each of the two routes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confkeep.etag import etag_of, version_of
from confkeep.expect import ANYTHING, Expect
from confkeep.files.root import Root
from confkeep.history import intents
from confkeep.history.intents import Promise
from confkeep.history.revisions import LIBRARY
from confkeep.keeper import Keeper, Request

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.history.revisions import State
    from confkeep.saved import Saved

NAME = "a.yaml"
OLD, NEW = b"old: 1\n", b"NEW: 22\nMORE: 333\n"
ROUTES = ("replace", "overwrite")


@dataclass(frozen=True, slots=True)
class Bench:
    """One file, OLD in it, below one root, and where its history is kept."""

    directory: Path
    state: Path
    root: Root

    @property
    def path(self) -> Path:
        """The file."""
        return self.directory / NAME

    def keeper(self) -> Keeper:
        """A keeper of this state; close it."""
        return Keeper(self.state)

    def names(self) -> list[str]:
        """What is in the directory."""
        return sorted(os.listdir(self.directory))


def bench(directory: Path, state: Path, route: str = "replace", **policies: Any) -> Bench:
    """A file that is saved by ``route``: a second hard link makes a rename impossible."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / NAME).write_bytes(OLD)
    if route == "overwrite":
        (directory / "other-name.yaml").hardlink_to(directory / NAME)
    return Bench(directory, state, Root("config", os.fspath(directory), **policies))


def save(keeper: Keeper, one: Bench, data: bytes = NEW, expect: Expect = ANYTHING, **more: Any) -> Saved:
    """Save to the file."""
    return keeper.save(one.root, NAME, Request(data, expect, **more))


def only(content: bytes) -> Expect:
    """If-Match: the file holds exactly this."""
    return Expect(etags=frozenset({etag_of(content)}))


def recorded(keeper: Keeper, one: Bench) -> list[tuple[State, bytes]]:
    """The file's revisions, oldest first."""
    found = keeper.history(one.root, NAME, 1000)[::-1]
    return [(revision.state, keeper.revision(revision.id)[2]) for revision in found]


def open_intents(keeper: Keeper) -> int:
    """How many saves are not settled."""
    with keeper.store.reading() as connection:
        return len(intents.unsettled(connection))


def promise(keeper: Keeper, path: Path, old: bytes | None = OLD, new: bytes = NEW, route: str = "overwrite") -> int:
    """A save that was promised and then interrupted."""
    wanted = Promise(
        os.fspath(path),
        None,
        mount_root=False,
        old=old if old is None else version_of(old),
        new=version_of(new),
        route=route,
        author=LIBRARY,
    )
    with keeper.store.durable() as connection:
        return intents.promise(connection, wanted)
