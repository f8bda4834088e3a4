"""What an editor does with documents, against the real daemon: change, compare, merge, check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from confkeep.client import ANYTHING, Change, Client
from confkeep.errors import (
    BadParameter,
    BadPatch,
    BadPath,
    Conflict,
    Forbidden,
    MergeConflict,
    NotFound,
    NotRepresentable,
    PatchTestFailed,
    PointerNotFound,
)
from tests.daemon.looking import etag

if TYPE_CHECKING:
    from tests.daemon.looking import Folder

OLD = b"# by hand\na: 1  # one\nlist:\n  - x\n"
NEW = OLD.replace(b"1  #", b"2  #")


def split(address: str) -> tuple[str, str]:
    """Root and path."""
    root, _, path = address.partition("/")
    return root, path


@pytest.mark.parametrize("patch", [[{"op": "replace", "path": "/a", "value": 2}], {"a": 2}], ids=["patch", "merge"])
def test_one_thing_changes(client: Client, folder: Folder, patch: Any) -> None:  # noqa: ANN401 - a list or a dict
    """By operations, or by what is merged; asked twice it is done once."""
    at = split(folder.file("a.yaml", OLD))
    for changed in (True, False):
        saved = client.patch(*at, patch, expect=etag(OLD), message="two")
        assert (saved.changed, saved.etag, folder.read("a.yaml")) == (changed, etag(NEW), NEW)
    assert next(client.history(*at)).message == "two"
    assert client.patch(*at, {"a": 3}, expect=ANYTHING, dry_run=True).dry_run
    assert folder.read("a.yaml") == NEW


@pytest.mark.parametrize(
    ("patch", "error"),
    [
        ([{"op": "test", "path": "/a", "value": 7}], PatchTestFailed),
        ([{"op": "remove", "path": "/none"}], PointerNotFound),
        ([{"op": "shuffle", "path": "/a"}], BadPatch),
        ({"a": float("nan")}, BadPatch),
        ({"a": {1, 2}}, BadPatch),
    ],
)
def test_patches_that_fail(client: Client, folder: Folder, patch: Any, error: type[Exception]) -> None:  # noqa: ANN401
    """Each as the error that the library has for it; nothing is written."""
    at = split(folder.file("a.yaml", OLD))
    with pytest.raises(error):
        client.patch(*at, patch, expect=ANYTHING)
    with pytest.raises(error):
        client.transaction([Change(*at, None, ANYTHING, patch=patch)])
    assert folder.read("a.yaml") == OLD


def test_what_cannot_be_patched(client: Client, folder: Folder) -> None:
    """No file, no document, another content, no file at all."""
    folder.file("a.bin", b"x")
    at = split(folder.file("a.yaml", OLD))
    for path, expect, error in (
        ("none.yaml", ANYTHING, NotFound),
        ("a.bin", ANYTHING, NotRepresentable),
        ("a.yaml", etag(NEW), Conflict),
    ):
        with pytest.raises(error):
            client.patch(*split(folder.at(path)), {"a": 2}, expect=expect)
    with pytest.raises(BadPath):
        client.patch("ha", "", {}, expect=ANYTHING)
    assert client.read(*at).data == OLD


def test_in_a_transaction(client: Client, folder: Folder) -> None:
    """Beside contents."""
    one, two = split(folder.file("a.yaml", OLD)), split(folder.file("b.yaml", OLD))
    client.transaction([Change(*one, None, etag(OLD), patch={"a": 2}), Change(*two, NEW, etag(OLD))])
    assert folder.read("a.yaml") == folder.read("b.yaml") == NEW


def test_a_change_has_data_or_a_patch(client: Client, folder: Folder) -> None:
    """Neither of the two is left out unseen."""
    at = split(folder.file("a.yaml", OLD))
    with pytest.raises(BadParameter, match=r"a\.yaml: data and patch cannot both"):
        client.transaction([Change(*at, NEW, ANYTHING, patch={"a": 3})])
    assert folder.read("a.yaml") == OLD


def test_comments_are_kept(client: Client, folder: Folder) -> None:
    """The opened file knows what was really saved, and goes on from there."""
    file = client.open(*split(folder.file("a.yaml", OLD)))
    saved = file.save(b"a: 2\nlist: [x]\n", keep="comments")
    assert (saved.kept, saved.kept_reason) == (True, None)
    assert (file.data, file.etag, folder.read("a.yaml")) == (NEW, saved.etag, NEW)
    assert file.save(OLD).kept is None
    other = client.open(*split(folder.file("a.txt", OLD)))
    plain = other.save(NEW, keep="comments")
    assert (plain.kept, other.data, other.etag) == (False, NEW, etag(NEW))
    assert plain.kept_reason


def test_differences(client: Client, folder: Folder) -> None:
    """Line by line and as data; between versions, and with what is proposed."""
    at = split(folder.file("a.yaml", OLD))
    number = client.save(*at, NEW, expect=ANYTHING).revision
    assert client.diff(*at) == client.diff(*at, from_=etag(OLD), to=number)
    assert b"\n-a: 1  # one\n+a: 2  # one\n" in client.diff(*at)
    assert client.diff(*at, proposed=NEW) == b""
    assert client.diff(*at, from_="disk", to=number) == b""
    found = client.differences(*at, proposed=OLD)
    assert found.changes is not None
    assert [(one.kind, one.path, one.old, one.new) for one in found.changes] == [("changed", "/a", 2, 1)]
    assert (found.same, found.old.etag, found.new.etag) == (False, etag(NEW), etag(OLD))
    assert client.differences(*split(folder.file("a.txt", OLD)), proposed=NEW).changes is None
    with pytest.raises(BadParameter):
        client.diff(*at, to=number, proposed=OLD)
    with pytest.raises(Forbidden):
        client.diff(*split(folder.file("secrets.yaml", OLD)), proposed=NEW)


def test_a_merge(client: Client, folder: Folder) -> None:
    """Of mine with what somebody else has saved, and the save of it."""
    at = split(folder.file("a.yaml", OLD))
    client.save(*at, NEW, expect=etag(OLD))
    mine = OLD.replace(b"- x", b"- y")
    with pytest.raises(Conflict) as caught:
        client.save(*at, mine, expect=etag(OLD))
    assert caught.value.members["links"].keys() == {"diff", "merge"}
    merged = client.merge(*at, mine, base=caught.value.members["base"])
    assert (merged.data, merged.etag) == (NEW.replace(b"- x", b"- y"), etag(NEW))
    assert client.save(*at, merged.data, expect=merged.etag).changed
    with pytest.raises(MergeConflict) as marked:
        client.merge(*at, OLD.replace(b"a: 1", b"a: 7"), base=etag(OLD))
    assert "a: 7" in marked.value.members["text"]
    with pytest.raises(NotFound):
        client.merge(*at, mine, base=etag(b"never"))


def test_a_check(client: Client) -> None:
    """What is wrong is a result, no error."""
    found = client.validate(b"a: 1\na: [\n", name="a.yaml")
    assert (found.valid, found.format, found.dialect) == (False, "yaml", "generic")
    assert {one.line for one in found.diagnostics} >= {1}
    assert client.validate(b"a: 1\na: 2\n", format_="yaml", dialect="home-assistant").valid
    assert client.validate(b"a: 1\n", root="ha", name="a.yaml").valid
    with pytest.raises(BadParameter):
        client.validate(b"a: 1\n")
