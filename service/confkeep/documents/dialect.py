"""Who reads a document: which tags it knows, how it reads plain scalars, and what it thinks of duplicate keys."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

_COMPOSE_STEMS: Final = ("compose", "docker-compose")


class Dialect(StrEnum):
    """The readers whose peculiarities confkeep knows. Home Assistant and ESPHome read YAML 1.1 (PyYAML's rules)."""

    GENERIC = "generic"
    HOME_ASSISTANT = "home-assistant"
    ESPHOME = "esphome"
    COMPOSE = "compose"


def dialect_of(name: str) -> Dialect:
    """The dialect that a file name announces: Compose's own names (with overrides), otherwise generic."""
    stem = name.rpartition("/")[2].partition(".")[0]
    return Dialect.COMPOSE if stem in _COMPOSE_STEMS else Dialect.GENERIC
