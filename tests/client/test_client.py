"""What an editor does all day, against the real daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confkeep.client import ABSENT, ANYTHING, Change, Client, Expect
from confkeep.errors import (
    BadParameter,
    BadPath,
    BodyTooLarge,
    Conflict,
    InvalidDocument,
    NoContent,
    NoRoot,
    NotARegularFile,
    NotFound,
    TargetBusy,
)
from tests.daemon.awkward import AWKWARD
from tests.daemon.fixtures import MAX_BODY
from tests.daemon.looking import etag

if TYPE_CHECKING:
    from tests.daemon.looking import Folder

OLD, NEW = b"a: 1\n", b"a: 2\n"
NAMES = ["a b", "100%", "%2e%2e", "a?b#c&d=e", "two\nlines", "ü", "-n", "\U0001f600", "a+b", ";", "\\", '"', "\x7f"]


def split(address: str) -> tuple[str, str]:
    """Root and path."""
    root, _, path = address.partition("/")
    return root, path


@pytest.mark.parametrize("data", AWKWARD.values(), ids=AWKWARD.keys())
def test_bytes_come_and_go_as_they_are(data: bytes, client: Client, folder: Folder) -> None:
    """No layer on the way is a text layer."""
    root, path = split(folder.file("a.bin", b"old"))
    client.save(root, path, data, expect=etag(b"old"))
    found = client.read(root, path)
    assert (found.data, found.etag, folder.read("a.bin")) == (data, etag(data), data)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_may_hold_anything(name: str, client: Client, folder: Folder) -> None:
    """It is written plainly, in each request: the client does the encoding."""
    root, path = split(folder.at(name))
    saved = client.save(root, path, OLD, expect=ABSENT)
    assert (saved.created, saved.path) == (True, path)
    assert client.read(root, path).data == OLD
    assert client.stat(root, path).etag == saved.etag
    assert [one.id for one in client.history(root, path)] == [saved.revision]
    assert path in {entry.path for entry in client.list(root, path)}
    client.transaction([Change(root, path, NEW, expect=saved.etag)])
    client.remove(root, path, expect=etag(NEW))
    assert folder.names() == set()


@pytest.mark.parametrize("path", ["", "..", "../a", "a//b", "a/", ".", "a\0b", "a\udcffb"])
def test_a_name_of_no_file(path: str, client: Client) -> None:
    """BadPath, wherever it is named; an empty one is not the root's listing."""
    change = Change("ha", path, OLD, expect=ANYTHING)
    for ask in (
        lambda: client.read("ha", path),
        lambda: client.stat("ha", path),
        lambda: client.open("ha", path),
        lambda: client.save("ha", path, OLD, expect=ABSENT),
        lambda: client.remove("ha", path, expect=ANYTHING),
        lambda: list(client.history("ha", path)),
        lambda: client.transaction([change]),
    ):
        with pytest.raises(BadPath) as caught:
            ask()
        assert caught.value.remedy


@pytest.mark.parametrize("root", ["nobody", "a/b", "..", "ü"])
def test_an_unknown_root(root: str, client: Client) -> None:
    """NoRoot, also where it looks like a path."""
    for ask in (lambda: client.read(root, "a"), lambda: list(client.list(root)), lambda: client.events(root=root)):
        with pytest.raises(NoRoot):
            ask()


def test_opened_and_saved(client: Client, folder: Folder) -> None:
    """The file knows what it holds after each save: the next one replaces that."""
    file = client.open(*split(folder.file("a.yaml", OLD)))
    assert (file.exists, file.data, file.etag) == (True, OLD, etag(OLD))
    assert file.verdict.writable
    assert file.verdict.route is not None
    assert file.verdict.route.name == "replace"
    for data in (NEW, b"a: 3\n", NEW):
        saved = file.save(data, message="by hand")
        assert (saved.changed, saved.etag) == (True, etag(data))
        assert (file.data, file.etag, file.revision) == (data, etag(data), saved.revision)
        assert folder.read("a.yaml") == data
    assert file.save(NEW).changed is False


def test_what_is_not_there_opens_too(client: Client, folder: Folder) -> None:
    """With the verdict of a new file; a save makes it, and expects that nobody else has."""
    one, other = (client.open(*split(folder.at("new.yaml"))) for _ in range(2))
    assert (one.exists, one.data, one.etag, one.revision) == (False, b"", None, None)
    assert one.verdict.writable
    assert one.verdict.guarantees is not None
    assert folder.names() == set()
    assert one.save(OLD).created is True
    with pytest.raises(Conflict):
        other.save(NEW)
    assert (one.exists, other.exists, folder.read("new.yaml")) == (True, False, OLD)


def test_the_verdict_says_why_not(client: Client, folder: Folder) -> None:
    """Before anybody types: where no directory is, nothing can be saved."""
    verdict = client.open(*split(folder.at("none/new.yaml"))).verdict
    assert (verdict.writable, verdict.route) == (False, None)
    assert verdict.refusal is not None
    assert verdict.refusal.slug == "not-found"
    assert verdict.refusal.remedy
    assert client.open(*split(folder.at("new.yaml"))).verdict.refusal is None


def test_a_directory_does_not_open(client: Client, folder: Folder) -> None:
    """There is nothing to be edited in it."""
    with pytest.raises(NotARegularFile):
        client.open(*split(folder.address))


def test_a_conflict_says_what_is_there(client: Client, folder: Folder) -> None:
    """With its etag; the file that was opened goes on expecting what it did."""
    file = client.open(*split(folder.file("a.yaml", OLD)))
    folder.file("a.yaml", NEW)
    with pytest.raises(Conflict) as caught:
        file.save(b"a: 3\n")
    assert caught.value.members["etag"] == etag(NEW)
    assert (file.data, folder.read("a.yaml")) == (OLD, NEW)


def test_what_a_save_expects(client: Client, folder: Folder) -> None:
    """An etag with or without its quotes, one of several, anything, nothing."""
    root, path = split(folder.file("a.yaml", OLD))
    client.save(root, path, NEW, expect=f'"{etag(OLD)}"')
    client.save(root, path, OLD, expect=Expect(etags=frozenset({etag(OLD), etag(NEW)})))
    client.save(root, path, NEW, expect=ANYTHING)
    for expected in (ABSENT, etag(OLD)):
        with pytest.raises(Conflict):
            client.save(root, path, b"a: 3\n", expect=expected)
    with pytest.raises(Conflict):
        client.save(root, path + ".none", OLD, expect=ANYTHING)
    assert folder.read("a.yaml") == NEW


@pytest.mark.parametrize(
    "expected", ["", "a\r\nX: y", "ü", 'W/"x"', Expect(), Expect(anything=True, absent=True), Expect(frozenset({""}))]
)
def test_what_no_save_can_expect(expected: str | Expect, client: Client, folder: Folder) -> None:
    """Said before anything is asked."""
    root, path = split(folder.file("a.yaml", OLD))
    with pytest.raises(BadParameter):
        client.save(root, path, NEW, expect=expected)
    with pytest.raises(BadParameter):
        client.transaction([Change(root, path, NEW, expect=expected)])
    assert folder.read("a.yaml") == OLD


def test_options_of_a_save(client: Client, folder: Folder) -> None:
    """A dry run writes nothing and is not remembered; a message is; the checks can be chosen."""
    file = client.open(*split(folder.file("a.yaml", OLD)))
    tried = file.save(NEW, dry_run=True)
    assert (tried.dry_run, tried.changed, file.data, folder.read("a.yaml")) == (True, True, OLD, OLD)
    with pytest.raises(InvalidDocument) as caught:
        file.save(b"a: 1\nb: ]\n")
    assert caught.value.members["line"] == 2
    with pytest.raises(InvalidDocument):
        file.save(b"a: 1\na: 2\n", validate="strict")
    assert file.save(b"a: 1\na: 2\n", message="kürzer = 100%").diagnostics == ()
    assert next(client.history(file.root, file.path)).message == "kürzer = 100%"
    assert file.save(b"b: ]\n", validate="off").checked is None
    with pytest.raises(BadParameter):
        file.save(NEW, message="\udcff")


def test_a_busy_target(client: Client, folder: Folder) -> None:
    """``on_busy`` refuse: nothing is touched; write: done, and a note says what readers may have seen."""
    file = client.open(*split(folder.linked("a.yaml", OLD)))
    with (folder.path / "a.yaml").open("rb"):
        with pytest.raises(TargetBusy):
            file.save(NEW, on_busy="refuse")
        saved = file.save(NEW, on_busy="write")
    assert saved.notes
    assert not saved.guarantees.reader_atomic


@pytest.mark.parametrize("size", [MAX_BODY + 1, 5_000_000])
def test_too_large(size: int, client: Client, folder: Folder) -> None:
    """A named error with the limit, also where the daemon hangs up while we still send; and the next save goes on."""
    file = client.open(*split(folder.file("a.txt", OLD)))
    with pytest.raises(BodyTooLarge) as caught:
        file.save(b"#" * size)
    assert caught.value.members["limit"] == MAX_BODY
    assert file.save(NEW).changed


def test_removed_and_restored(client: Client, folder: Folder) -> None:
    """Its last content stays in the history, and comes back by its number."""
    root, path = split(folder.at("a.yaml"))
    saved = client.save(root, path, OLD, expect=ABSENT)
    assert saved.revision is not None
    assert client.remove(root, path, expect=saved.etag, dry_run=True) is None
    removal = client.remove(root, path, expect=saved.etag, message="not needed")
    assert removal is not None
    assert folder.names() == set()
    with pytest.raises(NotFound):
        client.remove(root, path, expect=ANYTHING)
    assert (client.revision(removal).etag, client.revision(removal).message) == (None, "not needed")
    with pytest.raises(NoContent):
        client.content(removal)
    content = client.content(saved.revision)
    assert (content.root, content.path, content.data, content.revision) == (root, path, OLD, saved.revision)
    with pytest.raises(Conflict):
        client.restore(saved.revision, expect=ANYTHING)
    restored = client.restore(saved.revision, expect=ABSENT, message="needed after all")
    assert (restored.created, folder.read("a.yaml")) == (True, OLD)
    newest, *_ = client.history(root, path)
    assert (newest.id, newest.origin, newest.message) == (restored.revision, "restore", "needed after all")
    assert [one.id for one in client.history(root, path, before=removal)] == [saved.revision]
    with pytest.raises(NotFound):
        client.restore(1 << 60, expect=ANYTHING)


def test_a_history_of_many_pages(client: Client, folder: Folder) -> None:
    """All of it, newest first; pages are asked for as they are needed."""
    file = client.open(*split(folder.at("a.conf")))
    numbers = [file.save(b"%d" % number).revision for number in range(101)]
    assert [one.id for one in client.history(file.root, file.path)] == numbers[::-1]


def test_a_listing(client: Client, folder: Folder) -> None:
    """By the beginning of the path."""
    for name in ("b.yaml", "a.yaml", "b.json"):
        folder.file(name, OLD)
    root, prefix = split(folder.at("b"))
    found = list(client.list(root, prefix))
    assert [entry.path for entry in found] == [prefix + ".json", prefix + ".yaml"]
    assert {entry.size for entry in found} == {len(OLD)}


def test_all_or_nothing(client: Client, folder: Folder) -> None:
    """A transaction's conflicts are all named, and nothing of it was done; otherwise all of it was."""
    root, a = split(folder.file("a.yaml", OLD))
    b, c = split(folder.file("b.yaml", OLD))[1], split(folder.at("c.yaml"))[1]
    wrong = [Change(root, a, NEW, expect=etag(NEW)), Change(root, b, None, expect=etag(NEW))]
    with pytest.raises(Conflict) as caught:
        client.transaction([*wrong, Change(root, c, NEW, expect=ABSENT)])
    assert len(caught.value.members["failed"]) == 2
    assert folder.names() == {"a.yaml", "b.yaml"}
    right = [
        Change(root, a, NEW, expect=etag(OLD)),
        Change(root, b, None, expect=ANYTHING),
        Change(root, c, b"\xff: [", expect=ABSENT, validate="off", on_busy="refuse"),
    ]
    assert [one.changed for one in client.transaction(right, dry_run=True)] == [True] * 3
    saved = client.transaction(right, message="tidy up")
    assert [(one.path, one.removed, one.created) for one in saved] == [
        (a, False, False), (b, True, False), (c, False, True),
    ]  # fmt: skip
    assert (folder.names(), folder.read("a.yaml"), folder.read("c.yaml")) == ({"a.yaml", "c.yaml"}, NEW, b"\xff: [")


def test_the_daemon_and_its_roots(client: Client) -> None:
    """What it can do, and what may be edited."""
    service = client.service()
    assert (service.roots, service.limits["max_body"]) == (("ha", "single"), MAX_BODY)
    assert "events" in service.capabilities
    kinds = {root.name: (root.kind, root.verdict.writable) for root in client.roots()}
    assert kinds == {"ha": ("directory", True), "single": ("file", True)}


def test_stat(client: Client, folder: Folder) -> None:
    """What an editor shows beside the name; members that this version does not know are kept."""
    found = client.stat(*split(folder.linked("a.yaml", OLD)))
    assert (found.size, found.etag, found.secret) == (len(OLD), etag(OLD), False)
    assert found.verdict.route is not None
    assert (found.verdict.route.name, found.verdict.route.code) == ("overwrite", "several-links")
    assert found.last_modified.utcoffset() is not None
    assert found.document["size"] == len(OLD)
