"""DELETE of a file: removed if it is what the caller believes it is, and never lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import etag, problem, untouched

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.client import Answer
    from tests.daemon.fixtures import Serve
    from tests.daemon.looking import Folder
    from tests.support.mounting import Mounts

CONTENT = b"a: 1\n"


def delete(folder: Folder, name: str = "a.yaml", query: str = "", **headers: str) -> Answer:
    """DELETE the file; ``if_match="*"`` unless said otherwise."""
    wanted = {key.replace("_", "-"): value for key, value in (headers or {"if_match": "*"}).items()}
    return folder.daemon.ask("DELETE", folder.url(name) + query, None, wanted)


def test_it_is_gone_and_its_content_is_not(folder: Folder) -> None:
    """204; the history has the content and the removal, with the message, and the content comes back by a restore."""
    folder.file("a.yaml", CONTENT)
    answer = delete(folder, query="?message=not+needed", if_match=f'"{etag(CONTENT)}"')
    assert (answer.status, answer.body) == (204, b"")
    assert folder.names() == set()
    removal, content = folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"]
    assert (removal["etag"], removal["message"], content["etag"]) == (None, "not needed", etag(CONTENT))
    assert answer.headers["Revision"] == str(removal["id"])
    back = folder.daemon.ask("POST", f"/v1/revisions/{content['id']}/restore", None, {"If-None-Match": "*"})
    assert (back.status, folder.read("a.yaml")) == (201, CONTENT)


def test_what_has_changed_is_not_removed(folder: Folder) -> None:
    """412 with the etag that it has."""
    folder.file("a.yaml", CONTENT)
    with untouched(folder.daemon, folder.path):
        members = problem(delete(folder, if_match=f'"{etag(b"other")}"'), 412, "conflict")
    assert members["etag"] == etag(CONTENT)


def test_what_is_not_there_is_not_found(folder: Folder) -> None:
    """Also the second time: whoever repeats it learns that it is gone."""
    folder.file("a.yaml", CONTENT)
    assert delete(folder).status == 204
    problem(delete(folder), 404, "not-found")
    problem(delete(folder, "never.yaml"), 404, "not-found")


@pytest.mark.parametrize(
    ("headers", "status", "slug"),
    [
        ({"x": "1"}, 428, "precondition-required"),
        ({"if_none_match": "*"}, 422, "unknown-parameter"),
        ({"if_match": "*", "if_none_match": "*"}, 422, "unknown-parameter"),
    ],
)
def test_it_says_what_it_removes(folder: Folder, headers: dict[str, str], status: int, slug: str) -> None:
    """A removal without a precondition could remove what nobody has seen."""
    folder.file("a.yaml", CONTENT)
    with untouched(folder.daemon, folder.path):
        problem(delete(folder, **headers), status, slug)


def test_a_dry_run_removes_nothing(folder: Folder) -> None:
    """The answer is what would become of it."""
    folder.file("a.yaml", CONTENT)
    with untouched(folder.daemon, folder.path):
        answer = delete(folder, query="?dry_run=true")
    assert (answer.status, answer.json["removed"], answer.json["dry_run"]) == (200, True, True)


def test_a_root_or_a_directory_is_not_removed(folder: Folder) -> None:
    """Files only."""
    (folder.path / "below").mkdir()
    problem(delete(folder, "below"), 409, "not-a-regular-file")
    problem(folder.daemon.ask("DELETE", "/v1/files/ha", None, {"If-Match": "*"}), 409, "not-a-regular-file")


@pytest.mark.root
def test_a_mounted_file_is_not_removed(serve: Serve, disk: Path, mounts: Mounts) -> None:
    """409 mounted-file: the mount is the container's, not ours."""
    (disk / "config").mkdir()
    for name in ("source.yaml", "config/a.yaml"):
        (disk / name).write_bytes(CONTENT)
    mounts.mount(disk / "config" / "a.yaml", "--bind", str(disk / "source.yaml"))
    daemon = serve("--root", f"ha={disk}/config")
    problem(daemon.ask("DELETE", "/v1/files/ha/a.yaml", None, {"If-Match": "*"}), 409, "mounted-file")
    assert (disk / "source.yaml").read_bytes() == CONTENT
