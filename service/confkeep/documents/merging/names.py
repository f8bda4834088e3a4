"""What items of a list are known by, as far as a merge relies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Mapping, Scalar
from confkeep.documents.reading import resolved

if TYPE_CHECKING:
    from confkeep.documents.node import Node
    from confkeep.documents.reading import Reading

#: Another one makes it another item, however alike the rest is, unless all the rest is the same.
_IDENTITIES: Final = ("id", "unique_id")
#: Of these there should not be two; what else ``align`` goes by (``platform``, ``service``) is often there twice.
_NAMES: Final = (*_IDENTITIES, "alias", "name")


def are_different_items(one: Node, other: Node, reading: Reading) -> bool:
    """Whether an identity that both have says so."""
    mine, others = _names(one, _IDENTITIES, reading), _names(other, _IDENTITIES, reading)
    if all(mine[name] == others[name] for name in mine.keys() & others.keys()):
        return False
    rest = _rest(one, reading)
    return not rest or rest != _rest(other, reading)


def _rest(item: Node, reading: Reading) -> dict[int, int]:
    """What is read of ``item`` beside its identities, by fingerprints."""
    item = resolved(item)
    entries = reading.entries(item).items() if isinstance(item, Mapping) else ()
    return {
        number: reading.fingerprint(entry.value)
        for number, entry in entries
        if not (isinstance(entry.key, Scalar) and entry.key.value in _IDENTITIES)
    }


def names_of(item: Node, reading: Reading) -> frozenset[tuple[str, int]]:
    """The names of ``item``: two items that share one are meant to be the same."""
    return frozenset(_names(item, _NAMES, reading).items())


def _names(item: Node, names: tuple[str, ...], reading: Reading) -> dict[str, int]:
    item = resolved(item)
    if not isinstance(item, Mapping):
        return {}
    return {
        key.value: reading.fingerprint(value)
        for key, value in zip(item.keys, item.values, strict=True)
        if isinstance(key, Scalar) and key.value in names and isinstance(resolved(value), Scalar)
    }
