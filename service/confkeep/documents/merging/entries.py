"""The merge of three mappings, entry by entry. Their order is no data: theirs stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.changes import Add, Remove
from confkeep.documents.node import Mapping

if TYPE_CHECKING:
    from confkeep.documents.merging.data import DataMerge
    from confkeep.documents.node import Node
    from confkeep.documents.reading import Reading

_MERGE_KEY: Final = -1  # no fingerprint


def merged_entries(way: DataMerge, base: Mapping, mine: Mapping, theirs: Mapping) -> Mapping | None:
    """The merge; None where a key is there twice, so that its place says nothing."""
    keys = [_keys(mapping, way.reading) for mapping in (base, mine, theirs)]
    if None in keys:
        return None
    of_base, of_mine, of_theirs = (found or {} for found in keys)
    merge = Mapping(theirs.start, theirs.end, theirs.flow, theirs.tag, theirs.anchor)
    for key, index in of_theirs.items():
        value = _of_theirs(way, theirs, index, _value(base, of_base.get(key)), _value(mine, of_mine.get(key)))
        if value is not None:
            merge.keys.append(theirs.keys[index])
            merge.values.append(value)
    places = _behind_new(of_theirs, of_base, of_mine)
    after = -1  # the entry of theirs behind which a new one of mine comes
    for key, index in of_mine.items():
        if key in of_theirs:
            after = of_theirs[key]
        elif key in of_base:
            _removed_by_theirs(way, base.values[of_base[key]], mine.values[index])
        else:
            _add(way, theirs, places[after + 1], mine, index)
            merge.keys.append(mine.keys[index])
            merge.values.append(mine.values[index])
    return merge


def _keys(mapping: Mapping, reading: Reading) -> dict[int, int] | None:
    """The index of each key as it is read; None where one is there twice."""
    found = {
        _MERGE_KEY if reading.is_merge(key) else reading.fingerprint(key): index
        for index, key in enumerate(mapping.keys)
    }
    return found if len(found) == len(mapping.keys) else None


def _value(mapping: Mapping, index: int | None) -> Node | None:
    return None if index is None else mapping.values[index]


def _of_theirs(way: DataMerge, theirs: Mapping, index: int, base: Node | None, mine: Node | None) -> Node | None:
    """What becomes of an entry that theirs has; None when it goes."""
    value = theirs.values[index]
    if base is not None and mine is not None:
        return way.merged(base, mine, value, theirs, index)
    if mine is not None:
        if not way.same(mine, value):
            way.disagree(None, mine, value)
        return value
    if base is None:
        return value
    if not way.same(base, value):
        way.disagree(base, None, value)
    way.changes.append(Remove(theirs, index))
    return None


def _removed_by_theirs(way: DataMerge, base: Node, mine: Node) -> None:
    if not way.same(base, mine):
        way.disagree(base, mine, None)


def _behind_new(of_theirs: dict[int, int], of_base: dict[int, int], of_mine: dict[int, int]) -> list[int]:
    """For each place of theirs, the place behind what only theirs has put there: theirs first, then mine."""
    places = [len(of_theirs)] * (len(of_theirs) + 1)
    for key, index in reversed(of_theirs.items()):
        places[index] = places[index + 1] if key not in of_base and key not in of_mine else index
    return places


def _add(way: DataMerge, theirs: Mapping, index: int, mine: Mapping, at: int) -> None:
    way.changes.append(Add(theirs, index, way.of_mine(mine.keys[at]), way.of_mine(mine.values[at])))
