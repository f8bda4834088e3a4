"""What is due to the user at a moment: what may be found once a crash at that moment was recovered from."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.etag import etag_of

if TYPE_CHECKING:
    from tests.model.outcome import Outcome
    from tests.model.scenarios import Edit

#: The content of each file of a scenario; None where none is.
State = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Due:
    """``allowed``: what the files may hold, together. ``kept``: contents that are in their file or in its history.

    ``saves``: name, old and new content of each save so far: what may have been torn by a crash. ``in_place``: whether
    they can tear at all. ``edited``: what others wrote.
    """

    allowed: frozenset[State]
    kept: frozenset[tuple[str, bytes]]
    saves: tuple[tuple[str, bytes, bytes], ...]
    in_place: bool
    edited: frozenset[tuple[str, bytes | None]] = frozenset()

    def after(self, edit: Edit, *, same_file: bool) -> Due:
        """Somebody edited a file after the crash: that stays.

        Only what looks as if a save in place had been torn may be completed; then it is in the history.
        """
        may_be = {edit.content}
        if self.in_place and same_file and edit.content is not None:
            may_be |= {new for name, old, new in self.saves if name == edit.name and looks_torn(edit.content, old, new)}
        allowed = frozenset(_with(state, edit.name, content) for state in self.allowed for content in may_be)
        kept = self.kept if edit.content is None else self.kept | {(edit.name, edit.content)}
        edited = self.edited | {(edit.name, edit.content)}
        return dataclasses.replace(self, allowed=allowed, kept=kept, edited=edited)

    def repaired(self, name: str, content: bytes) -> Due:
        """A recovery wrote over ``content``: it is in the history."""
        return dataclasses.replace(self, kept=self.kept | {(name, content)})

    def unmet(self, found: Outcome) -> list[str]:
        """What is wrong with what was found, in words."""
        wrong = list(found.wrong)
        if found.state not in self.allowed:
            wrong.append(f"found {_shown(found.state)}, which is none of {[_shown(state) for state in self.allowed]}")
        for name, content in self.kept:
            if dict(found.state).get(name) != content and (name, etag_of(content)) not in found.known:
                wrong.append(f"a content of {name} is lost: {content[:24]!r}, {len(content)} bytes")
        for name, content in found.state:
            if content is None or (name, content) in self.edited:
                continue
            is_saved = any((name, content) == (save[0], save[2]) for save in self.saves)
            if is_saved and (name, etag_of(content)) not in found.applied:
                wrong.append(f"{name} holds what a save wrote, and the history does not say so")
        return wrong


def looks_torn(present: bytes, old: bytes, new: bytes) -> bool:
    """A length between the two, and every byte that of old, of new, or zero."""
    if not min(len(old), len(new)) <= len(present) <= max(len(old), len(new)):
        return False
    return all(byte in {0, *old[at : at + 1], *new[at : at + 1]} for at, byte in enumerate(present))


def _with(state: State, name: str, content: bytes | None) -> State:
    return tuple((each, content if each == name else was) for each, was in state)


def _shown(state: State) -> str:
    return ", ".join(
        f"{name}: " + ("nothing" if content is None else f"{content[:8]!r}…{content[-4:]!r} {len(content)}")
        for name, content in state
    )
