"""The saves of Home Assistant's own editor: through confkeep, and where that is not reached, as ever.

An edit is of one entry, and of the version of it that its client was shown. Where somebody else has changed the same
entry since, confkeep merges both, or the save is refused; what others did to other entries always stays.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from . import refusals, sentences
from .client import AGAIN_AFTER_S, BACK_WITHIN_S, SAVED_S, Interrupted, NotReached, Problem
from .const import LOGGER
from .edit import content_of, etag_of
from .entries import entry_of, has_tag, name_of, with_entry
from .places import NoPlace
from .sameness import digest_of
from .seen import Shown
from .yaml_text import dump, raw, restored

if TYPE_CHECKING:
    from collections.abc import Callable

    from .client import Address, Answer, Client
    from .edit import Edit
    from .places import Places
    from .seen import Seen

    #: Home Assistant's own (``_write``): a path, and the data of the whole file.
    Write: TypeAlias = Callable[[str, Any], None]

_ATTEMPTS: Final = 25
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_CHANGED_SINCE: Final = 412


class _Save(NamedTuple):
    """``path`` is Home Assistant's; ``what`` is the entry's name in messages, ``message`` is for the history."""

    path: str
    address: Address
    what: str
    message: str


class Saving:
    """One for all files."""

    def __init__(self, client: Client, places: Places, seen: Seen, write: Write) -> None:
        self.seen = seen
        self._client = client
        self._places = places
        self._write = write

    def save(self, path: str, data: Any, edit: Edit | None) -> None:
        """Write the file. Raises an answer for the page (aiohttp.web.HTTPException) when it is not written."""
        entry = None if edit is None else entry_of(data, edit.key)
        what = os.path.basename(path) if edit is None else name_of(entry or edit.entry, edit.key)
        older = None if edit is None else self._older(path, edit)
        merged = False
        try:
            self._client.wait_for_it()
            merged = self._through(path, data, edit, older, what)
        except (NotReached, NoPlace) as error:
            self._places.forget()
            if older is not None or (edit is not None and content_of(path) != edit.text):
                raise refusals.conflict(sentences.changed(what)) from error
            self._own(path, data, what, error)
        except Problem as error:
            self._places.forget()
            raise refusals.refused(error, what) from error
        except Interrupted as error:
            self._places.forget()
            raise refusals.not_saved(sentences.interrupted(what, error)) from error
        if edit is not None:
            etag = None if merged else etag_of(content_of(path))
            self.seen.remember(edit.client, path, edit.key, Shown(digest_of(entry), etag))

    def _older(self, path: str, edit: Edit) -> Shown | None:
        """What the client was shown, if the entry is not like that any more."""
        shown = self.seen.of(edit.client, path, edit.key)
        return None if shown is None or shown.digest == digest_of(edit.entry) else shown

    def _through(self, path: str, data: Any, edit: Edit | None, older: Shown | None, what: str) -> bool:
        """Save it through confkeep; whether what others did is merged into it."""
        message = sentences.for_history(what, None if edit is None else edit.by)
        save = _Save(path, self._places.address(path), what, message)
        if older is not None and edit is not None:
            body = self._edited(save, older, data, edit.key)
            etag, merged = self._merged(save, body, str(older.etag)), True
        else:
            text = content_of(path) if edit is None else edit.text
            etag, merged = self._put(save, dump(_as_written(data, edit)), etag_of(text))
        if self._is_another_file(save, etag):
            raise refusals.failed(sentences.NOT_SEEN.format(what=what))
        return merged

    def _put(self, save: _Save, body: bytes, base: str | None) -> tuple[str | None, bool]:
        query = {"keep": "comments", "message": save.message}
        try:
            return self._saved(save, body, query, base).etag, False
        except Problem as error:
            if error.status != _CHANGED_SINCE or base is None:
                raise
        return self._merged(save, body, base), True

    def _merged(self, save: _Save, body: bytes, base: str) -> str | None:
        """Save what both made of ``base``, and the etag of that."""
        query = {"base": base, "keep": "comments"}
        for _ in range(_ATTEMPTS):
            try:
                merged = self._client.ask("POST", save.address.at("merge"), body, query=query, within=SAVED_S)
            except Problem as error:
                if error.status not in {_CONFLICT, _NOT_FOUND}:
                    raise
                why = ": both of you changed the same" if error.status == _CONFLICT else ""
                raise self._conflict(save, why) from error
            try:
                return self._saved(save, merged.body, {"message": save.message}, merged.etag).etag
            except Problem as error:
                if error.status != _CHANGED_SINCE:
                    raise
        raise self._conflict(save, ", again and again")

    def _saved(self, save: _Save, body: bytes, query: dict[str, str], base: str | None) -> Answer:
        """Save it; once more where no answer comes: with the etag of before, a save finds its own result (docs/api.md).

        Raises NotReached only while nothing can have been written.
        """
        last: Interrupted
        try:
            return self._put_once(save.address, body, query, base)
        except Interrupted as error:
            last = error
        until = time.monotonic() + BACK_WITHIN_S
        while time.monotonic() < until:
            time.sleep(AGAIN_AFTER_S)
            try:
                self._client.check_alive()
                return self._put_once(save.address, body, query, base)
            except NotReached:
                continue
            except Interrupted as error:
                last = error
        raise last

    def _put_once(self, address: Address, body: bytes, query: dict[str, str], base: str | None) -> Answer:
        absent = base is None
        return self._client.ask(
            "PUT", address.at("files"), body, query=query, match=base, absent=absent, within=SAVED_S
        )

    def _edited(self, save: _Save, older: Shown, data: Any, key: str) -> bytes:
        """The older version of the file with the edit in it, and nothing of what others did since."""
        text = None if older.etag is None else self._text_of(save.address, older.etag)
        before = None if text is None else raw(text) or type(data)()
        if before is None or has_tag(entry_of(before, key)):  # nobody knows what the client saw in place of the tag
            raise self._conflict(save)
        return dump(with_entry(before, key, entry_of(data, key)))

    def _text_of(self, address: Address, etag: str) -> bytes | None:
        """That version of the file, None where the history has it not."""
        try:
            revisions = self._client.ask("GET", address.at("history"), query={"limit": "1000"}).json()["revisions"]
            found = next((one["id"] for one in revisions if one["etag"] == etag), None)
            return None if found is None else self._client.ask("GET", f"/v1/revisions/{found}/content").body
        except Problem:
            return None

    def _conflict(self, save: _Save, why: str = "") -> Exception:
        answer: Exception = refusals.conflict(sentences.changed(save.what, why))
        if self._is_another_file(save, None):
            answer = refusals.failed(sentences.OLD_FILE.format(what=save.what))
        return answer

    def _is_another_file(self, save: _Save, saved: str | None) -> bool:
        """Whether Home Assistant has another file at its path than confkeep; ``saved``: the etag it should have.

        A container that mounts a single file keeps the old one when it is replaced on the host (docs/architecture.md,
        Facts). What cannot be told now is no reason to call a save none.
        """
        try:
            for _ in range(_ATTEMPTS):
                seen = etag_of(content_of(save.path))
                if saved is not None and seen == saved:
                    return False
                there = self._client.ask("GET", save.address.at("stat")).json()["etag"]
                if there == seen:
                    return False
                if etag_of(content_of(save.path)) == seen:  # else somebody saves just now
                    return saved is None or there == saved
        except (NotReached, Interrupted, Problem, OSError):
            return False
        return False

    def _own(self, path: str, data: Any, what: str, error: Exception) -> None:
        LOGGER.warning("%s is saved without confkeep: %s", path, error)
        try:
            self._write(path, data)
        except Exception as own:
            raise refusals.failed(sentences.neither(what, error, own)) from own


def _as_written(data: Any, edit: Edit | None) -> Any:
    """The data, with the tags that Home Assistant has resolved."""
    if edit is None or edit.text is None or edit.data is None:
        return data
    return restored(data, edit.data, raw(edit.text))
