import os
from pathlib import Path

from tests.cli.command import Command, failure
from tests.daemon.fixtures import Serve
from tests.daemon.looking import Folder


def test_roots(confkeep: Command) -> None:
    """Without an address: the roots."""
    assert confkeep("ls").text == "ha\nsingle\n"
    assert confkeep("ls", "--json").json == ["ha", "single"]


def test_files_below_a_prefix(confkeep: Command, folder: Folder) -> None:
    """Paths as `get` takes them after the root, one a line."""
    (folder.path / "deep er").mkdir()
    for name in ("b.yaml", "ä.yaml", "deep er/100%.yaml"):
        folder.file(name)
    at = folder.path.name
    done = confkeep("ls", folder.address + "/")
    assert done.text == f"{at}/b.yaml\n{at}/deep er/100%.yaml\n{at}/ä.yaml\n"
    assert confkeep("ls", folder.at("b")).text == f"{at}/b.yaml\n"
    for path in done.text.splitlines():
        assert confkeep("get", f"ha/{path}").code == 0


def test_long(confkeep: Command, folder: Folder) -> None:
    """With size and time."""
    folder.file("a.yaml", b"12345")
    os.utime(folder.path / "a.yaml", (1_700_000_000, 1_700_000_000))
    (line,) = confkeep("ls", "-l", folder.address + "/").text.splitlines()
    assert line.split() == ["5", "2023-11-14T22:13:20", f"{folder.path.name}/a.yaml"]


def test_json(confkeep: Command, folder: Folder) -> None:
    """The entries as the daemon has them; none is an empty list."""
    folder.file("a.yaml", b"12345")
    (entry,) = confkeep("ls", folder.address + "/", "--json").json
    assert (entry["path"], entry["size"]) == (f"{folder.path.name}/a.yaml", 5)
    assert confkeep("ls", folder.at("none"), "--json").json == []


def test_more_files_than_one_page(serve: Serve, disk: Path) -> None:
    """All pages are fetched."""
    (disk / "many").mkdir()
    for number in range(2_001):
        (disk / "many" / f"{number:04}").touch()
    daemon = serve("--root", f"ha={disk}/many")
    done = Command({"CONFKEEP_HOST": f"unix://{daemon.socket}"})("ls", "ha")
    assert done.text.splitlines() == [f"{number:04}" for number in range(2_001)]


def test_unknown_root(confkeep: Command) -> None:
    """Exit code 6."""
    failure(confkeep("ls", "nobody", "--json"), 6, "no-root")
