"""The module ``atomicwrites`` (1.4.1) as a drop-in over confkeep: the same surface, and it saves where that one fails.

It saves files that are bind-mounted into a container and files in directories that are closed to it, follows links, and
keeps owner, mode and attributes of what it replaces. A new file is 0600, as ever; a mode that is given to the temporary
file through ``fileno()`` is the file's in the end. docs/library.md lists what else is different.

Errors are OSError, as ever; ``__cause__`` is the one that confkeep has a name for.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from confkeep.errors import ConfkeepError
    from confkeep.files.draft import Draft
    from confkeep.saved import Saved

__version__ = "1.4.1"
__all__ = ["AtomicWriter", "atomic_write", "move_atomic", "replace_atomic"]

DEFAULT_MODE = "w"
#: What tempfile.gettempprefix() says; to import that module takes longer than a save.
_PREFIX = "tmp"

StrPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def replace_atomic(src: StrPath, dst: StrPath) -> None:
    """Move ``src`` to ``dst``, over whatever is there, and flush the directory. Both must be on one filesystem.

    Where ``dst`` is mounted no rename is possible (EBUSY): there its bytes are put in place, and ``src`` is removed.
    """
    if _is_in_memory(src):
        _put_in_place(src, dst, overwrite=True)
        return
    try:
        os.rename(src, dst)
    except OSError as error:
        if error.errno != errno.EBUSY or os.path.isdir(src):
            raise
        _put_in_place(src, dst, overwrite=True)
        os.unlink(src)
    else:
        _flush_directory_of(dst)


def move_atomic(src: StrPath, dst: StrPath) -> None:
    """Move ``src`` to ``dst``; FileExistsError when something is there. For a moment both names exist."""
    if _is_in_memory(src):
        _put_in_place(src, dst, overwrite=False)
        return
    os.link(src, dst)
    os.unlink(src)
    _flush_directory_of(dst)
    if _directory_of(src) != _directory_of(dst):
        _flush_directory_of(src)


class AtomicWriter:
    """``with AtomicWriter(path).open() as f:`` what is written to ``f`` is published at once when the ``with`` ends.

    ``overwrite=False``: FileExistsError when something is at ``path``, raised after everything was written. Further
    arguments go to ``open``. Made to be subclassed, as ever.
    """

    def __init__(self, path: StrPath, mode: str = DEFAULT_MODE, overwrite: bool = False, **open_kwargs: Any) -> None:  # noqa: FBT001, FBT002 - as it ever was
        """ValueError for a mode that does not write a whole file."""
        if "a" in mode:
            raise ValueError("an atomic write cannot append: read the file, and write all of it")
        if "x" in mode:
            raise ValueError("use overwrite=False instead of mode x")
        if "w" not in mode:
            raise ValueError("an AtomicWriter can only write: give mode w")
        self._path = os.fspath(path)
        self._mode = mode
        self._overwrite = overwrite
        self._open_kwargs = open_kwargs
        self._drafts: dict[str, tuple[Draft, str]] = {}

    def open(self) -> contextlib.AbstractContextManager[IO[Any]]:
        """The temporary file, for a ``with``."""
        return self._open(self.get_fileobject)

    @contextlib.contextmanager
    def _open(self, get_fileobject: Callable[..., IO[Any]]) -> Generator[IO[Any]]:
        file: IO[Any] | None = None
        success = False
        try:
            with get_fileobject(**self._open_kwargs) as file:
                yield file
                self.sync(file)
            self.commit(file)
            success = True
        finally:
            if not success and file is not None:
                with contextlib.suppress(Exception):  # what is on its way out is the first exception
                    self.rollback(file)
            if file is not None:
                self._let_go(file)

    def _let_go(self, file: IO[Any]) -> None:
        """A subclass that commits or rolls back in its own way knows nothing of our descriptors."""
        known = self._drafts.pop(str(file.name), None)
        if known is not None:
            known[0].close()

    def get_fileobject(
        self,
        suffix: str = "",
        prefix: str = _PREFIX,
        dir: StrPath | None = None,  # noqa: A002 - as it ever was
        **kwargs: Any,
    ) -> IO[Any]:
        """The temporary file: beside the target, or in memory where that cannot be.

        With a name or directory of the caller's own it is a plain one, as ever.
        """
        if dir is not None or suffix or prefix != _PREFIX:
            return open(file=_plain(suffix, prefix, dir, self._path), mode=self._mode, **kwargs)
        from confkeep.library.drafts import draft_for
        from confkeep.library.options import absolute, file_path

        with _as_os_errors(os.fsdecode(self._path)):
            path = absolute(file_path(self._path))
            draft = draft_for(path, private=True, overwrite=self._overwrite, despite_mode=True)
        try:
            kwargs.setdefault("opener", draft.opener)
            file: IO[Any] = open(file=draft.path, mode=self._mode, **kwargs)  # noqa: SIM115 - the caller closes it
        except BaseException:
            draft.discard()
            raise
        self._drafts[draft.path] = draft, path
        return file

    def sync(self, f: IO[Any]) -> None:
        """Bring what was written to the disk, before the commit."""
        f.flush()
        os.fsync(f.fileno())

    def commit(self, f: IO[Any]) -> None:
        """Bring the temporary file to its target, and flush the directory."""
        known = self._drafts.get(str(f.name))
        if known is None or known[0].is_supplanted():
            move = replace_atomic if self._overwrite else move_atomic
            move(f.name, self._path)
            return
        from confkeep.files.root import Journal
        from confkeep.library.drafts import commit
        from confkeep.library.options import Options

        draft, path = known
        wanted = Options(overwrite=self._overwrite, journal=Journal.BEST_EFFORT)
        with _as_os_errors(path):
            _report(commit(draft, path, wanted, flushed=True, despite_mode=True))
        del self._drafts[f.name]
        draft.discard()

    def rollback(self, f: IO[Any]) -> None:
        """Remove the temporary file."""
        known = self._drafts.pop(f.name, None)
        if known is None:
            os.unlink(f.name)
        else:
            known[0].discard()


def atomic_write(
    path: StrPath, writer_cls: type[AtomicWriter] = AtomicWriter, **cls_kwargs: Any
) -> contextlib.AbstractContextManager[IO[Any]]:
    """Open a writer of that class, for a ``with``."""
    return writer_cls(path, **cls_kwargs).open()


def _plain(suffix: str, prefix: str, directory: StrPath | None, path: str | bytes) -> str:
    from tempfile import mkstemp

    where = os.fsdecode(directory if directory is not None else os.path.normpath(os.path.dirname(path)))
    fd, name = mkstemp(suffix=suffix, prefix=prefix, dir=where)
    os.close(fd)
    return name


def _is_in_memory(path: StrPath) -> bool:
    """Whether this is the name of a draft that has no other: see ``get_fileobject``."""
    return os.fsdecode(path).startswith("/proc/self/fd/")


def _put_in_place(src: StrPath, dst: StrPath, *, overwrite: bool) -> None:
    from confkeep.library.saving import save

    with open(src, "rb") as file:
        file.seek(0)
        data = file.read()
    with _as_os_errors(os.fsdecode(dst)):
        _report(save(dst, data, overwrite=overwrite, journal="best-effort"))


def _report(saved: Saved) -> None:
    """Log what a save in place went without: who calls this module has no answer that could say it."""
    if not saved.guarantees.crash_safe:
        import logging

        remedy = "set CONFKEEP_STATE to a directory on a disk that this process may write"
        logging.getLogger("confkeep").warning("%s: %s [%s]", saved.path, "; ".join(saved.notes), remedy)


def _directory_of(path: StrPath) -> str:
    return os.path.normpath(os.path.dirname(os.fsdecode(path)))


def _flush_directory_of(path: StrPath) -> None:
    fd = os.open(_directory_of(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def _as_os_errors(path: str) -> Generator[None]:
    """Who calls this module expects OSError, and nothing else, when a save fails; and ValueError for a NUL."""
    from confkeep.errors import ConfkeepError

    try:
        yield
    except ConfkeepError as error:
        if "\0" in path:
            raise ValueError("embedded null byte") from error
        raise OSError(_number(error), f"{error.detail} [{error.remedy}]", path) from error


_NUMBERS = {
    "already-exists": errno.EEXIST,
    "not-found": errno.ENOENT,
    "bad-path": errno.EISDIR,
    "read-only": errno.EROFS,
    "no-permission": errno.EACCES,
    "stale-mount": errno.ESTALE,
    "target-busy": errno.EBUSY,
    "out-of-space": errno.ENOSPC,
}


def _number(error: ConfkeepError) -> int:
    """The kernel's own, where it has spoken."""
    if isinstance(error.__cause__, OSError) and error.__cause__.errno:
        return error.__cause__.errno
    if error.slug == "not-a-regular-file":
        return errno.EISDIR if "is a directory" in error.detail else errno.EINVAL
    if error.slug == "read-only" and "chattr" in error.remedy:
        return errno.EPERM
    return _NUMBERS.get(error.slug, errno.EIO)
