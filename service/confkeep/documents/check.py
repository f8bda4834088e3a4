"""Which documents can be checked, and the check."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Diagnostic


class Format(StrEnum):
    """The formats that confkeep can check."""

    YAML = "yaml"


class Validate(StrEnum):
    """How much of a document is checked before it is saved.

    ``syntax``: what no reader could load. ``strict``: also what readers disagree about (duplicate keys).
    """

    OFF = "off"
    SYNTAX = "syntax"
    STRICT = "strict"


_BY_SUFFIX: Final = {".yaml": Format.YAML, ".yml": Format.YAML}


def format_of(name: str) -> Format | None:
    """The format that a file name announces, None where it announces none that we know."""
    _, dot, suffix = name.rpartition(".")
    return _BY_SUFFIX.get((dot + suffix).lower())


def check(data: bytes, format_: Format, *, strict: bool = False, seconds: float) -> list[Diagnostic]:
    """What is wrong with ``data``; valid when nothing of it is an error.

    Raises TimeoutError when the check is not done within ``seconds`` of processor time.
    """
    match format_:
        case Format.YAML:
            from confkeep.documents import yaml

            return yaml.check(data, strict=strict, seconds=seconds)
