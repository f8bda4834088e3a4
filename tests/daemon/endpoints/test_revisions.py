import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.daemon.awkward import AWKWARD
from tests.daemon.client import Answer
from tests.daemon.fixtures import Serve
from tests.daemon.looking import Folder, etag, problem, untouched
from tests.daemon.running import Daemon


@pytest.mark.parametrize("data", AWKWARD.values(), ids=AWKWARD.keys())
def test_content_is_kept_byte_for_byte(data: bytes, folder: Folder) -> None:
    """What was there before a save can be had again, exactly."""
    address = folder.file("a.bin", data)
    folder.daemon.put(address, b"something else")
    oldest = folder.daemon.ask("GET", folder.url("a.bin", "history")).json["revisions"][-1]
    answer = folder.daemon.ask("GET", f"/v1/revisions/{oldest['id']}/content")
    assert (answer.status, answer.body, answer.etag) == (200, data, etag(data))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Revision"] == str(oldest["id"])


def test_content_never_changes(folder: Folder) -> None:
    """Caches may keep it; later saves of the file leave it as it was."""
    address = folder.file("a.yaml")
    number = folder.daemon.put(address, b"a: 2\n").json["revision"]
    first = folder.daemon.ask("GET", f"/v1/revisions/{number}/content")
    folder.daemon.put(address, b"a: 3\n")
    again = folder.daemon.ask("GET", f"/v1/revisions/{number}/content")
    assert first.body == again.body == b"a: 2\n"
    assert first.headers["Last-Modified"] == again.headers["Last-Modified"]
    assert "immutable" in first.headers["Cache-Control"]
    assert "private" in first.headers["Cache-Control"]
    cached = folder.daemon.ask("GET", f"/v1/revisions/{number}/content", None, {"If-None-Match": f'"{first.etag}"'})
    assert (cached.status, cached.body) == (304, b"")


@pytest.mark.parametrize("number", ["0", "999999999", str(1 << 63), str((1 << 63) - 1), "9" * 30, "9" * 5000])
def test_unknown_revision(number: str, house: Daemon) -> None:
    """However large the number: not found."""
    problem(house.ask("GET", f"/v1/revisions/{number}/content"), 404, "not-found")


def test_query_is_read_strictly(folder: Folder) -> None:
    """No parameter is known here."""
    number = folder.daemon.put(folder.at("a.yaml"), b"a: 2\n", if_none_match="*").json["revision"]
    problem(folder.daemon.ask("GET", f"/v1/revisions/{number}/content?x=1"), 422, "unknown-parameter")


def test_file_outside_the_roots_is_hidden(serve: Serve, disk: Path) -> None:
    """A state directory remembers files that the settings no longer allow: their content is not served."""
    for name in ("config", "config2", "other"):
        (disk / name).mkdir()
    first = serve("--root", f"ha={disk}/config", "--root", f"sibling={disk}/config2")
    shown = first.put("ha/a.yaml", b"a: 1\n", if_none_match="*").json["revision"]
    hidden = first.put("sibling/b.yaml", b"secret: 1\n", if_none_match="*").json["revision"]
    assert first.ask("GET", f"/v1/revisions/{hidden}/content").status == 200
    assert first.stop() == 0
    second = serve("--root", f"ha={disk}/config", "--root", f"other={disk}/other")
    assert second.ask("GET", f"/v1/revisions/{shown}/content").body == b"a: 1\n"
    answer = second.ask("GET", f"/v1/revisions/{hidden}/content")
    problem(answer, 404, "not-found")
    assert b"b.yaml" not in answer.body


def test_single_file_root_shows_its_own(serve: Serve, disk: Path) -> None:
    """A root that is one file shows that file's revisions, not its neighbour's."""
    (disk / "a.yaml").write_bytes(b"a: 1\n")
    (disk / "a.yaml.bak").write_bytes(b"b: 1\n")
    first = serve("--root", f"a={disk}/a.yaml", "--root", f"b={disk}/a.yaml.bak")
    shown = first.put("a/a.yaml", b"a: 2\n").json["revision"]
    hidden = first.put("b/a.yaml.bak", b"b: 2\n").json["revision"]
    assert first.stop() == 0
    second = serve("--root", f"a={disk}/a.yaml")
    assert second.ask("GET", f"/v1/revisions/{shown}/content").status == 200
    problem(second.ask("GET", f"/v1/revisions/{hidden}/content"), 404, "not-found")


def pruned(state: Path) -> None:
    """What the retention of a closed store does to revision 1."""
    with closing(sqlite3.connect(state / "history.db")) as store, store:
        store.execute("DELETE FROM revisions WHERE id = 1")


def test_pruned_revision(serve: Serve, disk: Path) -> None:
    """It was there, and is no longer kept: 410, where a number that never was is 404."""
    (disk / "config").mkdir()
    daemon = serve("--root", f"ha={disk}/config")
    for number in range(3):
        daemon.put("ha/a.yaml", b"a: %d\n" % number, **({"if_match": "*"} if number else {"if_none_match": "*"}))
    assert daemon.stop() == 0
    pruned(daemon.state)
    daemon.start()
    for method, noun in (("GET", "content"), ("POST", "restore")):
        answer = daemon.ask(method, f"/v1/revisions/1/{noun}", None, {"If-Match": "*"})
        assert "keep_revisions" in problem(answer, 410, "pruned")["remedy"]
    problem(daemon.ask("GET", "/v1/revisions/4/content"), 404, "not-found")
    assert daemon.ask("GET", "/v1/revisions/2/content").body == b"a: 1\n"


def test_removal_has_no_content(serve: Serve, disk: Path) -> None:
    """The revision that records a removal is in the listing, and says that it has no bytes."""
    (disk / "config").mkdir()
    daemon = serve("--root", f"ha={disk}/config")
    daemon.put("ha/a.yaml", b"a: 1\n", if_none_match="*")
    assert daemon.stop() == 0
    with closing(sqlite3.connect(daemon.state / "history.db")) as store, store:
        columns = "file, size, time, state, origin"
        store.execute(f"INSERT INTO revisions ({columns}) SELECT file, 0, time, state, origin FROM revisions")  # noqa: S608 - our own
    daemon.start()
    newest = daemon.ask("GET", "/v1/history/ha/a.yaml").json["revisions"][0]
    assert (newest["id"], newest["size"], newest["etag"]) == (2, 0, None)
    problem(daemon.ask("GET", "/v1/revisions/2/content"), 409, "no-content")
    problem(daemon.ask("POST", "/v1/revisions/2/restore", None, {"If-Match": "*"}), 409, "no-content")


def restore(folder: Folder, number: int, query: str = "", **headers: str) -> Answer:
    """POST."""
    wanted = {name.replace("_", "-"): value for name, value in headers.items()}
    return folder.daemon.ask("POST", f"/v1/revisions/{number}/restore{query}", None, wanted)


def test_restore(folder: Folder) -> None:
    """The old content is in the file again, as a new revision that says what it is."""
    address = folder.file("a.yaml", b"a: 1\n")
    second = folder.daemon.put(address, b"a: 2\n").json
    first = folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"][-1]
    answer = restore(folder, first["id"], if_match=f'"{second["etag"]}"')
    assert (answer.status, answer.etag, answer.json["path"]) == (200, etag(b"a: 1\n"), address.removeprefix("ha/"))
    assert folder.read("a.yaml") == b"a: 1\n"
    newest = folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"][0]
    assert (newest["origin"], newest["message"]) == ("restore", f"restores revision {first['id']}")
    assert newest["id"] == answer.json["revision"] > second["revision"]
    assert (newest["uid"], newest["request_id"]) == (os.geteuid(), answer.json["request_id"])


def test_restore_of_a_file_that_is_gone(folder: Folder) -> None:
    """It is made again, where the caller says that nothing is there."""
    saved = folder.daemon.put(folder.file("a.yaml"), b"a: 2\n").json
    (folder.path / "a.yaml").unlink()
    problem(restore(folder, saved["revision"], if_match="*"), 412, "conflict")
    assert restore(folder, saved["revision"], if_none_match="*").status == 201
    assert folder.read("a.yaml") == b"a: 2\n"


def test_restore_says_what_it_replaces(folder: Folder) -> None:
    """As every save: 428 without a precondition, 412 where it does not hold; nothing is written."""
    number = folder.daemon.put(folder.file("a.yaml"), b"a: 2\n").json["revision"]
    folder.daemon.put(folder.at("a.yaml"), b"a: 3\n")
    with untouched(folder.daemon, folder.path):
        problem(restore(folder, number), 428, "precondition-required")
        problem(restore(folder, number, if_match=f'"{etag(b"a: 2" + bytes([10]))}"'), 412, "conflict")
        problem(restore(folder, number, "?limit=1", if_match="*"), 422, "unknown-parameter")
        assert restore(folder, number, "?dry_run=true", if_match="*").json["changed"] is True
        url = f"/v1/revisions/{number}/restore"
        problem(folder.daemon.ask("POST", url, b"body", {"If-Match": "*"}), 413, "body-too-large")
        assert folder.daemon.ask("GET", url).status == 405
        assert folder.daemon.ask("PUT", url, b"").status == 405
    assert restore(folder, number, "?message=back", if_match="*").status == 200
    newest = folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"][0]
    assert newest["message"] == "back"


def test_restore_is_checked_like_a_save(folder: Folder) -> None:
    """What was there before may be no valid document; who wants it all the same says so."""
    address = folder.file("a.yaml", b"a: [\n")
    folder.daemon.put(address, b"a: 2\n")
    first = folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"][-1]["id"]
    problem(restore(folder, first, if_match="*"), 422, "invalid-document")
    assert restore(folder, first, "?validate=off", if_match="*").status == 200
    assert folder.read("a.yaml") == b"a: [\n"


def test_restore_of_what_is_there(folder: Folder) -> None:
    """Nothing changes, and no revision is added."""
    number = folder.daemon.put(folder.file("a.yaml"), b"a: 2\n").json["revision"]
    answer = restore(folder, number, if_match="*").json
    assert (answer["changed"], answer["revision"]) == (False, number)


def test_restore_through_a_root_that_is_a_link_or_a_file(serve: Serve, disk: Path) -> None:
    """The history has paths without links; the answer names the file as a client of this root does."""
    (disk / "real").mkdir()
    (disk / "link").symlink_to("real")
    (disk / "alone.yaml").write_bytes(b"a: 1\n")
    daemon = serve("--root", f"ha={disk}/link", "--root", f"single={disk}/alone.yaml")
    daemon.put("ha/a.yaml", b"a: 1\n", if_none_match="*")
    daemon.put("ha/a.yaml", b"a: 2\n")
    daemon.put("single/alone.yaml", b"a: 2\n")
    for address in ("ha/a.yaml", "single/alone.yaml"):
        number = daemon.ask("GET", f"/v1/history/{address}").json["revisions"][-1]["id"]  # the watcher has some, too
        answer = daemon.ask("POST", f"/v1/revisions/{number}/restore", None, {"If-Match": "*"}).json
        assert f"{answer['root']}/{answer['path']}" == address
        assert daemon.get(address).body == b"a: 1\n"


def test_restore_outside_the_roots(serve: Serve, disk: Path) -> None:
    """A file that the settings no longer allow is not written."""
    for name in ("config", "other"):
        (disk / name).mkdir()
    first = serve("--root", f"ha={disk}/config")
    number = first.put("ha/a.yaml", b"a: 1\n", if_none_match="*").json["revision"]
    assert first.stop() == 0
    second = serve("--root", f"other={disk}/other")
    problem(second.ask("POST", f"/v1/revisions/{number}/restore", None, {"If-Match": "*"}), 404, "not-found")


def test_one_revision(folder: Folder) -> None:
    """Whose it is, when and by whom it was made; of a removal as well, which has no content."""
    address = folder.file("a.yaml")
    saved = folder.daemon.put(address, b"a: 2\n", "?message=why").json
    found = folder.daemon.ask("GET", f"/v1/revisions/{saved['revision']}").json
    assert f"{found['root']}/{found['path']}" == address
    assert (found["etag"], found["size"], found["message"], found["origin"]) == (etag(b"a: 2\n"), 5, "why", "api")
    listed = folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"][0]
    assert {name: found[name] for name in listed} == listed
    removed = folder.daemon.ask("DELETE", folder.url("a.yaml"), None, {"If-Match": "*"}).headers["Revision"]
    assert folder.daemon.ask("GET", f"/v1/revisions/{removed}").json["etag"] is None
    problem(folder.daemon.ask("GET", f"/v1/revisions/{removed}/content"), 409, "no-content")


@pytest.mark.parametrize("number", ["0", "999999999", "-1", "x", "9" * 30])
def test_a_revision_that_is_not_there(number: str, house: Daemon) -> None:
    """Whatever is no number of one: not found."""
    problem(house.ask("GET", f"/v1/revisions/{number}"), 404, "not-found")
