"""What a complete check notes about events, beyond that they can be parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from confkeep.documents.dialect import Dialect
from confkeep.documents.yaml import hints, tags
from confkeep.documents.yaml.keys import identity, severity
from confkeep.documents.yaml.scalars import versions

if TYPE_CHECKING:
    from collections.abc import Hashable

    from confkeep.documents.diagnostic import Diagnostic, Severity
    from confkeep.documents.lines import Lines

_MOST_DUPLICATES: Final = 100
_MOST_HINTS: Final = 20
_MOST_TAGS: Final = 20
#: Docker Compose merges the documents of a file; nobody knows what reads a generic one.
_TAKE_ONE_DOCUMENT: Final = {Dialect.HOME_ASSISTANT: "Home Assistant", Dialect.ESPHOME: "ESPHome"}


class Notes:
    """``found`` is what is to be said.

    ``harmless`` are scalars that, as keys, have been looked at already; ``quiet`` those of which nothing is to be said.
    """

    def __init__(self, lines: Lines, dialect: Dialect) -> None:
        self.found: list[Diagnostic] = []
        self.harmless: set[str] = set()
        self.quiet: set[str] = set()
        self.has_aliases = False
        self._lines = lines
        self._dialect = dialect
        self._versions = versions(dialect)
        self._counts: dict[tuple[Severity, str], int] = {}
        self._documents = 0

    def document(self, event: Any) -> None:  # noqa: ANN401 - a DocumentStartEvent
        """One more begins."""
        self._documents += 1
        if self._documents == 2 and self._dialect in _TAKE_ONE_DOCUMENT:  # noqa: PLR2004
            message = f"{_TAKE_ONE_DOCUMENT[self._dialect]} reads files of one document only: remove this '---'"
            self._note("warning", "several-documents", message, event)

    def value(self, event: Any) -> None:  # noqa: ANN401 - a ScalarEvent
        """A scalar whose first character is in ``hints.FIRST``, and which is not ``quiet``."""
        if event.style or event.tag is not None:
            return
        message = None if self._is_enough else hints.surprise(event.value, self._dialect)
        if message is None:
            self.quiet.add(event.value)
        else:
            self._note("hint", "ambiguous-scalar", message, event, _MOST_HINTS)

    def scalar(self, event: Any) -> None:  # noqa: ANN401 - a ScalarEvent
        """Any scalar that is no key."""
        if event.value[:1] in hints.FIRST:
            self.value(event)
        if event.tag is not None:
            self.tag(event)

    @property
    def _is_enough(self) -> bool:
        return self._counts.get(("hint", "ambiguous-scalar"), 0) >= _MOST_HINTS

    def is_odd_key(self, event: Any) -> bool:  # noqa: ANN401 - a ScalarEvent
        """Whether a key, as ``value`` has them, may be the same as one that is written in another way."""
        if event.style:
            return False
        if hints.is_harmless(event.value):
            self.harmless.add(event.value)
            return False
        return True

    def key(self, event: Any, keys: set[Hashable]) -> None:  # noqa: ANN401 - a ScalarEvent
        """A key of the mapping that has ``keys``, compared exactly."""
        identities = [(version, identity(event, version)) for version in self._versions]
        again = [version for version, one in identities if one is not None and one in keys]
        keys.update(one for _, one in identities if one is not None)
        if len(again) == len(self._versions):
            message = f"duplicate key {event.value!r}: most readers keep only the last one"
            self._note(severity(self._dialect), "duplicate-key", message, event, _MOST_DUPLICATES)
        elif again:
            message = (
                f"to readers of YAML {again[0]} the key {event.value!r} is a duplicate: write it as text, in quotes"
            )
            self._note("warning", "duplicate-key", message, event, _MOST_DUPLICATES)
        elif (
            not event.style
            and not self._is_enough
            and (surprise := hints.surprising_key(event.value, self._dialect)) is not None
        ):
            self._note("hint", "ambiguous-scalar", surprise, event, _MOST_HINTS)

    def tag(self, event: Any) -> None:  # noqa: ANN401 - of a node
        """A node with a tag."""
        if not tags.is_known(event.tag, self._dialect):
            self._note("warning", "unknown-tag", tags.unknown(event.tag, self._dialect), event, _MOST_TAGS)

    def too_deep(self, event: Any, message: str) -> None:  # noqa: ANN401 - of a collection
        """The check ends here."""
        self._note("error", "too-deep", message, event)

    def _note(
        self,
        level: Severity,
        code: str,
        message: str,
        event: Any,  # noqa: ANN401 - any event
        most: int = 1,
    ) -> None:
        # Counted by severity too: many warnings must not hide an error.
        count = self._counts[level, code] = self._counts.get((level, code), 0) + 1
        if count <= most:
            self.found.append(self._lines.say(level, code, message, event.start_mark.index, event.end_mark.index))
