"""What a save expects to replace, against what the history knows of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.errors import Conflict
from confkeep.history import revisions

if TYPE_CHECKING:
    from confkeep.expect import Expect
    from confkeep.history.store import Store


def conflict(store: Store, path: str, etag: str | None, expect: Expect) -> Conflict:
    """What is to be said of a file at ``path`` with ``etag`` (None: no file), which is not what is expected."""
    with store.reading() as connection:
        revision = None if etag is None else revisions.current(connection, path, etag)
        base = revisions.known(connection, path, expect.etags)
    return Conflict(
        expect.unmet(path, etag),
        remedy="read the file again, put your change on top of what is there, and save with its etag",
        etag=etag,
        revision=revision,
        base_known=base is not None,
        **({} if base is None else {"base": base}),
    )


def known(store: Store, path: str, expect: Expect) -> bytes | None:
    """A content that is expected and that the file once had, where it is still kept."""
    with store.reading() as connection:
        return revisions.content(connection, revisions.known(connection, path, expect.etags))
