"""Two edits of one file: the caller makes one of them, a bounded number of times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confkeep.client import ABSENT, Client
from confkeep.errors import Conflict
from tests.daemon.looking import etag

if TYPE_CHECKING:
    from confkeep.client import Edits
    from tests.daemon.looking import Folder

BASE, THEIRS, MINE, BOTH = b"a: 1\n", b"a: 2\n", b"b: 1\n", b"a: 2\nb: 1\n"


def split(address: str) -> tuple[str, str]:
    """Root and path."""
    root, _, path = address.partition("/")
    return root, path


def test_both_edits_are_shown(client: Client, folder: Folder) -> None:
    """With what they began with; what the caller makes of them is saved over theirs."""
    file = client.open(*split(folder.file("a.yaml", BASE)))
    folder.file("a.yaml", THEIRS)
    shown: list[Edits] = []

    def merge(edits: Edits) -> bytes:
        shown.append(edits)
        return BOTH

    saved = file.save(MINE, on_conflict=merge)
    (edits,) = shown
    assert (edits.base, edits.theirs, edits.mine) == (BASE, THEIRS, MINE)
    assert (edits.base_etag, edits.theirs_etag) == (etag(BASE), etag(THEIRS))
    assert (edits.root, edits.path) == (file.root, file.path)
    assert (saved.etag, file.data, file.etag, folder.read("a.yaml")) == (etag(BOTH), BOTH, etag(BOTH), BOTH)
    assert file.save(MINE).changed


def test_it_can_be_given_up(client: Client, folder: Folder) -> None:
    """None: the conflict is raised, and nothing has changed anywhere."""
    file = client.open(*split(folder.file("a.yaml", BASE)))
    folder.file("a.yaml", THEIRS)
    with pytest.raises(Conflict):
        file.save(MINE, on_conflict=lambda _: None)
    assert (file.data, folder.read("a.yaml")) == (BASE, THEIRS)


def test_an_edit_in_the_middle_of_the_merge(client: Client, folder: Folder) -> None:
    """It is a conflict again, whose base is what was merged with."""
    file = client.open(*split(folder.file("a.yaml", BASE)))
    folder.file("a.yaml", THEIRS)
    bases: list[bytes | None] = []

    def merge(edits: Edits) -> bytes:
        bases.append(edits.base)
        if len(bases) == 1:
            folder.file("a.yaml", b"a: 3\n")
        return (edits.theirs or b"") + b"b: 1\n"

    file.save(MINE, on_conflict=merge)
    assert (bases, folder.read("a.yaml")) == ([BASE, THEIRS], b"a: 3\nb: 1\n")


def test_a_file_that_changes_each_time(client: Client, folder: Folder) -> None:
    """After five attempts the conflict is raised."""
    file = client.open(*split(folder.file("a.yaml", BASE)))
    folder.file("a.yaml", THEIRS)
    asked: list[bytes | None] = []

    def merge(edits: Edits) -> bytes:
        asked.append(edits.theirs)
        folder.file("a.yaml", b"a: %d\n" % (len(asked) + 2))
        return MINE

    with pytest.raises(Conflict):
        file.save(MINE, on_conflict=merge)
    assert asked == [THEIRS, b"a: 3\n", b"a: 4\n", b"a: 5\n"]
    assert folder.read("a.yaml") == b"a: 6\n"


def test_they_removed_it(client: Client, folder: Folder) -> None:
    """There is nothing of theirs; to save all the same makes a new file."""
    file = client.open(*split(folder.file("a.yaml", BASE)))
    (folder.path / "a.yaml").unlink()
    seen: list[tuple[bytes | None, str | None]] = []

    def keep(edits: Edits) -> bytes:
        seen.append((edits.theirs, edits.theirs_etag))
        return edits.mine

    assert file.save(MINE, on_conflict=keep).created
    assert (seen, folder.read("a.yaml")) == ([(None, None)], MINE)


def test_they_made_it(client: Client, folder: Folder) -> None:
    """Two editors make one file: there is no base."""
    file = client.open(*split(folder.at("a.yaml")))
    folder.file("a.yaml", THEIRS)
    seen: list[tuple[bytes | None, str | None]] = []

    def keep(edits: Edits) -> bytes:
        seen.append((edits.base, edits.base_etag))
        return BOTH

    file.save(MINE, on_conflict=keep)
    assert (seen, folder.read("a.yaml")) == ([(None, None)], BOTH)


@pytest.mark.parametrize("recorded", [True, False])
def test_the_base_of_an_etag(recorded: bool, client: Client, folder: Folder) -> None:  # noqa: FBT001 - a case
    """Who saves by an etag has its bytes from the history, where that knows them."""
    root, path = split(folder.at("a.yaml"))
    if recorded:
        client.save(root, path, BASE, expect=ABSENT)
    folder.file("a.yaml", THEIRS)
    seen: list[tuple[bytes | None, str | None]] = []

    def keep(edits: Edits) -> bytes:
        seen.append((edits.base, edits.base_etag))
        return BOTH

    client.save(root, path, MINE, expect=etag(BASE), on_conflict=keep)
    assert (seen, folder.read("a.yaml")) == ([(BASE if recorded else None, etag(BASE))], BOTH)


def test_what_is_there_already_is_no_conflict(client: Client, folder: Folder) -> None:
    """Two who save the same bytes agree; nobody is asked."""
    file = client.open(*split(folder.file("a.yaml", BASE)))
    folder.file("a.yaml", MINE)
    assert file.save(MINE, on_conflict=lambda _: BOTH).changed is False
    assert file.etag == etag(MINE)
