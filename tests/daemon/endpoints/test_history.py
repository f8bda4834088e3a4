from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.daemon.looking import Folder, etag, problem


def history(folder: Folder, name: str, query: str = "") -> dict[str, Any]:
    """One page of a file's history."""
    answer = folder.daemon.ask("GET", folder.url(name, "history") + query)
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json
    return found


def test_each_save_is_a_revision(folder: Folder) -> None:
    """Newest first, with who, when, why and what; what was there before the first save is one as well."""
    address = folder.file("a.yaml", b"a: 1\n")
    saved = folder.daemon.put(address, b"a: 2\n", "?message=brighter")
    found = history(folder, "a.yaml")
    assert (found["root"], f"ha/{found['path']}", found["next"]) == ("ha", address, None)
    newest, oldest = found["revisions"]
    assert newest["id"] == saved.json["revision"] > oldest["id"]
    assert (newest["state"], newest["origin"], newest["message"]) == ("applied", "api", "brighter")
    assert (newest["etag"], newest["size"]) == (etag(b"a: 2\n"), 5)
    assert newest["request_id"] == saved.headers["Request-Id"]
    assert abs(datetime.fromisoformat(newest["time"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert (oldest["origin"], oldest["uid"], oldest["etag"]) == ("external", None, etag(b"a: 1\n"))


def test_edit_behind_our_back_is_a_revision(folder: Folder) -> None:
    """What somebody else wrote is recorded before it is replaced."""
    address = folder.file("a.yaml", b"a: 1\n")
    folder.daemon.put(address, b"a: 2\n")
    folder.file("a.yaml", b"by hand: true\n")
    folder.daemon.put(address, b"a: 3\n")
    found = [(item["origin"], item["etag"]) for item in history(folder, "a.yaml")["revisions"]]
    assert found == [
        ("api", etag(b"a: 3\n")),
        ("external", etag(b"by hand: true\n")),
        ("api", etag(b"a: 2\n")),
        ("external", etag(b"a: 1\n")),
    ]


def test_refused_saves_leave_no_revision(folder: Folder) -> None:
    """Conflicts, invalid documents, busy targets and dry runs are no history."""
    address = folder.linked("a.yaml")
    assert folder.daemon.put(address, b"a: 2\n", if_match='"0"').status == 412
    assert folder.daemon.put(address, b"[").status == 422
    assert folder.daemon.put(address, b"a: 2\n", "?dry_run=true").status == 200
    assert history(folder, "a.yaml")["revisions"] == []
    with (folder.path / "a.yaml").open("rb"):
        assert folder.daemon.put(address, b"a: 2\n", "?on_busy=refuse").status == 423
    assert [item["origin"] for item in history(folder, "a.yaml")["revisions"]] == ["external"]


@pytest.mark.parametrize("limit", [1, 3, 6, 7])
def test_pages_are_the_whole(limit: int, folder: Folder) -> None:
    """Page after page gives every revision once; the last page says that it is the last."""
    folder.file("a.yaml", b"a: 0\n")
    for number in range(1, 6):
        folder.daemon.put(folder.at("a.yaml"), b"a: %d\n" % number)
    whole = [item["id"] for item in history(folder, "a.yaml")["revisions"]]
    found: list[int] = []
    query, pages = f"?limit={limit}", 0
    while True:
        page = history(folder, "a.yaml", query)
        assert len(page["revisions"]) <= limit
        found += [item["id"] for item in page["revisions"]]
        pages += 1
        if page["next"] is None:
            break
        query = f"?limit={limit}&before={page['next']}"
    assert found == whole == sorted(whole, reverse=True)
    assert len(whole) == 6
    assert pages == -(-6 // limit)


def test_histories_are_apart(folder: Folder) -> None:
    """Each file has its own; a file that was never saved has none, whether or not it exists."""
    folder.daemon.put(folder.file("a.yaml"), b"a: 2\n")
    folder.file("b.yaml")
    assert len(history(folder, "a.yaml")["revisions"]) == 2
    assert history(folder, "b.yaml")["revisions"] == history(folder, "none.yaml")["revisions"] == []


def test_history_outlives_the_file(folder: Folder) -> None:
    """A file that was removed can still be looked up, and its bytes be had."""
    folder.daemon.put(folder.file("a.yaml", b"a: 1\n"), b"a: 2\n")
    (folder.path / "a.yaml").unlink()
    newest = history(folder, "a.yaml")["revisions"][0]
    assert folder.daemon.ask("GET", f"/v1/revisions/{newest['id']}/content").body == b"a: 2\n"


def test_root_itself(folder: Folder) -> None:
    """A root has no history of its own."""
    for target in ("/v1/history/ha", "/v1/history/ha/"):
        problem(folder.daemon.ask("GET", target), 409, "not-a-regular-file")


@pytest.mark.parametrize("query", ["?before=0", "?before=-1", "?before=x", "?limit=1001", f"?before={1 << 63}"])
def test_wrong_numbers(query: str, folder: Folder) -> None:
    """Numbers beyond their range are refused."""
    problem(folder.daemon.ask("GET", folder.url("a.yaml", "history") + query), 422, "unknown-parameter")


def test_largest_number(folder: Folder) -> None:
    """The largest number a revision can have is taken."""
    folder.daemon.put(folder.file("a.yaml"), b"a: 2\n")
    assert len(history(folder, "a.yaml", f"?before={(1 << 63) - 1}&limit=1000")["revisions"]) == 2
