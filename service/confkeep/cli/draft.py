"""The private copy of a file that an editor works on: it stays until what is in it is saved."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from confkeep.cli.output import plain
from confkeep.errors import ConfkeepError, IoError

if TYPE_CHECKING:
    from types import TracebackType


class Draft:
    """Only its owner can read it; it has the name of the original, by which editors know what it is.

    Left by an error with a text that is not in the file, it is kept, and the error says where.
    """

    def __init__(self, name: str, data: bytes) -> None:
        """Raise IoError where no copy can be made."""
        self._read = data
        try:
            self._directory = tempfile.mkdtemp(prefix="confkeep-")
            self.path = os.path.join(self._directory, name)
            self.write(data)
        except OSError as error:
            raise IoError(
                f"{error.filename}: {error.strerror}", remedy="say with TMPDIR where a copy to edit can be made"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Where the editor has removed the file, what it left may be beside it.
        kept = self.path if os.path.lexists(self.path) else self._directory
        if error is None or not self._is_precious():
            with suppress(FileNotFoundError):
                shutil.rmtree(self._directory)
        elif isinstance(error, ConfkeepError):
            error.members["copy"] = kept
            error.remedy = "; ".join(filter(None, (error.remedy, f"your text is kept in {kept}")))
        else:
            print(plain(f"confkeep: your text is kept in {kept}"), file=sys.stderr)

    def read(self) -> bytes:
        """What is in it. Raises IoError."""
        try:
            with open(self.path, "rb") as file:
                return file.read()
        except OSError as error:
            raise IoError(f"{self.path}: {error.strerror}", remedy="the editor has to leave the file there") from error

    def write(self, data: bytes) -> None:
        """Put ``data`` into it."""
        with open(self.path, "wb", opener=_private) as file:
            file.write(data)

    def _is_precious(self) -> bool:
        try:
            return self.read() != self._read
        except IoError:
            return os.path.isdir(self._directory) and bool(os.listdir(self._directory))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
