"""Where confkeep has the files of Home Assistant's configuration directory."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Any

from .client import Address, Client

if TYPE_CHECKING:
    from collections.abc import Mapping


class NoPlace(Exception):
    """confkeep does not have that file, as far as can be told."""


class Places:
    """From a path to confkeep's address: as the settings say, else by the paths of its roots, asked once."""

    def __init__(self, client: Client, directory: str, given: Mapping[str, str]) -> None:
        self.directory = directory
        self._client = client
        self._given = given
        self._roots: list[dict[str, Any]] | None = None
        self._lock = Lock()

    def address(self, path: str) -> Address:
        """The address of the file at this path. Raises NoPlace, NotReached, Interrupted, Problem."""
        name = os.path.relpath(path, self.directory)
        if (given := self._given.get(name)) is not None:
            name_of_root, _, below = given.partition("/")
            return Address(name_of_root, below)
        for root in self.roots():
            if (rest := _below(root, os.path.join(self.directory, name))) is not None:
                return Address(root["name"], rest)
        known = ", ".join(f"{root['name']}={root['path']}" for root in self.roots()) or "none"
        raise NoPlace(
            f"confkeep has no root with {path} (it has {known}). Mount the files at the same path in both containers, "
            f"or say under confkeep: in configuration.yaml which one it is (files: {name}: ROOT/PATH)"
        )

    def roots(self) -> list[dict[str, Any]]:
        """Confkeep's roots, single files first. Raises NotReached, Interrupted, Problem."""
        with self._lock:
            if self._roots is None:
                found = self._client.ask("GET", "/v1/roots").json()["roots"]
                self._roots = sorted(found, key=lambda root: (root["kind"] != "file", -len(root["path"])))
            return self._roots

    def forget(self) -> None:
        """Ask again: it was started anew, maybe with other settings."""
        with self._lock:
            self._roots = None


def _below(root: Mapping[str, Any], path: str) -> str | None:
    if root["kind"] == "file":
        return os.path.basename(path) if root["path"] == path else None
    relative = os.path.relpath(path, root["path"])
    return None if relative.startswith("..") else relative
