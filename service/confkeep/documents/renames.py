"""Keys of a mapping that have got another name: programs rename, as Home Assistant made ``actions`` of ``action``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Scalar
from confkeep.documents.reading import resolved
from confkeep.documents.splicing.rename import can_rename

if TYPE_CHECKING:
    from confkeep.documents.node import Node
    from confkeep.documents.reading import Entry, Reading

#: Plural and singular: ``entity`` and ``entities``.
_LONGEST_ENDING: Final = 3
#: Pairs of keys that are compared; beyond, only values are.
_MOST_COMPARED: Final = 10_000


def renames(gone: dict[int, Entry], come: dict[int, Entry], reading: Reading) -> dict[int, int]:
    """Which of the keys that come is which of those that are gone.

    Collections whose keys begin alike; and texts and collections that are the same, which no other key has. Numbers and
    switches are the same too often.
    """
    free = {key: entry for key, entry in gone.items() if entry.at is not None and can_rename(entry.key)}
    found: dict[int, int] = {}
    for key, entry in come.items() if len(free) * len(come) <= _MOST_COMPARED else ():
        old = next((one for one, had in free.items() if _alike(had, entry)), None)
        if old is not None:
            found[key] = old
            del free[old]
    mine, others = _by_value(free, reading), _by_value({key: come[key] for key in come if key not in found}, reading)
    found |= {key: mine[value] for value, key in others.items() if value in mine}
    return found


def _alike(old: Entry, new: Entry) -> bool:
    if not isinstance(old.key, Scalar) or not isinstance(new.key, Scalar):
        return False
    if isinstance(resolved(old.value), Scalar) or isinstance(resolved(new.value), Scalar):
        return False
    short, long = sorted((old.key.value, new.key.value), key=len)
    return short[:-1] == long[: len(short) - 1] and 0 < len(long) - len(short) <= _LONGEST_ENDING < len(long)


def _by_value(entries: dict[int, Entry], reading: Reading) -> dict[int, int]:
    """The key of each value that only one entry has."""
    found: dict[int, list[int]] = {}
    for key, entry in entries.items():
        if isinstance(entry.key, Scalar) and _says_something(entry.value, reading):
            found.setdefault(reading.fingerprint(entry.value), []).append(key)
    return {value: keys[0] for value, keys in found.items() if len(keys) == 1}


def _says_something(value: Node, reading: Reading) -> bool:
    value = resolved(value)
    if isinstance(value, Scalar):
        return bool(value.value) and all(kind == "str" for kind, _ in reading.meanings(value))
    return bool(value.values)
