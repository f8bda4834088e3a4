import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import Command, failure
from tests.cli.terminal import typing
from tests.daemon.awkward import AWKWARD
from tests.daemon.looking import Folder, untouched
from tests.support.needs import need

OLD, NEW = b"a: 1\nb: 1\n", b"a: 1\nb: 2\n"

local = Command({"CONFKEEP_HOST": "unix:///nowhere"})


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A directory with the files ``old.yaml`` and ``new.yaml``."""
    (tmp_path / "old.yaml").write_bytes(OLD)
    (tmp_path / "new.yaml").write_bytes(NEW)
    return tmp_path


@pytest.fixture
def address(folder: Folder) -> str:
    """A file that holds ``NEW``, and held ``OLD`` before."""
    folder.daemon.put(folder.file("a.yaml", OLD), NEW)
    return folder.at("a.yaml")


def revisions(confkeep: Command, address: str) -> list[str]:
    """Their numbers, newest first."""
    return [str(one["id"]) for one in confkeep("history", address, "--json").json]


def test_two_files(two: Path) -> None:
    """A unified diff under their names, and the exit code of diff(1); no daemon is asked."""
    done = local("diff", "old.yaml", "new.yaml", cwd=two)
    assert (done.code, done.errors) == (1, "")
    assert done.text == "--- old.yaml\n+++ new.yaml\n@@ -1,2 +1,2 @@\n a: 1\n-b: 1\n+b: 2\n"
    same = local("diff", "old.yaml", "old.yaml", cwd=two)
    assert (same.code, same.out, same.errors) == (0, b"", "")


def test_standard_input(two: Path) -> None:
    """Either of the two, but not both."""
    assert local("diff", "-", "new.yaml", cwd=two, stdin=OLD).code == 1
    assert local("diff", "old.yaml", "-", cwd=two, stdin=OLD).code == 0
    failure(local("diff", "-", "-", "--json", stdin=OLD), 2, "unknown-parameter")


@pytest.mark.parametrize("data", AWKWARD.values(), ids=AWKWARD.keys())
def test_patch_takes_it(data: bytes, tmp_path: Path) -> None:
    """Byte for byte: what patch(1) makes of the old file is the new one."""
    need(shutil.which("patch"), "no patch")
    (tmp_path / "old").write_bytes(b"a: 1\n")
    (tmp_path / "new").write_bytes(data)
    diff = local("diff", "old", "new", cwd=tmp_path)
    assert diff.code == 1
    subprocess.run(["patch", "--binary", "--quiet", "old"], input=diff.out, cwd=tmp_path, check=True)
    left = (tmp_path / "old").read_bytes() if (tmp_path / "old").exists() else b""
    assert left == data


def test_json_of_two_files(two: Path) -> None:
    """Which paths changed, from what to what; null where nothing says what the files mean."""
    done = local("diff", "old.yaml", "new.yaml", "--json", cwd=two)
    assert done.code == 1
    assert done.json["differences"] == [{"kind": "changed", "path": "/b", "old": 1, "new": 2}]
    assert (done.json["same"], done.json["format"], done.json["dialect"]) == (False, "yaml", "generic")
    assert done.json["unified"].startswith("--- old.yaml\n")
    assert local("diff", "old.yaml", "new.yaml", "--json", "--as", "text", cwd=two).json["differences"] is None
    same = local("diff", "old.yaml", "old.yaml", "--json", cwd=two)
    assert (same.code, same.json["same"], same.json["differences"]) == (0, True, [])


def test_files_that_cannot_be_read(two: Path) -> None:
    """Wrong usage: exit code 2, which is not that of a difference."""
    members = failure(local("diff", "old.yaml", "none.yaml", "--json", cwd=two), 2, "bad-path")
    assert "none.yaml" in members["detail"]
    failure(local("diff", "old.yaml", "new.yaml", "--to", "1", "--json", cwd=two), 2, "unknown-parameter")


def test_what_was_saved_last(address: str, confkeep: Command, folder: Folder) -> None:
    """Without --from and --to: from the content before to what is there."""
    with untouched(folder.daemon, folder.path):
        done = confkeep("diff", address)
    assert (done.code, done.errors) == (1, "")
    assert done.text.endswith("@@ -1,2 +1,2 @@\n a: 1\n-b: 1\n+b: 2\n")


def test_revisions(address: str, confkeep: Command) -> None:
    """By their numbers, of this file alone; disk is what is there now."""
    newest, oldest = revisions(confkeep, address)
    assert "-b: 2\n+b: 1\n" in confkeep("diff", address, "--from", newest, "--to", oldest).text
    assert "-b: 2\n+b: 1\n" in confkeep("diff", address, "--from", "disk", "--to", oldest).text
    assert confkeep("diff", address, "--from", newest, "--to", "disk").code == 0
    failure(confkeep("diff", address, "--from", "999999", "--json"), 6, "not-found")


def test_what_is_to_be_saved(address: str, confkeep: Command, two: Path) -> None:
    """--to FILE: what saving it would change; - is standard input, and --from a revision."""
    (two / "third.yaml").write_bytes(b"a: 1\nb: 3\n")
    assert "-b: 2\n+b: 3\n" in confkeep("diff", address, "--to", "third.yaml", cwd=two).text
    assert "-b: 2\n+b: 4\n" in confkeep("diff", address, "--to", "-", stdin=b"a: 1\nb: 4\n").text
    oldest = revisions(confkeep, address)[-1]
    assert "-b: 1\n+b: 4\n" in confkeep("diff", address, "--from", oldest, "--to", "-", stdin=b"a: 1\nb: 4\n").text
    assert confkeep("diff", address, "--to", "-", stdin=NEW).code == 0


def test_json(address: str, confkeep: Command) -> None:
    """The daemon's answer, with the same exit codes."""
    done = confkeep("diff", address, "--json")
    assert done.code == 1
    assert done.json["differences"] == [{"kind": "changed", "path": "/b", "old": 1, "new": 2}]
    assert confkeep("diff", address, "--to", "-", "--json", stdin=NEW).code == 0


def test_what_is_not_there(confkeep: Command, folder: Folder) -> None:
    """Exit code 6; wrong addresses and options of the other kind are wrong usage."""
    failure(confkeep("diff", folder.at("none.yaml"), "--json"), 6, "not-found")
    failure(confkeep("diff", "a.yaml", "--json"), 2, "bad-path")
    failure(confkeep("diff", folder.at("a.yaml"), "--as", "yaml", "--json"), 2, "unknown-parameter")


def test_colours(two: Path) -> None:
    """At a terminal, unless NO_COLOR is set; what is no colour of ours is shown as what it is."""
    (two / "new.yaml").write_bytes(b"a: 1\n\tb: \x1b[2J\n")
    names = str(two / "old.yaml"), str(two / "new.yaml")
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with typing(Command({**local.environment, "NO_COLOR": "", **variables}), "diff", *names) as terminal:
            assert terminal.end() == 1
        assert ("\x1b[32m+" in terminal.printed) is coloured
        assert "+\tb: \\x1b[2J\n" in terminal.text
    assert b"\x1b[2J" in local("diff", *names).out


def test_names_are_quoted_once(tmp_path: Path) -> None:
    """As git quotes them: patch(1) finds the file again."""
    (tmp_path / "a\nb.yaml").write_bytes(OLD)
    (tmp_path / "new.yaml").write_bytes(NEW)
    assert local("diff", "a\nb.yaml", "new.yaml", cwd=tmp_path).text.startswith('--- "a\\012b.yaml"\n+++ new.yaml\n')


def test_an_empty_revision(address: str, confkeep: Command) -> None:
    """An unset variable of a script asks for nothing else."""
    failure(confkeep("diff", address, "--from", "", "--json"), 2, "unknown-parameter")
