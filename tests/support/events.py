"""YAML judged by PyYAML's events alone, as independent of confkeep's own nodes as can be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import yaml

if TYPE_CHECKING:
    from confkeep.documents.changes import JsonValue


class Leaf(NamedTuple):
    """A scalar; ``start`` and ``end`` are where its text is, and take no part in comparisons (see ``same``)."""

    value: str
    style: str
    tag: str | None
    anchor: str | None
    start: int
    end: int


class Star(NamedTuple):
    """An alias."""

    name: str


class Branch(NamedTuple):
    """A collection: ``keys`` is None for a sequence."""

    keys: list[Tree] | None
    values: list[Tree]
    tag: str | None
    anchor: str | None
    flow: bool


class Wanted(NamedTuple):
    """Whatever spells ``data`` out."""

    data: JsonValue


Tree: TypeAlias = "Leaf | Star | Branch | Wanted"

_PLAIN_1_2 = re.compile(
    r"null|Null|NULL|~||true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


def trees(text: str) -> list[Tree]:
    """One tree a document. Raises yaml.YAMLError."""
    found: list[Tree] = []
    stack: list[tuple[Branch, list[Tree]]] = []
    event: Any
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        made: Tree
        if isinstance(event, yaml.ScalarEvent):
            start, end = event.start_mark, event.end_mark
            assert start is not None
            assert end is not None
            made = Leaf(event.value, event.style or "", event.tag, event.anchor, start.index, end.index)
        elif isinstance(event, yaml.AliasEvent):
            made = Star(event.anchor or "")
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            keys: list[Tree] | None = [] if isinstance(event, yaml.MappingStartEvent) else None
            stack.append((Branch(keys, [], event.tag, event.anchor, bool(event.flow_style)), []))
            continue
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            made, nodes = stack.pop()
            if made.keys is None:
                made.values.extend(nodes)
            else:
                made.keys.extend(nodes[::2])
                made.values.extend(nodes[1::2])
        else:
            continue
        (stack[-1][1] if stack else found).append(made)
    return found


def same(wanted: Tree, found: Tree) -> bool:
    """Whether ``found`` is what is ``wanted``, apart from where it stands."""
    if isinstance(wanted, Wanted):
        return spells(found, wanted.data)
    if isinstance(wanted, Leaf):
        return isinstance(found, Leaf) and wanted[:4] == found[:4]
    if isinstance(wanted, Star) or not isinstance(found, Branch):
        return wanted == found
    if (wanted.keys is None) != (found.keys is None) or len(wanted.values) != len(found.values):
        return False
    if (wanted.tag, wanted.anchor) != (found.tag, found.anchor):
        return False
    pairs = [*zip(wanted.keys or [], found.keys or [], strict=True), *zip(wanted.values, found.values, strict=True)]
    return all(same(*pair) for pair in pairs)


def spells(found: Tree, data: JsonValue) -> bool:
    """Whether PyYAML, and a reader that goes by the core schema of YAML 1.2, both read ``data``."""
    if isinstance(found, Branch):
        if isinstance(data, dict) and found.keys is not None:
            return len(data) == len(found.keys) and all(
                spells(key, name) and spells(value, data[name])
                for key, value, name in zip(found.keys, found.values, data, strict=True)
            )
        return (
            isinstance(data, list)
            and found.keys is None
            and len(data) == len(found.values)
            and all(spells(value, item) for value, item in zip(found.values, data, strict=True))
        )
    if not isinstance(found, Leaf) or isinstance(data, list | dict):
        return False
    if found.style:
        return found.value == data
    loaded = _plain_1_1(found.value)
    if isinstance(data, str):
        return found.value == data and loaded == data and not _PLAIN_1_2.fullmatch(data)
    return type(loaded) is type(data) and bool(loaded == data) and bool(_PLAIN_1_2.fullmatch(found.value))


def _plain_1_1(text: str) -> object:
    """What PyYAML makes of a plain scalar; the text where it cannot make anything of it."""
    loader: Any = yaml.SafeLoader("")
    tag: str = loader.resolve(yaml.ScalarNode, text, (True, False))
    try:
        return loader.construct_object(yaml.ScalarNode(tag, text))
    except (yaml.YAMLError, ValueError):
        return text
