"""A file as an editor holds it: what was read, whether it can be saved, and what the next save replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.client.content import Content
from confkeep.client.options import Options, Proposed
from confkeep.expect import ABSENT, Expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.client.conflicts import OnConflict
    from confkeep.client.options import Keep, OnBusy, Validate
    from confkeep.client.saved import Saved
    from confkeep.client.verdict import Verdict

    #: Saves what is proposed; the bytes that were saved in the end.
    Save = Callable[[Proposed, Options, OnConflict | None], tuple[Saved, bytes]]
    #: The content of a revision.
    Recorded = Callable[[int], Content]


class Opened:
    """``content`` is what was read or saved last, None where there is no file. For one thread at a time."""

    def __init__(
        self, save: Save, recorded: Recorded, root: str, path: str, *, content: Content | None, verdict: Verdict
    ) -> None:
        """``Client.open`` makes it."""
        self.root = root
        self.path = path
        self.content = content
        self.verdict = verdict
        self._save = save
        self._recorded = recorded

    @property
    def exists(self) -> bool:
        """Whether there is a file; a save makes one where there is none."""
        return self.content is not None

    @property
    def data(self) -> bytes:
        """Its bytes; none where there is no file."""
        return b"" if self.content is None else self.content.data

    @property
    def etag(self) -> str | None:
        """Their etag: a save replaces this very content. None: it expects that there is no file."""
        return None if self.content is None else self.content.etag

    @property
    def revision(self) -> int | None:
        """Their revision, None where the history does not know them."""
        return None if self.content is None else self.content.revision

    def save(
        self,
        data: bytes,
        *,
        on_conflict: OnConflict | None = None,
        validate: Validate | None = None,
        on_busy: OnBusy | None = None,
        message: str = "",
        dry_run: bool = False,
        keep: Keep | None = None,
    ) -> Saved:
        """Save ``data`` over what was opened; afterwards this knows the new content and its etag.

        ``on_conflict`` is asked where the file has changed meanwhile: what it returns is saved over that (``Edits``).
        ``keep="comments"``: ``data`` is a program's dump; afterwards this holds the text that says the same.
        Raises Conflict without it, and all that ``Client.save`` raises; then nothing here has changed.
        """
        options = Options(validate, on_busy, message, dry_run, keep)
        expect = ABSENT if self.etag is None else Expect(etags=frozenset({self.etag}))
        proposed = Proposed(self.root, self.path, data, expect, self.content)
        saved, data = self._save(proposed, options, on_conflict)
        if not dry_run:
            self.content = self._saved(saved, data)
        return saved

    def _saved(self, saved: Saved, data: bytes) -> Content:
        if saved.kept and saved.revision is not None:  # the old text, changed: not what was sent
            return self._recorded(saved.revision)
        return Content(self.root, self.path, data, saved.etag, saved.revision)
