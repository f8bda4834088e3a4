"""Which tags the readers of a dialect know. An unknown one is a warning: tags are how such readers are extended.

Home Assistant: the package annotatedyaml (``loader.py``) and ``!input`` of its blueprints. ESPHome:
``esphome/yaml_util.py``. Compose: ``!reset`` and ``!override`` of the Compose specification ("Merge and override").
Nobody knows what reads a generic document, so nothing is said about its tags.
"""

from __future__ import annotations

from typing import Final

from confkeep.documents.dialect import Dialect

_CORE: Final = "tag:yaml.org,2002:"
_INCLUDES: Final = (
    "!secret",
    "!include",
    "!include_dir_list",
    "!include_dir_merge_list",
    "!include_dir_named",
    "!include_dir_merge_named",
    "!env_var",
)
_STANDARD: Final = frozenset(
    _CORE + name
    for name in "binary bool float int map merge null omap pairs seq set str timestamp value".split()  # noqa: SIM905
)
_KNOWN: Final = {
    Dialect.HOME_ASSISTANT: _STANDARD | {*_INCLUDES, "!input"},
    Dialect.ESPHOME: _STANDARD | {*_INCLUDES, "!lambda", "!extend", "!remove", "!force", "!literal"},
    Dialect.COMPOSE: _STANDARD | {"!reset", "!override"},
}
_READERS: Final = {
    Dialect.HOME_ASSISTANT: "Home Assistant",
    Dialect.ESPHOME: "ESPHome",
    Dialect.COMPOSE: "Docker Compose",
}


def is_known(tag: str, dialect: Dialect) -> bool:
    """Whether a reader of ``dialect`` understands ``tag``; ``!`` alone says no more than "not resolved"."""
    return dialect not in _KNOWN or tag == "!" or tag in _KNOWN[dialect]


def unknown(tag: str, dialect: Dialect) -> str:
    """What is wrong with ``tag``, and the known one that may be meant."""
    shown = tag.replace(_CORE, "!!", 1)
    like = [known for known in _KNOWN[dialect] if known.startswith("!") and known.lower() == tag.lower()]
    remedy = f"write {like[0]}" if like else 'if it is meant as text, put it between quotes: "!..."'
    return f"{_READERS[dialect]} does not know the tag {shown}; {remedy}"
