"""Folders: what is in them, and how a caller builds one."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from confkeep.files.folder import Building, Published, build
from confkeep.files.place import at

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

#: A folder of an old and of a new version: names that stay, that go and that come; files, directories, a link.
OLD = {"a.yaml": b"old a", "gone.yaml": b"gone", "both/x": b"old x", "lost/y": b"lost"}
NEW = {"a.yaml": b"new a", "more.yaml": b"more", "both/x": b"new x", "both/z": b"new z", "next/deep/er": b"deep"}


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Fill ``folder``, which is made where it is missing."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def read(folder: Path) -> dict[str, bytes] | None:
    """All files below ``folder``, None where there is none."""
    if not folder.exists():
        return None
    return {os.fspath(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def building(path: Path, *, overwrite: bool = True) -> Generator[Building]:
    """A building for ``path``, discarded unless it was published."""
    with at(os.fspath(path)) as place:
        made = build(place, overwrite=overwrite)
        try:
            yield made
        finally:
            made.discard()


def publish(path: Path, files: Mapping[str, bytes] = NEW, *, overwrite: bool = True) -> Published:
    """Build and publish a folder of these files."""
    with building(path, overwrite=overwrite) as made:
        write(Path(made.path), files)
        return made.publish()


@contextmanager
def flagged(flag: str, *paths: Path) -> Generator[None]:
    """``chattr +FLAG``, for as long as that."""
    subprocess.run(["chattr", f"+{flag}", *paths], check=True)
    try:
        yield
    finally:
        subprocess.run(["chattr", f"-{flag}", *paths], check=True)
