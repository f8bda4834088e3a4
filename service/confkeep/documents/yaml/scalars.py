"""How readers understand a plain scalar: YAML 1.1 (PyYAML, so Home Assistant) and the core schema of YAML 1.2.

1.1 is what PyYAML's SafeLoader resolves and constructs, which is narrower than the specification of 2005 (``y`` and
``n`` are strings). 1.2 is section 10.3.2 of the specification, with the merge key ``<<`` that its readers kept.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from confkeep.documents.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Version: TypeAlias = Literal["1.1", "1.2"]
Meaning: TypeAlias = "tuple[str, Hashable]"

_MOST_DIGITS: Final = 4300
_ONLY_1_1: Final = {Dialect.HOME_ASSISTANT, Dialect.ESPHOME}


def versions(dialect: Dialect) -> tuple[Version, ...]:
    """The versions that readers of ``dialect`` go by; both where we cannot know."""
    return ("1.1",) if dialect in _ONLY_1_1 else ("1.1", "1.2")


def read(value: str, version: Version) -> Meaning:
    """What ``value``, untagged and plain, is to a reader of ``version``: its type and itself.

    The types are ``null``, ``bool``, ``int``, ``float``, ``str``, ``merge`` (``<<``) and, in 1.1 only, ``date``,
    ``timestamp`` (both as ISO 8601 has them) and ``value`` (``=``: a string as a key, an error to PyYAML elsewhere).
    "Not a number" is the string ``nan``, to be equal to itself; what has a type but no value (``0x_``, the 30th of
    February) stays the text that it is.
    """
    meaning = _WORDS[version].get(value)
    if meaning is not None:
        return meaning
    if value[0] in _FIRST_OF_NUMBERS and (match := _NUMBERS[version](value)) is not None:
        kind = match.lastgroup or "str"
        try:
            return kind.partition("_")[0], _VALUES[kind](value)
        except (ValueError, OverflowError):
            return kind.partition("_")[0], value
    return "str", value


def _cases(words: str, meaning: Meaning) -> dict[str, Meaning]:
    """Each word as it is, capitalised and in capitals, and in no other way."""
    return {form: meaning for word in words.split() for form in (word, word.capitalize(), word.upper())}


def _float(text: str) -> float | str:
    number = float(text.replace("_", ""))
    return number if number == number else "nan"  # noqa: PLR0124 - what is not a number differs from itself


def _special(text: str) -> float | str:
    """``.inf`` and ``.nan``."""
    return _float(text.replace(".", ""))


def _binary(text: str) -> int:
    return int(text.replace("_", "").replace("0b", "", 1), 2)


def _hexadecimal(text: str) -> int:
    return int(text.replace("_", "").replace("0x", "", 1), 16)


def _octal(text: str) -> int:
    return int(text.replace("_", "").replace("o", ""), 8)


def _decimal(text: str) -> int:
    return int(text.replace("_", ""))


def _stay_below_limit(text: str) -> None:
    """The limit that Python itself has for decimal integers: beyond it the time grows with the square."""
    if len(text) > _MOST_DIGITS:
        raise ValueError("too many digits")


def _sexagesimal(text: str) -> int:
    _stay_below_limit(text)
    unsigned = text.replace("_", "").lstrip("+-")
    total = 0
    for part in unsigned.split(":"):
        total = total * 60 + int(part)
    return -total if text[0] == "-" else total


def _sexagesimal_float(text: str) -> float:
    _stay_below_limit(text)
    unsigned = text.replace("_", "").lstrip("+-")
    total, base = 0.0, 1
    for part in reversed(unsigned.split(":")):  # as PyYAML adds them: floats depend on the order
        total += float(part) * base
        base *= 60
    return -total if text[0] == "-" else total


def _date(text: str) -> str:
    return dt.date.fromisoformat(text).isoformat()


_TIMESTAMP: Final = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?"
    r"(?:[ \t]*(Z|([-+])(\d\d?)(?::(\d\d))?))?",
    re.ASCII,
)


def _timestamp(text: str) -> str:
    match = _TIMESTAMP.fullmatch(text)
    assert match is not None  # noqa: S101 - the table of numbers has the same expression
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, zone, sign, hours, minutes = match.groups()[6:]
    microsecond = int((fraction or "")[:6].ljust(6, "0"))
    offset = None if zone is None else dt.UTC
    if sign is not None:
        away = dt.timedelta(hours=int(hours), minutes=int(minutes or 0))
        offset = dt.timezone(-away if sign == "-" else away)
    return dt.datetime(year, month, day, hour, minute, second, microsecond, tzinfo=offset).isoformat()


_NULLS: Final = {"": ("null", None), "~": ("null", None), **_cases("null", ("null", None))}
_MERGE: Final = {"<<": ("merge", "<<")}
_WORDS: Final[dict[Version, dict[str, Meaning]]] = {
    "1.1": {
        **_NULLS,
        **_cases("yes true on", ("bool", True)),
        **_cases("no false off", ("bool", False)),
        **_MERGE,
        "=": ("value", "="),
    },
    "1.2": {**_NULLS, **_cases("true", ("bool", True)), **_cases("false", ("bool", False)), **_MERGE},
}
_FIRST_OF_NUMBERS: Final = frozenset("-+.0123456789")
# The name of the group that matched is the key of _VALUES; what stands before its "_" is the type.
_NUMBERS: Final[dict[Version, Callable[[str], re.Match[str] | None]]] = {
    "1.1": re.compile(
        r"(?P<int_decimal>[-+]?(?:0|[1-9][0-9_]*))"
        r"|(?P<float>[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)"
        r"|(?P<int_sexagesimal>[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)"
        r"|(?P<int_octal>[-+]?0[0-7_]+)"
        r"|(?P<int_hexadecimal>[-+]?0x[0-9a-fA-F_]+)"
        r"|(?P<int_binary>[-+]?0b[01_]+)"
        r"|(?P<float_special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
        r"|(?P<float_sexagesimal>[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)"
        r"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
        r"|(?P<timestamp>[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
        r"(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?)",
        re.ASCII,
    ).fullmatch,
    "1.2": re.compile(
        r"(?P<int_decimal>[-+]?[0-9]+)"
        r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
        r"|(?P<int_octal>0o[0-7]+)"
        r"|(?P<int_hexadecimal>0x[0-9a-fA-F]+)"
        r"|(?P<float_special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))",
        re.ASCII,
    ).fullmatch,
}
_VALUES: Final[dict[str, Callable[[str], Hashable]]] = {
    "int_decimal": _decimal,
    "int_sexagesimal": _sexagesimal,
    "int_octal": _octal,
    "int_hexadecimal": _hexadecimal,
    "int_binary": _binary,
    "float": _float,
    "float_special": _special,
    "float_sexagesimal": _sexagesimal_float,
    "date": _date,
    "timestamp": _timestamp,
}
