from pathlib import Path

import pytest

from tests.daemon.awkward import AWKWARD
from tests.daemon.fixtures import Serve
from tests.daemon.looking import Folder, etag, problem
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
