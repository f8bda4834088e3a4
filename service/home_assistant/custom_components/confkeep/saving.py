"""The saves of Home Assistant's own editor: through confkeep, and where that is not reached, as ever.

An edit is of one entry, and of the version of it that its client was shown. Where somebody else has changed the same
entry since, confkeep merges both, or the save is refused; what others did to other entries always stays.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from . import refusals
from .client import Interrupted, NotReached, Problem
from .const import LOGGER
from .edit import content_of, etag_of
from .entries import entry_of, name_of, with_entry
from .places import NoPlace
from .seen import Seen, Shown
from .yaml_text import dump, has_tags, raw, restored

if TYPE_CHECKING:
    from collections.abc import Callable

    from .client import Address, Answer, Client
    from .edit import Edit
    from .places import Places

    #: Home Assistant's own (``_write``): a path, and the data of the whole file.
    Write: TypeAlias = Callable[[str, Any], None]

_ATTEMPTS: Final = 25
#: How long a daemon that went away in the middle is given to come back, and how often it is asked.
_BACK_WITHIN_S: Final = 5.0
_AGAIN_AFTER_S: Final = 0.25
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_CHANGED_SINCE: Final = 412
_MESSAGE_LENGTH: Final = 200

_CHANGED: Final = (
    "{what} was changed by somebody else after this page had loaded it, so nothing was saved{why}. Keep a copy of "
    "what you changed, reload the page, and make your change again."
)
_INTERRUPTED: Final = (
    "confkeep stopped answering while it saved {what} ({error}). Nothing is lost: when it is started again it "
    "completes the save or undoes it. Then reload this page, look, and save again if need be."
)
_NOT_SEEN: Final = (
    "{what} was saved, but Home Assistant does not see it: its container holds on to an older file that was mounted on "
    "its own and has been replaced on the host. Restart the container of Home Assistant; better mount the directory."
)
_NEITHER: Final = "{what} was not saved: {error}. Without confkeep Home Assistant cannot save this file ({reason})."


class Saving:
    """One for all files."""

    def __init__(self, client: Client, places: Places, write: Write) -> None:
        self.seen = Seen()
        self._client = client
        self._places = places
        self._write = write

    def save(self, path: str, data: Any, edit: Edit | None) -> None:
        """Write the file. Raises an answer for the page (aiohttp.web.HTTPException) when it is not written."""
        entry = None if edit is None else entry_of(data, edit.key)
        what = os.path.basename(path) if edit is None else name_of(entry or edit.entry, edit.key)
        older = None if edit is None else self._older(path, edit)
        try:
            merged = self._through(path, data, edit, older, what)
        except (NotReached, NoPlace) as error:
            if older is not None:
                raise refusals.conflict(_CHANGED.format(what=what, why="")) from error
            self._own(path, data, what, error)
            merged = False
        except Problem as error:
            self._places.forget()
            raise refusals.refused(error, what) from error
        except Interrupted as error:
            raise refusals.not_saved(_INTERRUPTED.format(what=what, error=error)) from error
        if edit is not None:
            text = None if merged else content_of(path)
            self.seen.remember(edit.client, path, edit.key, Shown(entry, etag_of(text), text))

    def _older(self, path: str, edit: Edit) -> Shown | None:
        """What the client was shown, if the entry is not like that any more."""
        shown = self.seen.of(edit.client, path, edit.key)
        if shown is None or shown.entry == edit.entry:
            return None
        return shown

    def _through(self, path: str, data: Any, edit: Edit | None, older: Shown | None, what: str) -> bool:
        """Save it through confkeep; whether what others did is merged into it."""
        address = self._places.address(path)
        message = _message(what, edit)
        if older is not None and edit is not None:
            if older.text is None or older.etag is None:
                raise refusals.conflict(_CHANGED.format(what=what, why=""))
            body = dump(_edited(older, data, edit.key))
            etag, merged = self._merged(address, body, older.etag, what, message), True
        else:
            text = content_of(path) if edit is None else edit.text
            body = dump(_as_written(data, edit))
            etag, merged = self._put(address, body, etag_of(text), what, message)
        self._check_seen(path, address, etag, what)
        return merged

    def _put(self, address: Address, body: bytes, base: str | None, what: str, message: str) -> tuple[str | None, bool]:
        query = {"keep": "comments", "message": message}
        try:
            return self._again("PUT", address, body, query, base).etag, False
        except Problem as error:
            if error.status != _CHANGED_SINCE or base is None:
                raise
        return self._merged(address, body, base, what, message), True

    def _merged(self, address: Address, body: bytes, base: str, what: str, message: str) -> str | None:
        """Save what both made of ``base``, and the etag of that."""
        for _ in range(_ATTEMPTS):
            try:
                merged = self._client.ask("POST", address.at("merge"), body, query={"base": base, "keep": "comments"})
            except Problem as error:
                if error.status not in {_CONFLICT, _NOT_FOUND}:
                    raise
                why = ": both of you changed the same" if error.status == _CONFLICT else ""
                raise refusals.conflict(_CHANGED.format(what=what, why=why)) from error
            try:
                return self._again("PUT", address, merged.body, {"message": message}, merged.etag).etag
            except Problem as error:
                if error.status != _CHANGED_SINCE:
                    raise
        raise refusals.conflict(_CHANGED.format(what=what, why=", again and again"))

    def _again(self, method: str, address: Address, body: bytes, query: dict[str, str], base: str | None) -> Answer:
        """Ask it; once more where no answer comes: with the etag of before, a save finds its own result (docs/api.md).

        Raises NotReached only while nothing can have been written.
        """
        target = address.at("files")
        try:
            return self._client.ask(method, target, body, query=query, match=base, absent=base is None)
        except Interrupted as error:
            last = error
        until = time.monotonic() + _BACK_WITHIN_S
        while time.monotonic() < until:
            time.sleep(_AGAIN_AFTER_S)
            try:
                return self._client.ask(method, target, body, query=query, match=base, absent=base is None)
            except NotReached:
                continue
            except Interrupted as error:
                last = error
        raise last

    def _check_seen(self, path: str, address: Address, etag: str | None, what: str) -> None:
        """A container that mounts a single file keeps the old one when it is replaced on the host (facts.md §4)."""
        if etag_of(content_of(path)) == etag:
            return
        there = self._client.ask("GET", address.at("stat")).json()
        if there["etag"] == etag and etag_of(content_of(path)) != etag:  # nobody else has saved meanwhile
            raise refusals.failed(_NOT_SEEN.format(what=what))

    def _own(self, path: str, data: Any, what: str, error: Exception) -> None:
        LOGGER.warning("%s is saved without confkeep: %s", path, error)
        try:
            self._write(path, data)
        except Exception as own:
            raise refusals.failed(_NEITHER.format(what=what, error=error, reason=own)) from own


def _message(what: str, edit: Edit | None) -> str:
    text = f"Home Assistant: {what}" if edit is None else f"Home Assistant: {what} by {edit.by}"
    return " ".join(text.split())[:_MESSAGE_LENGTH]


def _as_written(data: Any, edit: Edit | None) -> Any:
    """The data, with the tags that Home Assistant has resolved."""
    if edit is None or edit.text is None or edit.data is None:
        return data
    return restored(data, edit.data, raw(edit.text))


def _edited(older: Shown, data: Any, key: str) -> Any:
    """The older version of the file with the edit in it, and nothing of what others did since."""
    before = raw(older.text or b"") or type(data)()
    entry = entry_of(data, key)
    if entry is not None and has_tags(older.text or b""):
        entry = restored(entry, older.entry, entry_of(before, key))
    return with_entry(before, key, entry)
