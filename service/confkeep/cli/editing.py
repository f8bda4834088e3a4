"""An edit from the first look to the save, with what may come in between: a mistake, or somebody else's edit."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

from confkeep.cli import difference, saving
from confkeep.cli.dialogue import Answer, choose
from confkeep.cli.draft import Draft
from confkeep.cli.editor import edit
from confkeep.cli.merge import three_way
from confkeep.errors import Conflict, Forbidden, InvalidDocument, NotFound, Refused
from confkeep.expect import ABSENT, Expect

if TYPE_CHECKING:
    import argparse

    from confkeep.client import Client, Content, Refusal, Saved
    from confkeep.errors import ConfkeepError

_MARKER: Final = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)


class Editing:
    """``_base`` is what was in the file when it was last looked at, and what a save replaces."""

    def __init__(self, client: Client, root: str, path: str, options: argparse.Namespace) -> None:
        self._client = client
        self._root = root
        self._path = path
        self._options = options
        self._base: Content | None = None
        self._validate: str | None = options.validate
        self._is_marked = False

    def saved(self) -> Saved | None:
        """What became of the save; None where nothing was changed.

        Raises the error of a save that was given up, all others at once, and Refused before anybody types.
        """
        opened = self._client.open(self._root, self._path)
        if opened.verdict.refusal is not None:
            raise _refused(opened.verdict.refusal)
        self._base = opened.content
        with Draft(self._path.rpartition("/")[2], _data(opened.content)) as draft:
            edit(draft.path)
            while (mine := draft.read()) != _data(self._base):
                try:
                    return self._save(mine)
                except InvalidDocument as error:
                    self._correct(draft, error)
                except Conflict as error:
                    self._settle(draft, mine, error)
        return None

    def _save(self, mine: bytes) -> Saved:
        if self._is_marked and _MARKER.search(mine):
            raise InvalidDocument("marks of conflicts are still in it", remedy="choose, and remove these lines")
        expect = ABSENT if self._base is None else Expect(etags=frozenset({self._base.etag}))
        asked: dict[str, Any] = {**saving.manner(self._options), "validate": self._validate}
        return self._client.save(self._root, self._path, mine, expect=expect, **asked)

    def _correct(self, draft: Draft, error: InvalidDocument) -> None:
        """Raise ``error`` when it is given up."""
        saving.print_diagnostics(error.members.get("diagnostics", []))
        match choose(error.detail, Answer.AGAIN, Answer.ANYWAY):
            case Answer.AGAIN:
                edit(draft.path)
                self._validate = self._options.validate
            case Answer.ANYWAY:
                self._validate, self._is_marked = "off", False
            case _:
                raise error

    def _settle(self, draft: Draft, mine: bytes, error: Conflict) -> None:
        """Raise ``error`` when it is given up; what the others did is shown, and it is that which is overwritten."""
        from confkeep.documents.unified import unified

        theirs = self._present()
        diff = unified(_data(self._base), _data(theirs), "what you began with", "what is there now")
        difference.show(diff, sys.stderr)
        match choose("the file has changed meanwhile, as shown", Answer.MERGE, Answer.AGAIN, Answer.OVERWRITE):
            case Answer.MERGE:
                self._merge(draft, mine, theirs)
            case Answer.AGAIN:
                edit(draft.path)
            case Answer.OVERWRITE:
                self._base = theirs
            case _:
                raise error

    def _merge(self, draft: Draft, mine: bytes, theirs: Content | None) -> None:
        merged = three_way(self._options, self._path, _data(self._base), mine, _data(theirs))
        draft.write(merged.data)
        self._base = theirs
        if merged.conflicts:
            print(f"{merged.conflicts} conflicts, marked in the text", file=sys.stderr)
            self._is_marked = True
            edit(draft.path)

    def _present(self) -> Content | None:
        try:
            return self._client.read(self._root, self._path)
        except NotFound:
            return None


def _data(content: Content | None) -> bytes:
    return b"" if content is None else content.data


def _refused(refusal: Refusal) -> ConfkeepError:
    kinds: list[type[ConfkeepError]] = [Forbidden, NotFound, *Refused.__subclasses__()]
    kind = next((kind for kind in kinds if kind.slug == refusal.slug), Refused)
    return kind(refusal.reason, remedy=refusal.remedy, rule=refusal.rule, evidence=refusal.evidence)
