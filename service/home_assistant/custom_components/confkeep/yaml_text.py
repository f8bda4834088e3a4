"""The text that is sent: Home Assistant's data, with what its reader has resolved as it was written.

Home Assistant reads ``!include`` as what is in the other file, and would write that. Where the data below a tag is what
was read, the tag is written again.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import yaml

from .sameness import same

_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Final[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
#: A tag of an application (``!include``); ``!!str`` is YAML's own. A match inside of a string does no harm.
_TAG: Final = re.compile(rb"(?<![\w!])!\w")


class Tagged(NamedTuple):
    """A node with an application's tag, unresolved."""

    tag: str
    kind: str
    value: Any


class _Nothing:
    """The value of ``key:``, which is written as nothing.

    Home Assistant takes ``: null`` out of the text that it has made, also where that is in somebody's words.
    """


_NOTHING: Final = _Nothing()


class _RawLoader(_Loader):
    """PyYAML's, as Home Assistant's is; it resolves no tag of an application."""


class _RawDumper(_Dumper):
    """Writes such a node as it was, and what is used twice, twice: never as an anchor."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as it is called
        """Of nothing."""
        return True


def _construct(loader: Any, suffix: str, node: yaml.Node) -> Tagged:
    if isinstance(node, yaml.ScalarNode):
        return Tagged("!" + suffix, "scalar", loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return Tagged("!" + suffix, "sequence", loader.construct_sequence(node, deep=True))
    return Tagged("!" + suffix, "mapping", loader.construct_mapping(node, deep=True))


def _represent(dumper: Any, node: Tagged) -> Any:
    return getattr(dumper, f"represent_{node.kind}")(node.tag, node.value)


_RawLoader.add_multi_constructor("!", _construct)
_RawDumper.add_representer(Tagged, _represent)
_RawDumper.add_representer(_Nothing, lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", ""))


def has_tags(text: bytes) -> bool:
    """Whether there may be a tag of an application in it."""
    return _TAG.search(text) is not None


def raw(text: bytes) -> Any:
    """The data, with ``Tagged`` where Home Assistant would resolve. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=_RawLoader)  # noqa: S506 - a safe one


def dump(data: Any) -> bytes:
    """As Home Assistant writes (homeassistant/util/yaml/dumper.py). Raises yaml.YAMLError for what has no YAML."""
    text: str = yaml.dump(
        _plain(data), Dumper=_RawDumper, default_flow_style=False, allow_unicode=True, sort_keys=False
    )
    return text.encode()


def restored(data: Any, before: Any, written: Any) -> Any:
    """``data`` with what is as ``before`` (as read, tags resolved) replaced by what was ``written`` there."""
    if same(data, before):
        return written
    if isinstance(written, Tagged):
        return data
    if isinstance(data, dict) and isinstance(before, dict) and isinstance(written, dict):
        both = before.keys() & written.keys()
        return {key: restored(data[key], before[key], written[key]) if key in both else data[key] for key in data}
    if (
        isinstance(data, list)
        and isinstance(before, list)
        and isinstance(written, list)
        and len(before) == len(written)
    ):
        return _items(data, before, written)
    return data


def _items(data: list[Any], before: list[Any], written: list[Any]) -> list[Any]:
    """Items are known again by their content, wherever they stand now; a changed one by its place."""
    left = list(range(len(before)))
    found: list[int | None] = []
    for item in data:
        at = next((index for index in left if same(before[index], item)), None)
        found.append(at)
        if at is not None:
            left.remove(at)
    made: list[Any] = []
    for place, (item, at) in enumerate(zip(data, found, strict=True)):
        if at is not None:
            made.append(written[at])
        elif place in left:
            made.append(restored(item, before[place], written[place]))
        else:
            made.append(item)
    return made


def _plain(data: Any) -> Any:
    """Without Home Assistant's own types, and without sharing, which would be written as anchors."""
    if isinstance(data, Tagged):
        return Tagged(data.tag, data.kind, _plain(data.value))
    if isinstance(data, dict):
        return {_plain(key): _NOTHING if value is None else _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(item) for item in data]
    return str(data) if isinstance(data, str) else data
