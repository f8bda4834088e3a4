"""A JSON object of an answer, read by type. Members that nobody asks for are ignored: a newer daemon has more."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from confkeep.client.problems import ANOTHER
from confkeep.errors import NoDaemon

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Document:
    """Every method raises NoDaemon where the member is missing or of another type: no confkeep answers so."""

    def __init__(self, members: dict[str, Any]) -> None:
        self.members = members

    @classmethod
    def parse(cls, body: bytes) -> Document:
        """The object that ``body`` is."""
        try:
            found = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise _wrong(f"{body[:80]!r} is no JSON") from error
        return cls._of(found, body[:80])

    @classmethod
    def _of(cls, found: object, what: object) -> Document:
        if not isinstance(found, dict):
            raise _wrong(f"{what!r} is no JSON object")
        return cls(cast("dict[str, Any]", found))

    def text(self, name: str) -> str:
        """A string."""
        return self._typed(name, str)

    def number(self, name: str) -> int:
        """A whole number."""
        return self._typed(name, int)

    def flag(self, name: str) -> bool:
        """``true`` or ``false``."""
        return self._typed(name, bool)

    def maybe_text(self, name: str) -> str | None:
        """A string, or None where the member is ``null`` or missing."""
        return None if self.members.get(name) is None else self.text(name)

    def maybe_number(self, name: str) -> int | None:
        """A whole number, or None likewise."""
        return None if self.members.get(name) is None else self.number(name)

    def maybe_flag(self, name: str) -> bool | None:
        """``true`` or ``false``, or None likewise."""
        return None if self.members.get(name) is None else self.flag(name)

    def time(self, name: str) -> datetime:
        """An instant (RFC 3339)."""
        written = self.text(name)
        try:
            return datetime.fromisoformat(written)
        except ValueError as error:
            raise _wrong(f"its {name} {written!r} is no time") from error

    def one(self, name: str) -> Document:
        """An object."""
        return self._of(self.members.get(name), name)

    def maybe(self, name: str, made: Callable[[Document], T]) -> T | None:
        """What is ``made`` of an object, or None likewise."""
        return None if self.members.get(name) is None else made(self.one(name))

    def several(self, name: str) -> tuple[Document, ...]:
        """An array of objects."""
        return tuple(self._of(item, name) for item in self._array(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """An array of strings."""
        return tuple(str(item) for item in self._array(name))

    def _array(self, name: str) -> list[object]:
        return cast("list[object]", self._typed(name, list))

    def _typed(self, name: str, kind: type[T]) -> T:
        found = self.members.get(name)
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise _wrong(f"its {name} is {found!r}")
        return found


def _wrong(what: str) -> NoDaemon:
    return NoDaemon(f"what answers is no confkeep: {what}", remedy=ANOTHER)
