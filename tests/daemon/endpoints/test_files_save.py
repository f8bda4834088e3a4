"""PUT: what is saved, and what the answer says of it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.daemon.awkward import AWKWARD
from tests.daemon.fixtures import Serve
from tests.daemon.looking import NOBODY, Folder, etag, tree, untouched
from tests.daemon.running import Daemon, toml

PROMISED = {"reader_atomic", "crash_safe", "compare_and_swap", "inode_kept", "metadata_kept"}


@pytest.mark.parametrize("data", AWKWARD.values(), ids=AWKWARD.keys())
@pytest.mark.parametrize("how", ["ordinary", "linked", "new"])
def test_bytes_are_saved_as_they_are(how: str, data: bytes, folder: Folder) -> None:
    """What is sent is what is on the disk, byte for byte, on both routes; sha256sum agrees with the answer's etag."""
    if how != "new":
        (folder.file if how == "ordinary" else folder.linked)("a.bin", b"old")
    headers = {"if_none_match" if how == "new" else "if_match": "*"}
    answer = folder.daemon.put(folder.at("a.bin"), data, **headers)
    assert answer.status == (201 if how == "new" else 200)
    assert folder.read("a.bin") == data
    printed = subprocess.run(["sha256sum", folder.path / "a.bin"], capture_output=True, text=True, check=True)
    assert answer.etag == answer.json["etag"] == printed.stdout.split()[0]


def test_answer_of_a_save(folder: Folder) -> None:
    """Everything that the interface promises is there, and is true."""
    address = folder.file("a.yaml", b"a: 1\n")
    inode = (folder.path / "a.yaml").stat().st_ino
    answer = folder.daemon.put(address, b"a: 2\n", if_match=f'"{etag(b"a: 1" + bytes([10]))}"')
    saved = answer.json
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Revision"] == str(saved["revision"])
    assert (saved["root"], saved["path"]) == ("ha", f"{folder.path.name}/a.yaml")
    assert (saved["etag"], saved["size"]) == (etag(b"a: 2\n"), 5)
    assert (saved["changed"], saved["created"], saved["dry_run"], saved["checked"]) == (True, False, False, "yaml")
    assert (saved["route"]["name"], saved["route"]["code"]) == ("replace", "ordinary-file")
    assert saved["guarantees"].keys() == PROMISED
    assert saved["guarantees"]["crash_safe"] is saved["guarantees"]["reader_atomic"] is True
    assert saved["guarantees"]["inode_kept"] is ((folder.path / "a.yaml").stat().st_ino == inode) is False
    assert (saved["notes"], saved["findings"], saved["bound_elsewhere"]) == ([], [], NOBODY)
    assert saved["request_id"] == answer.headers["Request-Id"]
    assert folder.names() == {"a.yaml"}


def test_file_with_two_names_is_written_in_place(folder: Folder) -> None:
    """Both names show the new bytes, the inode and the mode are kept, and nothing is left beside them."""
    address = folder.linked("a.yaml")
    (folder.path / "a.yaml").chmod(0o640)
    before = (folder.path / "a.yaml").stat()
    saved = folder.daemon.put(address, b"a: 2\nb: 3\n").json
    after = (folder.path / "a.yaml").stat()
    assert (saved["route"]["name"], saved["route"]["code"]) == ("overwrite", "several-links")
    assert all(saved["guarantees"].values()), saved
    assert (after.st_ino, after.st_mode, after.st_nlink) == (before.st_ino, before.st_mode, 2)
    assert folder.read("a.yaml") == folder.read("a.yaml.link") == b"a: 2\nb: 3\n"
    assert folder.names() == {"a.yaml", "a.yaml.link"}


def test_root_set_to_overwrite(serve: Serve, disk: Path) -> None:
    """Where the settings say so, an ordinary file keeps its inode as well."""
    (disk / "config").mkdir()
    (disk / "config" / "a.yaml").write_bytes(b"a: 1\n")
    inode = (disk / "config" / "a.yaml").stat().st_ino
    daemon = serve(settings=toml(roots={"ha": {"path": f"{disk}/config", "route": "overwrite"}}))
    saved = daemon.put("ha/a.yaml", b"a: 2\n").json
    assert (saved["route"]["name"], saved["route"]["code"]) == ("overwrite", "set-by-root")
    assert (disk / "config" / "a.yaml").stat().st_ino == inode


def test_single_file_root_is_saved(house: Daemon) -> None:
    """A root that is one file is saved under its own name."""
    before = house.get("single/alone.yaml")
    saved = house.put("single/alone.yaml", b"alone: indeed\n", if_match=before.headers["ETag"])
    assert saved.status == 200
    assert house.get("single/alone.yaml").body == b"alone: indeed\n"
    assert house.put("single/alone.yaml", before.body).status == 200


def test_owner_and_mode_are_kept(folder: Folder) -> None:
    """A replaced file is still its owner's."""
    address = folder.file("a.yaml")
    if os.geteuid() == 0:
        os.chown(folder.path / "a.yaml", 4711, 4712)
    (folder.path / "a.yaml").chmod(0o604)
    before = (folder.path / "a.yaml").stat()
    saved = folder.daemon.put(address, b"a: 2\n").json
    after = (folder.path / "a.yaml").stat()
    assert saved["route"]["name"] == "replace"
    assert saved["guarantees"]["metadata_kept"] is True
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


def test_unchanged(folder: Folder) -> None:
    """Saving what is there already writes nothing; where the history knows it, nothing is recorded either."""
    for address in (folder.file("a.yaml"), folder.linked("b.yaml")):
        before = tree(folder.path)
        answer = folder.daemon.put(address, b"a: 1\n")
        assert (answer.status, answer.json["changed"], answer.etag) == (200, False, etag(b"a: 1\n"))
        assert tree(folder.path) == before
        saved = folder.daemon.put(address, b"a: 2\n")
        with untouched(folder.daemon, folder.path):
            again = folder.daemon.put(address, b"a: 2\n")
        assert (again.json["changed"], again.json["revision"]) == (False, saved.json["revision"])


def test_retry_of_an_answered_save(folder: Folder) -> None:
    """A client that lost the answer sends the same again: its etag is stale, and it is told that all is well."""
    address = folder.file("a.yaml")
    base = {"if_match": f'"{etag(b"a: 1" + bytes([10]))}"'}
    first = folder.daemon.put(address, b"a: 2\n", **base)
    with untouched(folder.daemon, folder.path):
        again = folder.daemon.put(address, b"a: 2\n", **base)
    assert (again.status, again.json["changed"]) == (200, False)
    assert again.json["revision"] == first.json["revision"]
    create = folder.daemon.put(folder.at("new.yaml"), b"n: 1\n", if_none_match="*")
    again = folder.daemon.put(folder.at("new.yaml"), b"n: 1\n", if_none_match="*")
    assert (create.status, again.status) == (201, 412)  # who creates must be able to know that it was the one


def test_dry_run_writes_nothing(folder: Folder) -> None:
    """Everything but the write: the same route and checks, the same refusals, no trace."""
    addresses = {folder.file("a.yaml"): "replace", folder.linked("b.yaml"): "overwrite"}
    with untouched(folder.daemon, folder.path):
        for address, route in addresses.items():
            answer = folder.daemon.put(address, b"a: 2\n", "?dry_run=true")
            said = answer.json
            assert (answer.status, said["dry_run"], said["changed"], said["checked"]) == (200, True, True, "yaml")
            assert said["route"]["name"] == route
            assert folder.daemon.put(address, b"[", "?dry_run=true").status == 422
            assert folder.daemon.put(address, b"a: 2\n", "?dry_run=true", if_match='"0"').status == 412
        created = folder.daemon.put(folder.at("new.yaml"), b"n: 1\n", "?dry_run=true", if_none_match="*")
        assert (created.status, created.json["created"], created.json["dry_run"]) == (200, True, True)


def test_message_is_recorded(folder: Folder) -> None:
    """A line for the history, in any language."""
    address = folder.file("a.yaml")
    folder.daemon.put(address, b"a: 2\n", "?message=k%C3%BCrzer%20%26%20b%C3%BCndiger")
    newest = folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"][0]
    assert newest["message"] == "kürzer & bündiger"


def test_readers_in_the_way(folder: Folder) -> None:
    """Who holds the file open is written past or waited for, as the request says; refusing touches nothing."""
    address = folder.linked("a.yaml")
    with (folder.path / "a.yaml").open("rb"):
        before = tree(folder.path)
        refused = folder.daemon.put(address, b"a: 2\n", "?on_busy=refuse")
        assert (refused.status, refused.json["slug"], tree(folder.path)) == (423, "target-busy", before)
        written = folder.daemon.put(address, b"a: 2\n", "?on_busy=write")
    assert written.status == 200
    assert written.json["guarantees"]["reader_atomic"] is False
    assert any("open" in note for note in written.json["notes"])
    assert folder.read("a.yaml") == b"a: 2\n"
    states = [item["state"] for item in folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"]]
    assert states == ["applied", "applied"]
