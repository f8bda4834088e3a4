"""Which document a local file is: its format, and who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse

    from confkeep.documents.dialect import Dialect
    from confkeep.documents.format import Format

#: Of processor time, for each step; a daemon's own limits are settings of it.
SECONDS: Final = 30.0


def add_kind(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    from confkeep.documents.dialect import Dialect
    from confkeep.documents.format import Format

    parser.add_argument(
        "--as", dest="as_", choices=list(map(str, Format)), help="the format; default: as the name says"
    )
    parser.add_argument(
        "--dialect", choices=list(map(str, Dialect)), help="who reads it; default: as the name says, or generic"
    )


def kind_of(options: argparse.Namespace, name: str) -> tuple[Format | None, Dialect]:
    """What was asked for, or else what ``name`` announces."""
    from confkeep.documents.dialect import Dialect, dialect_of
    from confkeep.documents.format import Format, format_of

    format_ = Format(options.as_) if options.as_ else format_of(name)
    return format_, Dialect(options.dialect) if options.dialect else dialect_of(name)
