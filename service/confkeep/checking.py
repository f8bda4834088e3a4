"""The check of a document before it is saved, with a deadline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from confkeep.documents.check import check
from confkeep.documents.dialect import Dialect
from confkeep.errors import InvalidDocument

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Diagnostic
    from confkeep.documents.format import Format

_CHECK_SECONDS: Final = 5.0
_HIDDEN: Final = "what is wrong there is not shown: the file is among the secrets of the settings"


def check_document(
    path: str,
    data: bytes,
    format_: Format | None,
    *,
    dialect: Dialect = Dialect.GENERIC,
    strict: bool,
    secret: bool = False,
) -> tuple[Diagnostic, ...]:
    """What is noteworthy about ``data``, which is to be saved at ``path``. Raises InvalidDocument for an error.

    Its ``diagnostics`` are all that was found, warnings and hints too; none when the check took too long.
    ``secret``: messages say where, and nothing of what is there (keys, anchors).
    """
    if format_ is None:
        return ()
    try:
        found = tuple(check(data, format_, dialect=dialect, strict=strict, seconds=_CHECK_SECONDS))
    except TimeoutError as error:
        raise InvalidDocument(
            f"{path}: the check as {format_.upper()} takes over {_CHECK_SECONDS:g} s of processor time",
            remedy="make the document smaller, or save with validate=off",
            diagnostics=(),
        ) from error
    if secret:
        found = tuple(replace(diagnostic, message=_HIDDEN) for diagnostic in found)
    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    if not errors:
        return found
    first = errors[0]
    line, column = first.range.start.line + 1, first.range.start.character + 1
    raise InvalidDocument(
        f"{path} would not be valid {format_.upper()}: line {line}, column {column}: {first.message}",
        remedy="correct the document, or save with validate=off",
        line=line,
        column=column,
        diagnostics=found,
    )
