"""GET of a root: its files."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.fixtures import Serve
from tests.daemon.looking import Folder, problem
from tests.daemon.running import Daemon


def listing(folder: Folder, **query: str | int) -> list[str]:
    """The listed paths below the folder, on one page."""
    return [path.removeprefix(folder.path.name + "/") for path in paths(page(folder, **query))]


def page(folder: Folder, **query: str | int) -> dict[str, Any]:
    """One page."""
    wanted = {"prefix": f"{folder.path.name}/"} | query
    answer = folder.daemon.ask("GET", "/v1/files/ha/?" + "&".join(f"{name}={value}" for name, value in wanted.items()))
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json
    return found


def paths(found: dict[str, Any]) -> list[str]:
    """The paths of a page."""
    return [entry["path"] for entry in found["entries"]]


def test_files_below_a_root(folder: Folder) -> None:
    """Regular files in all directories, with size and time; nothing else."""
    (folder.path / "deep" / "er").mkdir(parents=True)
    (folder.path / "empty").mkdir()
    for name, data in (("b.yaml", b"12"), ("a.yaml", b""), ("deep/er/c.yaml", b"123")):
        folder.file(name, data)
    os.mkfifo(folder.path / "fifo")
    os.utime(folder.path / "b.yaml", (1_700_000_000, 1_700_000_000))
    entries = page(folder)["entries"]
    assert [entry["path"].partition("/")[2] for entry in entries] == ["a.yaml", "b.yaml", "deep/er/c.yaml"]
    assert [entry["size"] for entry in entries] == [0, 2, 3]
    assert entries[1]["last_modified"] == "2023-11-14T22:13:20Z"


def test_order_is_that_of_the_paths(folder: Folder) -> None:
    """Sorted as whole paths, so that `after` can continue anywhere: '-' and '.' come before '/'."""
    (folder.path / "a").mkdir()
    names = ["a/z", "a-b", "a.b", "a0", "B", "é", "z"]
    for name in names:
        folder.file(name)
    assert listing(folder) == sorted(names)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_are_the_whole(limit: int, folder: Folder) -> None:
    """Page after page gives every file once, in order; the last page says that it is the last."""
    for name in ("a", "b/a", "b/b", "b-", "c/d/e"):
        (folder.path / name).parent.mkdir(parents=True, exist_ok=True)
        folder.file(f"{name}.yaml")
    folder.file("z")
    folder.file("zz")
    whole = paths(page(folder))
    found: list[str] = []
    after: str | None = ""
    pages = 0
    while after is not None:
        got = page(folder, limit=limit, **({"after": after} if after else {}))
        assert len(got["entries"]) <= limit
        found += paths(got)
        after = got["next"]
        pages += 1
    assert found == whole
    assert len(whole) == 7
    assert pages == -(-7 // limit)


def test_prefix(folder: Folder) -> None:
    """Only what starts so, whether the prefix ends at a directory or in the middle of a name."""
    (folder.path / "lights").mkdir()
    for name in ("lights/hall.yaml", "lights/yard.yaml", "lights.yaml", "scenes.yaml"):
        folder.file(name)
    at = folder.path.name
    assert listing(folder, prefix=f"{at}/lights") == ["lights.yaml", "lights/hall.yaml", "lights/yard.yaml"]
    assert listing(folder, prefix=f"{at}/lights/h") == ["lights/hall.yaml"]
    assert listing(folder, prefix=f"{at}/none") == []


def test_links(folder: Folder, tmp_path: Path) -> None:
    """A link to a file is listed, a loop of directories ends, and a link that leads nowhere is no file."""
    folder.file("a.yaml", b"12345")
    (folder.path / "link.yaml").symlink_to("a.yaml")
    (folder.path / "loop").symlink_to(".")
    (folder.path / "broken").symlink_to("none")
    entries = page(folder)["entries"]
    assert [(entry["path"].partition("/")[2], entry["size"]) for entry in entries] == [("a.yaml", 5), ("link.yaml", 5)]


def test_temporary_files_are_hidden(folder: Folder) -> None:
    """What a save is about to publish is nobody's business."""
    folder.file(".confkeep-0123456789abcdef.tmp")
    folder.file(".confkeep-mine.tmp")
    folder.file(".hidden")
    assert listing(folder) == [".confkeep-mine.tmp", ".hidden"]


def test_name_that_is_no_utf8(folder: Folder) -> None:
    """A file that no URL can name must not keep the others from being listed."""
    folder.file("a.yaml")
    (folder.path / os.fsdecode(b"\xff.yaml")).touch()
    try:
        assert "a.yaml" in listing(folder)
    finally:
        (folder.path / os.fsdecode(b"\xff.yaml")).unlink()


def test_with_and_without_the_slash(house: Daemon, folder: Folder) -> None:
    """/v1/files/ha and /v1/files/ha/ are the same."""
    folder.file("a.yaml")
    with_slash, without = house.ask("GET", "/v1/files/ha/"), house.ask("GET", "/v1/files/ha")
    assert with_slash.json == without.json
    assert with_slash.json["root"] == "ha"


def test_single_file_root(house: Daemon) -> None:
    """It lists itself."""
    assert paths(house.ask("GET", "/v1/files/single/").json) == ["alone.yaml"]
    assert paths(house.ask("GET", "/v1/files/single/?prefix=b").json) == []


def test_directory_in_a_listing(folder: Folder) -> None:
    """A directory below a root is asked for by prefix; as a file it is refused, and never half understood."""
    problem(folder.daemon.ask("GET", f"/v1/files/ha/{folder.path.name}"), 409, "not-a-regular-file")
    problem(folder.daemon.ask("GET", f"/v1/files/ha/{folder.path.name}/"), 400, "bad-path")


def test_missing_root(serve: Serve, disk: Path) -> None:
    """A root that is configured and not there is no empty listing."""
    daemon = serve("--root", f"ha={disk}/none")
    problem(daemon.ask("GET", "/v1/files/ha/"), 404, "not-found")


def test_root_that_is_a_socket(serve: Serve, disk: Path) -> None:
    """A root that is neither directory nor file lists nothing and hangs nobody."""
    here = os.open(disk, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{here}/socket")
    os.close(here)
    assert serve("--root", f"ha={disk}/socket").ask("GET", "/v1/files/ha/").json["entries"] == []
