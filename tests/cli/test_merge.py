import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import Command, failure
from tests.daemon.looking import Folder, etag, untouched
from tests.support.needs import need

BASE = b"# why\na: 1\nb: 1\n"
MINE, THEIRS, BOTH = BASE.replace(b"a: 1", b"a: 2"), BASE.replace(b"b: 1", b"b: 2"), b"# why\na: 2\nb: 2\n"
CLASH = BASE.replace(b"a: 1", b"a: 3")

local = Command({"CONFKEEP_HOST": "unix:///nowhere"})


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A directory with the three, and one that clashes with mine."""
    for name, data in {"base": BASE, "mine": MINE, "theirs": THEIRS, "clash": CLASH}.items():
        (tmp_path / f"{name}.yaml").write_bytes(data)
    return tmp_path


def test_three_files(files: Path) -> None:
    """Two edits of neighbouring lines, which line by line would clash: both win, and nothing else is touched."""
    done = local("merge", "base.yaml", "mine.yaml", "theirs.yaml", cwd=files)
    assert (done.code, done.out, done.errors) == (0, BOTH, "")


def test_conflict(files: Path) -> None:
    """Exit code 4, both sides marked in the output, and the remedy beside it."""
    done = local("merge", "base.yaml", "mine.yaml", "clash.yaml", cwd=files)
    assert done.code == 4
    assert "<<<<<<< mine\na: 2\n" in done.text
    assert "=======\na: 3\n>>>>>>> theirs\n" in done.text
    assert "one place" in done.errors


def test_json(files: Path) -> None:
    """The content and how it was merged; of a conflict the error with the marked text."""
    merged = local("merge", "base.yaml", "mine.yaml", "theirs.yaml", "--json", cwd=files).json
    assert merged == {"how": "structure", "conflicts": 0, "content": BOTH.decode()}
    members = failure(local("merge", "base.yaml", "mine.yaml", "clash.yaml", "--json", cwd=files), 4, "merge-conflict")
    assert members["conflicts"] == 1
    assert "<<<<<<< mine" in members["content"]


def test_output_file(files: Path) -> None:
    """Written as a whole, over one of the three, too; with the marks where there are conflicts."""
    done = local("merge", "base.yaml", "mine.yaml", "theirs.yaml", "-o", "mine.yaml", cwd=files)
    assert (done.code, done.out) == (0, b"")
    assert (files / "mine.yaml").read_bytes() == BOTH
    assert local("merge", "base.yaml", "mine.yaml", "clash.yaml", "-o", "new.yaml", cwd=files).code == 4
    assert b"<<<<<<< mine\n" in (files / "new.yaml").read_bytes()
    assert local("merge", "base.yaml", "mine.yaml", "theirs.yaml", "-o", "none/x", cwd=files).code == 6


def test_format(files: Path) -> None:
    """By the name of mine, or as it is said: line by line these edits clash."""
    done = local("merge", "base.yaml", "mine.yaml", "theirs.yaml", "--as", "text", cwd=files)
    assert done.code == 4
    (files / "mine").write_bytes(MINE)
    assert local("merge", "base.yaml", "mine", "theirs.yaml", cwd=files).code == 4
    assert local("merge", "base.yaml", "mine", "theirs.yaml", "--name", "x.yaml", cwd=files).code == 0
    assert local("merge", "base.yaml", "-", "theirs.yaml", "--as", "yaml", cwd=files, stdin=MINE).out == BOTH


def test_wrong_usage(files: Path, confkeep: Command, folder: Folder) -> None:
    """Options of a local merge for the daemon and the other way round, and files that are not there."""
    failure(local("merge", "base.yaml", "none.yaml", "theirs.yaml", "--json", cwd=files), 2, "bad-path")
    failure(local("merge", "base.yaml", "-", "-", "--json", cwd=files), 2, "unknown-parameter")
    three = ("base.yaml", "mine.yaml", "theirs.yaml")
    failure(local("merge", *three, "--base", "1", "--json", cwd=files), 2, "unknown-parameter")
    address = folder.file("a.yaml", THEIRS)
    failure(confkeep("merge", address, "mine.yaml", "--json", cwd=files), 2, "unknown-parameter")
    failure(confkeep("merge", address, "mine.yaml", "--base", "1", "--as", "yaml", "--json", cwd=files), 2,
            "unknown-parameter")  # fmt: skip


def test_merge_driver_of_git(files: Path) -> None:
    """As its help says: git merges structures with it, and knows of conflicts."""
    need(shutil.which("git"), "no git")
    driver = f"{sys.executable} -m confkeep merge %O %A %B -o %A --name %P"

    def git(*arguments: str) -> int:
        known = ["-c", f"merge.confkeep.driver={driver}", "-c", "user.name=x", "-c", "user.email=x@example.org"]
        return subprocess.run(["git", *known, *arguments], cwd=files, capture_output=True, check=False).returncode

    def commit(data: bytes, branch: str) -> None:
        assert git("checkout", "-q", "-B", branch) == 0
        (files / "a.yaml").write_bytes(data)
        assert git("add", "a.yaml", ".gitattributes") == 0
        assert git("commit", "-q", "-m", branch) == 0

    (files / ".gitattributes").write_text("*.yaml merge=confkeep\n", "utf-8")
    assert git("init", "-q") == 0
    commit(BASE, "base")
    for branch, data in (("theirs", THEIRS), ("clash", CLASH), ("mine", MINE)):
        assert git("checkout", "-q", "base") == 0
        commit(data, branch)
    assert git("merge", "-q", "-m", "both", "theirs") == 0
    assert (files / "a.yaml").read_bytes() == BOTH
    assert git("merge", "-q", "-m", "clash", "clash") == 1
    assert b"<<<<<<< mine\n" in (files / "a.yaml").read_bytes()


@pytest.fixture
def address(folder: Folder) -> str:
    """A file that holds ``THEIRS``, and held ``BASE`` before."""
    folder.daemon.put(folder.file("a.yaml", BASE), THEIRS)
    return folder.at("a.yaml")


def test_with_what_is_there(address: str, files: Path, confkeep: Command, folder: Folder) -> None:
    """By the revision or the etag that mine began with. Nothing is saved; the etag to save it with is told."""
    number = str(confkeep("history", address, "--json").json[-1]["id"])
    with untouched(folder.daemon, folder.path):
        for base in (number, etag(BASE), f'"{etag(BASE)}"'):
            done = confkeep("merge", address, "mine.yaml", "--base", base, cwd=files)
            assert (done.code, done.out) == (0, BOTH)
            assert f"--if-match {etag(THEIRS)}" in done.errors
    merged = confkeep("merge", address, "mine.yaml", "--base", number, "--json", cwd=files).json
    assert (merged["etag"], merged["content"]) == (etag(THEIRS), BOTH.decode())
    assert confkeep("put", address, "--if-match", merged["etag"], stdin=merged["content"].encode()).code == 0


def test_conflict_with_what_is_there(folder: Folder, files: Path, confkeep: Command) -> None:
    """As of local files; the error has the etag too."""
    folder.daemon.put(folder.file("a.yaml", BASE), CLASH)
    done = confkeep("merge", folder.at("a.yaml"), "mine.yaml", "--base", etag(BASE), cwd=files)
    assert done.code == 4
    assert "<<<<<<< mine\na: 2\n" in done.text
    assert etag(CLASH) in done.errors


def test_unknown_base(address: str, files: Path, confkeep: Command) -> None:
    """Exit code 6."""
    for base in ("999999", etag(b"never")):
        failure(confkeep("merge", address, "mine.yaml", "--base", base, "--json", cwd=files), 6, "not-found")


def test_put_tells_of_it(address: str, files: Path, confkeep: Command) -> None:
    """The conflict of a save names the commands that show and merge both; they work as they are told."""
    done = confkeep("put", address, "mine.yaml", "--if-match", etag(BASE), cwd=files)
    assert done.code == 4
    diff, merge = (told.split(" ")[1:] for told in done.errors.split("`")[1::2])
    assert "+a: 2" in confkeep(*diff, cwd=files).text
    assert confkeep(*merge, cwd=files).out == BOTH
    unknown = confkeep("put", address, "mine.yaml", "--if-match", etag(b"never"), cwd=files)
    assert "confkeep diff" in unknown.errors
    assert "confkeep merge" not in unknown.errors
    assert "confkeep diff" not in confkeep("put", address, "--if-match", etag(BASE), stdin=MINE).errors
