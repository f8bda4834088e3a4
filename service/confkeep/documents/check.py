"""The check of a document, whatever its format."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Diagnostic


class Validate(StrEnum):
    """How much of a document is checked before it is saved.

    ``syntax``: what no reader could load is refused. ``strict``: also what some readers refuse, or read in another way
    than others (duplicate keys in YAML, comments in JSON); it also warns of more.
    """

    OFF = "off"
    SYNTAX = "syntax"
    STRICT = "strict"


def check(
    data: bytes, format_: Format, *, dialect: Dialect = Dialect.GENERIC, strict: bool, seconds: float
) -> list[Diagnostic]:
    """What is noteworthy about ``data``, in the order of the text; it is valid when nothing of that is an error.

    ``dialect`` matters to YAML only. ``strict`` also looks for what readers disagree about, where that takes longer or
    is an error to some. Raises TimeoutError when the check is not done within ``seconds`` of processor time.
    """
    match format_:
        case Format.YAML:
            from confkeep.documents.yaml.check import check as check_yaml

            return check_yaml(data, dialect=dialect, strict=strict, seconds=seconds)
        case Format.JSON | Format.JSONC:
            from confkeep.documents.json.check import check as check_json

            return check_json(data, comments=format_ is Format.JSONC, strict=strict, seconds=seconds)
        case Format.TOML:
            from confkeep.documents.toml.check import check as check_toml

            return check_toml(data, seconds=seconds)
        case Format.INI:
            from confkeep.documents.ini import check as check_ini

            return check_ini(data, seconds=seconds)
        case Format.ENV:
            from confkeep.documents.env import check as check_env

            return check_env(data, seconds=seconds)
        case Format.TEXT:
            from confkeep.documents.plain_text import check as check_text

            return check_text(data)
