"""Operations on real files: made at random, and each judged by PyYAML's events and by the bytes."""

from __future__ import annotations

import logging
import random
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import yaml

from confkeep.documents.dialect import Dialect
from confkeep.documents.edit import edit
from confkeep.documents.format import Format
from confkeep.documents.patch import Operation
from confkeep.documents.pointer import pointer_of
from confkeep.documents.text import decode
from confkeep.errors import ConfkeepError
from tests.support.events import Branch, Leaf, Star, Tree, Wanted, same, trees

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from confkeep.documents.changes import JsonValue

_log = logging.getLogger(__name__)

KINDS = ("set scalar", "add key", "append", "delete")
VALUES: list[JsonValue] = [
    "on", "17:30:00", "text", "", "a: b", "# no", "two\nlines\n", "ü 😀", " x", "0o7", "=", "- a", "1_000", "it's",
    5, -3, 1.5, 1e30, True, None, [], {}, [1, "two"], {"k": [1, {"on": "off"}]}, "{{ states('x') }}", "2024-01-01",
    "a\\b", "\ttab", "*star", "&and", "!bang", "null", "last \n", "00:11:22:33:44:55", "!secret x", "%", "@at",
]  # fmt: skip


class Spot(NamedTuple):
    """A collection, the pointer to it, and the same of its documents with something put in its place."""

    steps: tuple[str, ...]
    branch: Branch


def spots(roots: list[Tree]) -> list[Spot]:
    """All collections that a pointer reaches and no alias uses."""
    text = [((str(index),) if len(roots) > 1 else (), root) for index, root in enumerate(roots)]
    starred = {star.name for _, root in text for star in _stars(root)}
    return [spot for steps, root in text for spot in _spots(steps, root, starred)]


def _stars(tree: Tree) -> Iterator[Star]:
    if isinstance(tree, Star):
        yield tree
    elif isinstance(tree, Branch):
        for inner in [*(tree.keys or []), *tree.values]:
            yield from _stars(inner)


def _spots(steps: tuple[str, ...], tree: Tree, starred: set[str]) -> Iterator[Spot]:
    if not isinstance(tree, Branch) or tree.anchor in starred:
        return
    yield Spot(steps, tree)
    names = _names(tree)
    for name, value in zip(names, tree.values, strict=True):
        if name is not None and names.count(name) == 1:
            yield from _spots((*steps, name), value, starred)


def _names(branch: Branch) -> list[str | None]:
    if branch.keys is None:
        return [str(index) for index in range(len(branch.values))]
    return [key.value if isinstance(key, Leaf) else None for key in branch.keys]


class Try(NamedTuple):
    """An operation, and how the documents are to be afterwards; ``branch`` is what it changed in them."""

    operation: Operation
    branch: Branch
    at: int
    wanted: Branch


def attempt(  # noqa: C901 - one place for all kinds
    kind: str, found: list[Spot], chance: random.Random
) -> Try | None:
    """An operation of ``kind`` somewhere; None where there is no place for one."""
    starred = {star.name for spot in found for value in spot.branch.values for star in _stars(value)}
    places: list[tuple[Spot, int]] = []
    for spot in found:
        names = _names(spot.branch)
        if (kind == "append" and spot.branch.keys is None) or (kind == "add key" and spot.branch.keys is not None):
            places.append((spot, len(names)))
        elif kind in {"set scalar", "delete"}:
            places += [
                (spot, index)
                for index, (name, value) in enumerate(zip(names, spot.branch.values, strict=True))
                if name is not None
                and names.count(name) == 1
                and not _anchored(value, starred)
                and not (spot.branch.keys is not None and _anchored(spot.branch.keys[index], starred))
                and (kind == "delete" or isinstance(value, Leaf))
            ]
    if not places:
        return None
    spot, index = chance.choice(places)
    keys, values = (None if spot.branch.keys is None else list(spot.branch.keys)), list(spot.branch.values)
    value = chance.choice(VALUES)
    match kind:
        case "delete":
            step, operation = _names(spot.branch)[index] or "", "remove"
            del values[index]
            if keys is not None:
                del keys[index]
        case "set scalar":
            step, operation = _names(spot.branch)[index] or "", "set"
            old = values[index]
            if same(Wanted(value), old):
                value = "another"
            values[index] = Wanted(value)
        case _:
            step = "-" if keys is None else chance.choice(["zz_new", "new key", "off", "12", "x: y"])
            while keys is not None and step in _names(spot.branch):
                step += "_"
            operation = "add"
            values.append(Wanted(value))
            if keys is not None:
                keys.append(Wanted(step))
    path = pointer_of((*spot.steps, step))
    asked = Operation("remove", path) if operation == "remove" else Operation("set", path, value)
    return Try(asked, spot.branch, index, spot.branch._replace(keys=keys, values=values))


def _anchored(tree: Tree, starred: set[str]) -> bool:
    if isinstance(tree, Branch):
        return tree.anchor in starred or any(_anchored(inner, starred) for inner in [*(tree.keys or []), *tree.values])
    return isinstance(tree, Leaf) and tree.anchor in starred


def _put(tree: Tree, branch: Branch, wanted: Branch) -> Tree:
    """``tree`` with ``wanted`` instead of ``branch``."""
    if tree is branch:
        return wanted
    if isinstance(tree, Branch):
        return tree._replace(values=[_put(value, branch, wanted) for value in tree.values])
    return tree


def _fault(kind: str, old: str, new: str, tried: Try, roots: list[Tree]) -> str | None:
    """What is wrong with ``new``."""
    wanted = [_put(root, tried.branch, tried.wanted) for root in roots]
    try:
        found = trees(new)
    except yaml.YAMLError as error:
        return f"does not parse: {error}"
    if len(found) != len(wanted) or not all(same(*pair) for pair in zip(wanted, found, strict=True)):
        return "other events"
    before = _common(old, new)
    behind = min(_common(old[::-1], new[::-1]), len(old) - before, len(new) - before)
    gone = old[before : len(old) - behind]
    match kind:
        case "set scalar":
            leaf = tried.branch.values[tried.at]
            assert isinstance(leaf, Leaf)
            beside = (
                old[before : leaf.start],
                old[leaf.end : len(old) - behind],
            )  # a comment may change its line's place
            if not all(text.strip() in new[before : len(new) - behind] for text in beside):
                return f"bytes lost beside the scalar: {beside}"
        case "add key" | "append":
            if tried.branch.values and gone.strip(" \t\r\n,") not in new[before : len(new) - behind]:
                return f"bytes lost: {gone!r}"
        case _:
            if tried.wanted.values and len(new) - behind - before > 1:
                return f"bytes came: {new[before : len(new) - behind]!r}"
    return None


def _common(one: str, other: str) -> int:
    length = min(len(one), len(other))
    for index in range(length):
        if one[index] != other[index]:
            return index
    return length


def run(files: list[Path], rounds: int) -> tuple[dict[str, Counter[str]], list[str]]:
    """So many operations of each kind for each file."""
    chance = random.Random(9)
    counts = {kind: Counter[str]() for kind in KINDS}
    wrong: list[str] = []
    for path in files:
        data = path.read_bytes()
        try:
            text = decode(data)[0]
            roots = trees(text)
        except (UnicodeDecodeError, yaml.YAMLError):
            continue
        found = spots(roots)
        for kind in KINDS:
            for _ in range(rounds):
                tried = attempt(kind, found, chance)
                if tried is None:
                    break
                try:
                    new = edit(data, (tried.operation,), Format.YAML, Dialect.GENERIC, seconds=60)
                except ConfkeepError as error:
                    counts[kind]["refused"] += 1
                    _log.debug("%s: %s: %s: %s", path.name, tried.operation, type(error).__name__, error)
                    continue
                counts[kind]["done"] += 1
                if (fault := _fault(kind, text, decode(new)[0], tried, roots)) is not None:
                    counts[kind]["wrong"] += 1
                    wrong.append(f"{path.name}: {tried.operation}: {fault}")
    return counts, wrong


def untouched(files: list[Path]) -> int:
    """How many parse; what does is not changed by nothing, nor by values that are there already."""
    parsed = 0
    chance = random.Random(19)
    for path in files:
        data = path.read_bytes()
        try:
            roots = trees(decode(data)[0])
        except (UnicodeDecodeError, yaml.YAMLError):
            continue
        parsed += 1
        places = [
            (pointer_of((*spot.steps, name)), value.value)
            for spot in spots(roots)
            for name, value in zip(_names(spot.branch), spot.branch.values, strict=True)
            if name is not None
            and isinstance(value, Leaf)
            and value.style
            and _names(spot.branch).count(name) == 1
            and value.tag is None
        ]
        asked = tuple(Operation("set", *place) for place in chance.sample(places, min(len(places), 3)))
        assert edit(data, asked, Format.YAML, Dialect.GENERIC, seconds=60) == data
    return parsed
