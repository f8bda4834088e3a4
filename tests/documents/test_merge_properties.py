"""Laws of the merge, over documents made at random."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from random import Random
from typing import TYPE_CHECKING, Any, Final, cast

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.documents.merge import Labels, Merged, merge
from tests.documents.merging.automations import Automation, World, written
from tests.documents.odd_yaml import text as odd_text

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEEDS: Final = st.integers(0, 1 << 40)
_FORMATS: Final = st.sampled_from([None, *Format])
_COMMENT: Final = re.compile(rb"# (?:about|why) \w+")


def _merged(three: Sequence[bytes], format_: Format | None = Format.YAML) -> Merged:
    base, mine, theirs = three
    return merge(base, mine, theirs, format_, Dialect.HOME_ASSISTANT, labels=Labels(), seconds=60)


def _odd(seed: int) -> bytes:
    return odd_text(Random(seed)).encode()


def _read(data: bytes) -> list[dict[str, Any]]:
    return yaml.safe_load(data) or []


@given(st.binary(max_size=60) | _SEEDS.map(_odd), st.binary(max_size=60) | _SEEDS.map(_odd), _FORMATS)
def test_what_one_side_did_is_the_merge(base: bytes, side: bytes, format_: Format | None) -> None:
    """Byte for byte, also when both did it, whatever the bytes are."""
    for three in ((base, side, base), (base, base, side), (base, side, side)):
        found = _merged(three, format_)
        assert (found.data, found.conflicts) == (side, 0)


@settings(max_examples=150)
@given(st.lists(_SEEDS.map(_odd) | st.binary(max_size=30), min_size=3, max_size=3), _FORMATS)
def test_any_three_texts_are_merged_or_marked(three: list[bytes], format_: Format | None) -> None:
    """Nothing is raised; as many places are marked as are said; marked or not, each side's lines are there."""
    found = _merged(three, format_)
    assert found.data.count(b"<<<<<<< mine") == found.data.count(b">>>>>>> theirs") == found.conflicts
    if found.conflicts and b"\x00" not in b"".join(three):
        base = set(three[0].split(b"\n"))
        for side in three[1:]:
            assert {line.rstrip(b"\r") for line in set(side.split(b"\n")) - base} <= {
                line.rstrip(b"\r") for line in found.data.split(b"\n")
            }


@settings(max_examples=150)
@given(_SEEDS, st.sampled_from(["\n", "\n", "\r\n"]))
def test_independent_changes_are_all_there(seed: int, newline: str) -> None:
    """Two people changed different automations, each may have added some: merged with all of it, or marked."""
    found, other, base, wanted = _independent(seed, newline)
    for merged in (found, other):
        if not merged.conflicts:
            assert _by_id(_read(merged.data)) == _by_id([one.data for one in wanted])
            assert set(_COMMENT.findall(merged.data)) >= set(_COMMENT.findall(written(wanted)))
            kept = [one.data["id"] for one in base if one in wanted]
            assert [one["id"] for one in _read(merged.data) if one["id"] in kept] == kept


def test_independent_changes_are_hardly_ever_marked() -> None:
    """Nearly always both win; what is marked would have lost a comment."""
    marked = [seed for seed in range(200) if any(one.conflicts for one in _independent(seed, "\n")[:2])]
    assert len(marked) <= 4


def _independent(seed: int, newline: str) -> tuple[Merged, Merged, list[Automation], list[Automation]]:
    """The merge, the merge with the sides exchanged, the base, and what both sides want."""
    world = World(seed)
    base = [world.automation() for _ in range(world.random.randint(1, 6))]
    numbers = [one.number for one in base]
    may = set(world.random.sample(numbers, world.random.randint(0, len(numbers))))
    mine, theirs = world.edited(base, may), world.edited(base, set(numbers) - may)
    texts = [written(automations, newline) for automations in (base, mine, theirs)]
    wanted = _both(base, mine, theirs, may)
    return _merged(texts), _merged([texts[0], texts[2], texts[1]]), base, wanted


def _both(base: list[Automation], mine: list[Automation], theirs: list[Automation], may: set[int]) -> list[Automation]:
    """Each automation as the one who may change it has it, if both kept it; and what is new."""
    numbers = {one.number for one in base}
    others = {one.number: one for one in theirs}
    kept = [one if one.number in may else others[one.number] for one in mine if one.number in numbers & others.keys()]
    return kept + [one for one in (*mine, *theirs) if one.number not in numbers]


def _by_id(automations: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {one["id"]: one for one in automations}
    assert len(found) == len(automations), "an automation is there twice"
    return found


@given(_SEEDS, st.sampled_from(["change", "remove"]))
def test_a_contradiction_is_marked(seed: int, kind: str) -> None:
    """Both changed one value differently, or one removed what the other changed: marked, and both are to be seen."""
    world = World(seed)
    base = [world.automation() for _ in range(world.random.randint(1, 5))]
    at = world.random.randrange(len(base))
    untouched = {one.number for n, one in enumerate(base) if n != at}
    mine, theirs = deepcopy(base), deepcopy(base)
    mine[at].data["alias"] = "changed-by-mine"
    if kind == "change":
        theirs[at].data["alias"] = "changed-by-theirs"
    else:
        del theirs[at]
    theirs = world.edited(theirs, untouched)
    for three in ((base, mine, theirs), (base, theirs, mine)):
        found = _merged([written(automations) for automations in three])
        assert found.conflicts > 0
        assert found.data.count(b"<<<<<<< mine") == found.conflicts
        assert b"changed-by-mine" in found.data
        assert kind == "remove" or b"changed-by-theirs" in found.data


_TREES: Final[st.SearchStrategy[Any]] = st.recursive(
    st.sampled_from([1, 2, "x", "on", True, None, [1, 2]]),
    lambda parts: st.dictionaries(st.sampled_from("abcd"), parts, max_size=4),
    max_leaves=12,
)
_MAPS: Final[st.SearchStrategy[Any]] = st.dictionaries(st.sampled_from("abcd"), _TREES, min_size=1, max_size=4)


@st.composite
def _edits(draw: st.DrawFn) -> list[Any]:
    """A map of maps, and two edits of it."""
    base = draw(_MAPS)
    three = [base, deepcopy(base), deepcopy(base)]
    for side in three[1:]:
        for _ in range(draw(st.integers(1, 3))):
            at: Any = side
            key = draw(st.sampled_from("abcd"))
            while isinstance(at.get(key), dict) and draw(st.booleans()):
                at, key = at[key], draw(st.sampled_from("abcd"))
            at.pop(key, None)
            if draw(st.booleans()):
                at[key] = draw(_TREES)
    return three


class _Contradiction(Exception):
    pass


def _model(base: Any, mine: Any, theirs: Any) -> Any:  # noqa: ANN401
    """The merge of data, by the book; absent parts are Ellipsis."""
    if _same(mine, theirs) or _same(base, mine):
        return theirs
    if _same(base, theirs):
        return mine
    if not all(isinstance(one, dict) for one in (base, mine, theirs)):
        raise _Contradiction
    keys = dict.fromkeys([*theirs, *mine])
    parts = {key: _model(*(one.get(key, ...) for one in (base, mine, theirs))) for key in keys}
    return {key: part for key, part in parts.items() if part is not ...}


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401
    return repr(_sorted(one)) == repr(_sorted(other))


def _sorted(data: Any) -> Any:  # noqa: ANN401
    """So that the order of keys says nothing, and ``1`` is not ``True``."""
    if not isinstance(data, dict):
        return data
    return {key: _sorted(part) for key, part in sorted(cast("dict[str, Any]", data).items())}


@settings(max_examples=200)
@given(_edits(), st.sampled_from([None, False, True]))
def test_nested_maps_are_merged_by_the_book(three: list[Any], flow: bool | None) -> None:  # noqa: FBT001
    """By keys, however deep: what the model merges is merged to the same, what it does not is marked."""
    base, mine, theirs = three = json.loads(json.dumps(three))  # what is there twice is no anchor
    texts = [yaml.safe_dump(one, default_flow_style=flow, sort_keys=False).encode() for one in three]
    found = _merged(texts)
    try:
        wanted = _model(base, mine, theirs)
    except _Contradiction:
        assert found.conflicts > 0
    else:
        assert found.conflicts == 0
        assert _same(yaml.safe_load(found.data), wanted)
