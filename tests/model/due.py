"""What is due to the user at a moment: what may be found once a crash at that moment was recovered from."""

from __future__ import annotations

import dataclasses
import itertools
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

    ``saves``: name, old and new content of each save so far; ``in_place``: the files that one of them may have torn.
    ``edited``: what others wrote.
    """

    allowed: frozenset[State]
    kept: frozenset[tuple[str, bytes]]
    saves: tuple[tuple[str, bytes | None, bytes | None], ...]
    in_place: frozenset[str]
    edited: frozenset[tuple[str, bytes | None]] = frozenset()

    def after(self, edit: Edit, *, same_file: bool) -> Due:
        """Somebody edited a file: that stays, and of files that were saved together each is old or new from then on.

        Only what looks as if a save in place had been torn may be completed; or, of several files, what looks as if
        its save had not begun. It is in the history.
        """
        may_be = {edit.content}
        for name, old, new in self.saves:
            if name == edit.name and self._may_be_ours(edit, old, new, same_file=same_file):
                may_be |= {old, new}
        names = [name for name, _ in next(iter(self.allowed))]
        values = [may_be if name == edit.name else {dict(state)[name] for state in self.allowed} for name in names]
        allowed = frozenset(tuple(zip(names, each, strict=True)) for each in itertools.product(*values))
        kept = self.kept if edit.content is None else self.kept | {(edit.name, edit.content)}
        edited = self.edited | {(edit.name, edit.content)}
        return dataclasses.replace(self, allowed=allowed, kept=kept, edited=edited)

    def _may_be_ours(self, edit: Edit, old: bytes | None, new: bytes | None, *, same_file: bool) -> bool:
        several = len(next(iter(self.allowed))) > 1
        if several and edit.content in {old, new}:
            return True
        if edit.content is None or old is None or new is None or edit.content in {old, new}:
            return False
        return edit.name in self.in_place and same_file and looks_torn(edit.content, old, new)

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
        for name, held in found.state:
            if held is None or (name, held) in self.edited:
                continue
            is_saved = any((name, held) == (save[0], save[2]) for save in self.saves)
            if is_saved and (name, etag_of(held)) not in found.applied:
                wrong.append(f"{name} holds what a save wrote, and the history does not say so")
        return wrong


def looks_torn(present: bytes, old: bytes, new: bytes) -> bool:
    """A length between the two, and every byte that of old, of new, or zero."""
    if not min(len(old), len(new)) <= len(present) <= max(len(old), len(new)):
        return False
    return all(byte in {0, *old[at : at + 1], *new[at : at + 1]} for at, byte in enumerate(present))


def _shown(state: State) -> str:
    return ", ".join(
        f"{name}: " + ("nothing" if content is None else f"{content[:8]!r}…{content[-4:]!r} {len(content)}")
        for name, content in state
    )
