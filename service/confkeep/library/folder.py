"""``confkeep.folder``: fill a new folder, and publish it whole when the ``with`` ends well."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from confkeep.errors import AlreadyExists, BadParameter, BadPath
from confkeep.files.folder import Building, Published, build
from confkeep.files.leftovers import is_temporary
from confkeep.files.place import at
from confkeep.library.options import StrPath, text
from confkeep.library.saving import published
from confkeep.library.threaded import Threaded

if TYPE_CHECKING:
    from types import TracebackType


def folder(path: StrPath, *, overwrite: bool = True, exist_ok: bool = False) -> Folder:
    """``with confkeep.folder(path) as new:`` what is put into ``new`` is the folder ``path`` when the ``with`` ends.

    The new folder begins empty, beside the old one, and takes its place at once: whoever opens ``path`` sees the old
    tree or the new one, whole; after a crash as well, for it is on the disk first. The old tree is removed afterwards,
    under the feet of those who still have it open. Mode and owner of the old folder stay.

    A folder that is a mount point, or in a directory that is closed, cannot be exchanged: there its entries are, one
    by one, new ones first and those that are gone last. ``published`` of the object that this returns says so.

    ``overwrite=False``: nothing may be there, not even an empty folder, decided by the kernel at the moment of
    publishing: AlreadyExists; with ``exist_ok`` another's folder is as good, and this one is dropped without a word.

    Raises AlreadyExists, NotADirectory, Refused, NotFound, BadPath, OutOfSpace, IoError: the old folder is as it was.
    An exception in the ``with`` leaves it so as well, and nothing beside it.
    """
    if overwrite and exist_ok:
        raise BadParameter("exist_ok=True goes with overwrite=False", remedy="give overwrite=False as well")
    return Folder(text(path), overwrite=overwrite, exist_ok=exist_ok)


class Folder(Threaded[Path]):
    """A folder that is being filled. ``published``: what became of it; None while it is not, or another was first."""

    def __init__(self, path: str, *, overwrite: bool, exist_ok: bool) -> None:
        self.published: Published | None = None
        self._path = path
        self._overwrite = overwrite
        self._exist_ok = exist_ok
        self._open = ExitStack()
        self._building: Building | None = None

    def __enter__(self) -> Path:
        """The directory to fill."""
        with ExitStack() as stack:
            place = stack.enter_context(at(self._path))
            if is_temporary(place.name):
                raise BadPath(
                    f"{place.name!r} is a name of confkeep's own temporary files", remedy="choose another name"
                )
            self._building = build(place, overwrite=self._overwrite)
            self._open = stack.pop_all()
        return Path(self._building.path)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Publish, or leave everything as it was."""
        if self._building is None:
            raise AssertionError("__exit__ without __enter__")
        with self._open:
            try:
                if kind is None:
                    self._publish(self._building)
            finally:
                self._building.discard()

    def _publish(self, building: Building) -> None:
        try:
            with published():
                self.published = building.publish()
        except AlreadyExists:
            if not self._exist_ok:
                raise
