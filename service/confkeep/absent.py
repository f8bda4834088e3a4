"""Files that are gone: what the history calls them, and how one is had back that was a root of its own."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from confkeep.errors import NotFound
from confkeep.files.place import resolve
from confkeep.history import revisions

if TYPE_CHECKING:
    from confkeep.files.root import Root
    from confkeep.history.store import Store


def called(root: Root, relative: str) -> str:
    """What the history calls the file ``relative`` of ``root``, whether or not it, its directory or the root is there.

    Raises as ``resolve``; NotFound only where the root is another file.
    """
    try:
        with resolve(root, relative) as place:
            return place.path
    except NotFound:
        if root.is_single_file():
            raise
        base = os.path.realpath(root.path)
        if not os.path.lexists(base) and relative == os.path.basename(root.path):
            return base  # it was a file
        return os.path.join(base, relative)


def root_of(store: Store, root: Root, relative: str) -> Root:
    """``root``; or its directory, where it was a single file that is gone, so that it can be made again.

    Nothing that is there says that it was one, and no directory, which is to be mounted perhaps: the history does.
    """
    if relative != os.path.basename(root.path) or os.path.lexists(root.path):
        return root
    with store.reading() as connection:
        known = revisions.file_id(connection, os.path.realpath(root.path)) is not None
    return replace(root, path=os.path.dirname(root.path)) if known else root
