"""What a caller may ask of a save, checked once."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from confkeep.errors import AlreadyExists, BadParameter, BadPath, Conflict, NotFound
from confkeep.expect import ABSENT, Expect
from confkeep.files.root import LEASE_WAIT, Journal, OnBusy, Root

if TYPE_CHECKING:
    from collections.abc import Generator

#: ``refuse`` rather than let a reader see a file half done, where no write lease is to be had.
OnBusyName = Literal["write", "refuse"]
#: ``best-effort``: write in place even where no journal can be kept.
JournalName = Literal["require", "best-effort"]
StrPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]

E = TypeVar("E", bound=StrEnum)

_ANOTHER_NAME: Final = "choose another name, or save with overwrite=True"
_WHATEVER: Final = Expect(anything=True, absent=True)


@dataclass(frozen=True, slots=True)
class Options:
    """``expect``: the etag that the file must have. ``overwrite`` False: nothing may be there."""

    expect: str | None = None
    overwrite: bool = True
    journal: Journal = Journal.REQUIRE
    on_busy: OnBusy = OnBusy.WRITE

    @property
    def precondition(self) -> Expect:
        """The same, as a keeper knows it."""
        if not self.overwrite:
            return ABSENT
        return _WHATEVER if self.expect is None else Expect(etags=frozenset({self.expect}))

    @property
    def root(self) -> Root:
        """The whole filesystem, with these policies."""
        return Root(name="", path="/", on_busy=self.on_busy, journal=self.journal, lease_wait=LEASE_WAIT)

    def compare(self, path: str, etag: str | None) -> None:
        """Raises AlreadyExists or Conflict when ``path``, which holds ``etag``, is not what the caller expects."""
        if self.precondition.holds(etag):
            return
        if not self.overwrite:
            raise AlreadyExists(f"{path} exists already", remedy=_ANOTHER_NAME)
        raise Conflict(
            self.precondition.unmet(path, etag),
            remedy="read the file again, put your change on top of what is there, and save with its etag",
            etag=etag,
        )

    @contextmanager
    def named_conflicts(self) -> Generator[None]:
        """Say AlreadyExists, where a keeper says Conflict of what was not to be there."""
        try:
            yield
        except Conflict as error:
            if self.overwrite:
                raise
            raise AlreadyExists(error.detail, remedy=_ANOTHER_NAME, **error.members) from error


def options(*, expect: str | None, overwrite: bool, journal: str, on_busy: str) -> Options:
    """Options out of what a caller wrote. Raises BadParameter."""
    if expect is not None and not overwrite:
        raise BadParameter("expect and overwrite=False exclude each other", remedy="give one of them")
    return Options(expect, overwrite, _one_of(Journal, journal, "journal"), _one_of(OnBusy, on_busy, "on_busy"))


def _one_of(kind: type[E], value: str, name: str) -> E:
    try:
        return kind(value)
    except ValueError as error:
        raise BadParameter(f"{name}={value!r} is not known", remedy=f"give one of {', '.join(kind)}") from error


def text(path: StrPath) -> str:
    """``path`` as text; bytes that are no UTF-8 as ``os.fsdecode`` has them. Raises NotFound for no path at all."""
    found = os.fsdecode(path)
    if not found:
        raise NotFound("the path is empty", remedy="name a file")
    return found


def absolute(path: str) -> str:
    """``path`` from the root, so that the working directory may change; ``..`` stays, for a link may come before it."""
    if os.path.isabs(path):
        return path
    try:
        return os.path.join(os.getcwd(), path)
    except OSError as error:
        raise NotFound(
            f"{path} is relative to a working directory that is gone", remedy="give an absolute path"
        ) from error


def file_path(path: StrPath) -> str:
    """The same for a file. Raises BadPath for a name that only a directory can have."""
    found = text(path)
    if os.path.basename(found) in {"", ".", ".."}:
        raise BadPath(f"{found!r} names a directory", remedy="name a file")
    return found
