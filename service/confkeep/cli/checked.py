"""The check of one local file, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.cli import given
from confkeep.cli.extra import needed_by
from confkeep.cli.kind import SECONDS, kind_of
from confkeep.errors import BadParameter, ConfkeepError, InvalidDocument

if TYPE_CHECKING:
    import argparse

    from confkeep.documents.diagnostic import Diagnostic
    from confkeep.documents.dialect import Dialect
    from confkeep.documents.format import Format


@dataclass(frozen=True, slots=True)
class Checked:
    """``error``: why nothing can be said of the file, which is neither valid nor invalid then."""

    name: str
    format_: Format | None = None
    dialect: Dialect | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    error: ConfkeepError | None = None

    def count(self, severity: str) -> int:
        """How many diagnostics have it."""
        return sum(found.severity == severity for found in self.diagnostics)


def check_file(options: argparse.Namespace, given_name: str) -> Checked:
    """The complete check of a file, or of standard input, which ``--name`` names. Never raises ConfkeepError."""
    name = options.name if given_name == given.STDIN and options.name else given.shown(given_name)
    try:
        return _check(options, given_name, name)
    except ConfkeepError as error:
        return Checked(name, error=error)


def _check(options: argparse.Namespace, given_name: str, name: str) -> Checked:
    from confkeep.documents.check import check

    data = given.document(given_name)
    format_, dialect = kind_of(options, name)
    if format_ is None:
        raise BadParameter(f"{name}: the name does not say which format it is", remedy="say it with --as, such as yaml")
    try:
        with needed_by(f"the check of {format_.upper()}"):
            found = check(data, format_, dialect=dialect, strict=True, seconds=SECONDS)
    except TimeoutError as error:
        raise InvalidDocument(
            f"{name}: the check as {format_.upper()} takes over {SECONDS:g} s of processor time",
            remedy="make the document smaller",
        ) from error
    return Checked(name, format_, dialect, tuple(found))
