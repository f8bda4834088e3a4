"""``confkeep.file``: write to a file as with ``open``, and publish it when the ``with`` ends well."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, Literal, TextIO, TypeVar, overload

from confkeep.files.written import failure
from confkeep.library.drafts import commit, draft_for
from confkeep.library.options import JournalName, OnBusyName, Options, StrPath, absolute, file_path, options
from confkeep.library.threaded import Threaded

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from confkeep.files.draft import Draft
    from confkeep.saved import Saved

F = TypeVar("F", bound=IO[Any])

TextMode = Literal["w", "wt", "w+", "w+t", "wt+"]
BytesMode = Literal["wb", "bw", "w+b", "wb+"]
_MODES: Final = {"w", "wt", "w+", "w+t", "wt+", "wb", "bw", "w+b", "wb+"}


@overload
def file(
    path: StrPath,
    mode: TextMode = "w",
    *,
    overwrite: bool = True,
    expect: str | None = None,
    encoding: str = "utf-8",
    newline: str | None = None,
    journal: JournalName = "require",
    on_busy: OnBusyName = "write",
) -> File[TextIO]: ...
@overload
def file(
    path: StrPath,
    mode: BytesMode,
    *,
    overwrite: bool = True,
    expect: str | None = None,
    journal: JournalName = "require",
    on_busy: OnBusyName = "write",
) -> File[BinaryIO]: ...
def file(
    path: StrPath,
    mode: str = "w",
    *,
    overwrite: bool = True,
    expect: str | None = None,
    encoding: str | None = None,
    newline: str | None = None,
    journal: JournalName = "require",
    on_busy: OnBusyName = "write",
) -> File[Any]:
    """``with confkeep.file(path) as f:`` what is written to ``f`` is published at once when the ``with`` ends.

    An exception in the ``with`` leaves the file as it was, and nothing beside it. ``f`` is an ordinary file, with a
    descriptor; a mode that is given to it (``os.fchmod(f.fileno(), 0o600)``) is the file's in the end. Text is UTF-8
    unless ``encoding`` says otherwise; ``newline`` is that of ``open``. The other options, the guarantees and the
    errors are those of ``confkeep.save``; what was had of them is in ``saved`` of the object that this returns.

    Raises ValueError for another ``mode`` than w, wb, w+ or w+b.
    """
    if mode not in _MODES:
        raise ValueError(f"mode {mode!r}: confkeep.file writes whole files: give w, wb, w+ or w+b")
    if "b" not in mode:
        encoding = encoding or "utf-8"
    wanted = options(expect=expect, overwrite=overwrite, journal=journal, on_busy=on_busy)
    return File(file_path(path), wanted, partial(open, mode=mode, encoding=encoding, newline=newline))


class File(Threaded[F]):
    """A save that is being written; use it in a ``with`` or ``async with``. ``saved``: what became of it."""

    def __init__(self, path: str, wanted: Options, opener: Callable[..., F]) -> None:
        """``opener`` opens a draft by its path."""
        self.saved: Saved | None = None
        self._path = path
        self._wanted = wanted
        self._opener = opener
        self._draft: Draft | None = None
        self._file: F | None = None

    def __enter__(self) -> F:
        """The file to write to."""
        self._path = absolute(self._path)
        self._draft = draft_for(self._path, overwrite=self._wanted.overwrite)
        try:
            self._file = self._opener(self._draft.path, opener=self._draft.opener)
        except BaseException:
            self._draft.discard()
            raise
        return self._file

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Publish, or leave everything as it was."""
        if self._draft is None or self._file is None:
            raise AssertionError("__exit__ without __enter__")
        try:
            if kind is not None:
                with suppress(OSError):  # what is on its way out is the caller's exception
                    self._file.close()
                return
            try:
                self._file.close()
            except OSError as full:
                raise failure(full, self._path, "writing a new", self._draft.fd) from full
            self.saved = commit(self._draft, self._path, self._wanted)
        finally:
            self._draft.discard()
