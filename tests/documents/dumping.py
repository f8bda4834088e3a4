"""What programs do to a document: load it with PyYAML, change the data, dump it; comments and style are gone."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

if TYPE_CHECKING:
    import random

_ATTEMPTS = 50
_FRESH: tuple[Data, ...] = (
    "new text",
    "on",
    "17:30:00",
    42,
    1.5,
    True,
    None,
    ["x", {"y": 1}],
    {"k": "v", "l": ["m"]},
    "a\nb\n",
    {},
    [],
)
Path: TypeAlias = "tuple[Any, ...]"
Data: TypeAlias = "bool | int | float | str | Tagged | MergeKey | list[Data] | dict[Any, Data] | None"
Part: TypeAlias = "list[Data] | dict[Any, Data]"


@dataclass(frozen=True)
class Tagged:
    """A value under a tag that only the program knows, as it was written."""

    tag: str
    value: Data


@dataclass(frozen=True)
class MergeKey:
    """The merge key of ``<<: !include x``: there is nothing yet to be merged."""


class Loader(yaml.CSafeLoader):
    """Keeps tags. A merge key is applied where there is a mapping to merge."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """As PyYAML does, which refuses all others."""
        opaque = [pair for pair in node.value if pair[0].tag == _MERGE and isinstance(pair[1], yaml.ScalarNode)]
        node.value = [pair for pair in node.value if pair not in opaque]
        super().flatten_mapping(node)
        for key, value in opaque:
            node.value.append((yaml.ScalarNode("!merge", key.value), value))


class Dumper(yaml.CSafeDumper):
    """Writes tags again."""


_MERGE = "tag:yaml.org,2002:merge"


def _tagged(loader: Loader, _suffix: str, node: yaml.Node) -> Tagged:
    if isinstance(node, yaml.ScalarNode):
        return Tagged(node.tag, node.value)
    if isinstance(node, yaml.SequenceNode):
        return Tagged(node.tag, loader.construct_sequence(node, deep=True))
    assert isinstance(node, yaml.MappingNode)
    return Tagged(node.tag, loader.construct_mapping(node, deep=True))


def _write(dumper: Dumper, tagged: Tagged) -> yaml.Node:
    if isinstance(tagged.value, dict):
        return dumper.represent_mapping(tagged.tag, tagged.value)
    if isinstance(tagged.value, list):
        return dumper.represent_sequence(tagged.tag, tagged.value)
    return _scalar(dumper, tagged.tag, str(tagged.value))


def _scalar(dumper: Dumper, tag: str, value: str) -> yaml.Node:
    return dumper.represent_scalar(tag, value)  # pyright: ignore[reportUnknownMemberType] - the stubs do not say


def _merge_key(loader: Loader, node: yaml.Node) -> MergeKey:
    return MergeKey()


Loader.add_multi_constructor("!", _tagged)  # pyright: ignore[reportUnknownMemberType] - as above
Loader.add_constructor("!merge", _merge_key)
Dumper.add_representer(Tagged, _write)
Dumper.add_representer(MergeKey, lambda dumper, _: _scalar(dumper, _MERGE, "<<"))


def load(text: str) -> list[Any]:
    """The data of each document. Raises yaml.YAMLError, TypeError or ValueError for what PyYAML cannot hold."""
    return list(yaml.load_all(text, Loader))


def dump(documents: list[Data]) -> str:
    """As Home Assistant dumps."""
    return str(
        yaml.dump_all(
            documents, Dumper=Dumper, default_flow_style=False, allow_unicode=True, sort_keys=False, encoding=None
        )
    )


class Changes:
    """Random changes of ``data``, in place; ``gone`` are the paths, before all changes, of what they took away."""

    def __init__(self, data: Data, numbers: random.Random) -> None:
        self._data = data
        self._numbers = numbers
        self._parts = _parts(data)
        self._paths = {id(part): path for path, part in self._parts}
        self._indexes = {
            id(part): list[int | None](range(len(part))) for _, part in self._parts if isinstance(part, list)
        }
        self._held: list[Any] = []  # so that no id is used twice
        self.gone: list[Path] = []

    def one(self) -> None:
        """One more change, wherever the data has a place for one."""
        places = _parts(self._data)
        for _ in range(_ATTEMPTS if places else 0):
            if self._change(self._numbers.choice(places)[1]):
                return

    def _change(self, part: Part) -> bool:
        numbers = self._numbers
        fresh = copy.deepcopy(numbers.choice(_FRESH))
        self._held.append(fresh)
        keys: list[Any] = list(range(len(part)))
        if isinstance(part, dict):
            keys = [key for key in part if key != MergeKey()]
        kind = numbers.choice(["add", "add", "remove", "replace", "replace", "move"]) if keys else "add"
        key: Any = numbers.choice(keys) if keys else None
        if kind == "add":
            self._add(part, fresh)
        elif kind == "move" and isinstance(part, list):
            at, origin = numbers.randrange(len(part)), self._origin(part)
            part.insert(at, part.pop(key))
            origin.insert(at, origin.pop(key))
            return bool(part[at] != part[key])
        elif kind == "remove":
            self._lose(part, key)
            if isinstance(part, list):
                self._origin(part).pop(key)
            del part[key]
        elif isinstance(part[key], dict | list) or part[key] == fresh:
            return False
        else:
            self._lose(part, key)
            part[key] = fresh
        return True

    def _add(self, part: Part, fresh: Data) -> None:
        if isinstance(part, dict):
            part[f"new_{self._numbers.randrange(1000)}"] = fresh
            return
        at = self._numbers.randint(0, len(part))
        self._origin(part).insert(at, None)
        part.insert(at, fresh)

    def _origin(self, part: list[Data]) -> list[int | None]:
        """Of each item of ``part`` the index that it had in the beginning, None for a new one."""
        return self._indexes.setdefault(id(part), [None] * len(part))

    def _lose(self, part: Part, key: Any) -> None:  # noqa: ANN401
        self._held.append(part[key])
        path = self._paths.get(id(part))
        at = self._origin(part)[int(key)] if isinstance(part, list) else str(key)
        if path is not None and at is not None:
            self.gone.append((*path, at))


def _parts(data: Data) -> list[tuple[Path, Part]]:
    """Every collection in ``data``, once, though it may be shared."""
    found: list[tuple[Path, Part]] = []
    waiting: list[tuple[Path, Data]] = [((), data)]
    seen = set[int]()
    while waiting:
        path, part = waiting.pop()
        if isinstance(part, dict | list) and id(part) not in seen:
            seen.add(id(part))
            found.append((path, part))
            pairs = part.items() if isinstance(part, dict) else enumerate(part)
            waiting += [((*path, key), value) for key, value in pairs]
    return found


def same(one: Data, other: Data) -> bool:
    """Whether they are the same data; unlike ``==``, 1 is neither 1.0 nor true."""
    if isinstance(one, Tagged) and isinstance(other, Tagged):
        return one.tag == other.tag and same(one.value, other.value)
    if isinstance(one, dict) and isinstance(other, dict):
        mine, others = _by_type(one), _by_type(other)
        return mine.keys() == others.keys() and all(same(value, others[key]) for key, value in mine.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))  # noqa: PLR0124 - NaN


def _by_type(data: dict[Any, Data]) -> dict[tuple[str, Any], Data]:
    return {(key.__class__.__name__, key): value for key, value in data.items()}
