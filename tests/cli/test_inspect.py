import io
import json
import os
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

import pytest

from confkeep.cli import main
from tests.cli.command import Command, failure
from tests.daemon.looking import etag, tree
from tests.support.fixtures import AsUser
from tests.support.mounting import Mounts
from tests.support.users import STRANGER

#: No daemon is anywhere near.
inspect = partial(Command({"CONFKEEP_HOST": "unix:///nowhere"}), "inspect")


@pytest.fixture
def file(disk: Path) -> Path:
    """An ordinary file."""
    path = disk / "config" / "a.yaml"
    path.parent.mkdir()
    path.write_bytes(b"a: 1\n")
    return path


def test_ordinary_file(file: Path) -> None:
    """What it is, and that it would be replaced; looking changes nothing."""
    file.chmod(0o640)
    before = tree(file.parent)
    found = inspect(file, "--json").json
    assert tree(file.parent) == before
    assert (found["path"], found["exists"], found["writable"]) == (str(file), True, True)
    assert (found["size"], found["mode"], found["uid"], found["etag"]) == (5, "0640", os.geteuid(), etag(b"a: 1\n"))
    assert (found["mount_point"], found["refusal"], found["findings"]) == (False, None, [])
    assert (found["route"]["name"], found["route"]["code"]) == ("replace", "ordinary-file")
    assert found["guarantees"]["inode_kept"] is False


def test_lines_for_people(file: Path) -> None:
    """The same for people."""
    done = inspect(file)
    assert (done.code, done.errors) == (0, "")
    assert "route" in done.text
    assert "replace (ordinary-file)" in done.text
    assert "NOT inode-kept" in done.text
    assert "None" not in done.text


def test_hard_link(file: Path) -> None:
    """A file with two names is written in place; the reason counts them."""
    (file.parent / "b.yaml").hardlink_to(file)
    found = inspect(file, "--json").json
    assert (found["route"]["name"], found["route"]["code"]) == ("overwrite", "several-links")
    assert "2 hard links" in found["route"]["reason"]
    assert all(found["guarantees"].values())


def test_bind_mount(file: Path, disk: Path, mounts: Mounts) -> None:
    """A file that is a mount point, as an engine makes it, is written in place."""
    (disk / "source.yaml").write_bytes(b"b: 1\n")
    mounts.bind(disk / "source.yaml", file)
    found = inspect(file, "--json").json
    assert found["mount_point"] is True
    assert (found["route"]["name"], found["route"]["code"]) == ("overwrite", "mount-point")


def test_read_only_bind_mount(file: Path, disk: Path, mounts: Mounts) -> None:
    """Exit code 7; the mount is named with its rule and its line in mountinfo, and the remedy names the option."""
    (disk / "source.yaml").write_bytes(b"b: 1\n")
    mounts.bind(disk / "source.yaml", file, read_only=True)
    done = inspect(file, "--json")
    found = done.json
    assert (done.code, found["writable"], found["route"], found["guarantees"]) == (7, False, None, None)
    assert (found["refusal"]["slug"], found["refusal"]["rule"]) == ("read-only", "MNT009")
    assert str(file) in found["refusal"]["evidence"]
    assert ":ro" in found["refusal"]["remedy"]
    assert found["etag"] == etag(b"b: 1\n")
    people = inspect(file)
    assert people.code == 7
    assert "refused" in people.text
    assert ":ro" in people.text


def test_stale_bind_mount(file: Path, disk: Path, mounts: Mounts) -> None:
    """The source was replaced on the host: what is written here would be lost, and that is the reason given."""
    (disk / "source.yaml").write_bytes(b"b: 1\n")
    mounts.bind(disk / "source.yaml", file)
    (disk / "new.yaml").write_bytes(b"c: 1\n")
    (disk / "new.yaml").rename(disk / "source.yaml")
    done = inspect(file, "--json")
    assert done.code == 7
    assert (done.json["refusal"]["slug"], done.json["refusal"]["rule"]) == ("stale-mount", "MNT002")


def test_directory_and_fifo(file: Path) -> None:
    """Exit code 7; the FIFO is not waited for."""
    os.mkfifo(file.parent / "fifo")
    for path, kind in ((file.parent, "a directory"), (file.parent / "fifo", "a FIFO")):
        done = inspect(path, "--json")
        assert (done.code, done.json["refusal"]["slug"]) == (7, "not-a-regular-file")
        assert kind in done.json["refusal"]["reason"]


def test_root_directory() -> None:
    """The root of everything is a directory like any other."""
    failure(inspect("/", "--json"), 7, "not-a-regular-file")


def test_missing_file(file: Path) -> None:
    """Nothing is there yet, and a file could be made: exit code 0."""
    done = inspect(file.parent / "new.yaml", "--json")
    assert (done.code, done.json["exists"], done.json["writable"]) == (0, False, True)
    assert (done.json["route"]["name"], done.json["route"]["code"]) == ("replace", "new-file")
    people = inspect(file.parent / "new.yaml")
    assert "new-file" in people.text
    assert "None" not in people.text


def test_missing_directory(file: Path) -> None:
    """Exit code 6."""
    failure(inspect(file.parent / "none" / "a.yaml", "--json"), 6, "not-found")


def test_relative_path(file: Path) -> None:
    """From where the caller stands, with '..' as the shell has it."""
    for path in ("a.yaml", "./a.yaml", "../config/a.yaml", "..//config/./a.yaml"):
        assert inspect(path, "--json", cwd=file.parent).json["path"] == str(file)


def test_link(file: Path) -> None:
    """A link is followed: the path is that of the file it leads to."""
    (file.parent / "link").symlink_to("a.yaml")
    assert inspect(file.parent / "link", "--json").json["path"] == str(file)


@pytest.mark.parametrize("name", ["a b.yaml", "ü.yaml", "100%.yaml", "-n", "\U0001f600", os.fsdecode(b"\xff.yaml")])
def test_name_may_hold_anything(name: str, file: Path) -> None:
    """Whatever the filesystem takes as a name; one that is no UTF-8 is shown as well as can be."""
    (file.parent / name).write_bytes(b"x")
    for flags in ([], ["--json"]):
        done = inspect(file.parent / name, *flags)
        assert done.code == 0
        assert name in done.text or name.startswith("\udcff")
    assert inspect(file.parent / name, "--json").json["etag"] == etag(b"x")


def test_name_too_long(file: Path) -> None:
    """Wrong usage: no file can be called that."""
    failure(inspect(file.parent / ("n" * 256), "--json"), 2, "bad-path")


def inspected(path: Path) -> tuple[int, str]:
    """The command in this process: another user may not be able to start an interpreter of ours."""
    with redirect_stdout(io.StringIO()) as out:
        code = main(["inspect", str(path), "--json"])
    return code, out.getvalue()


def test_other_users_file(public: Path, as_user: AsUser) -> None:
    """What may not be written, read or even reached is refused with the reason, and never a crash."""
    (public / "closed").mkdir()
    for name, mode in (("shown", 0o644), ("secret", 0o600), ("closed/a.yaml", 0o644)):
        (public / name).write_bytes(b"a: 1\n")
        (public / name).chmod(mode)
    (public / "closed").chmod(0o700)
    for name, shown in (("shown", etag(b"a: 1\n")), ("secret", None)):
        code, said = as_user(STRANGER, partial(inspected, public / name))
        found = json.loads(said)
        assert (code, found["refusal"]["slug"], found["refusal"]["rule"]) == (7, "no-permission", "MNT019")
        assert found["etag"] == shown
    code, said = as_user(STRANGER, partial(inspected, public / "closed" / "a.yaml"))
    assert (code, json.loads(said)["slug"]) == (7, "no-permission")
