import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import Command, failure
from tests.daemon.awkward import AWKWARD
from tests.daemon.looking import Folder, etag


@pytest.mark.parametrize("data", AWKWARD.values(), ids=AWKWARD.keys())
def test_bytes_come_as_they_are(data: bytes, confkeep: Command, folder: Folder) -> None:
    """What is in the file is what is printed, byte for byte, and nothing else."""
    done = confkeep("get", folder.file("a.bin", data))
    assert (done.code, done.out, done.errors) == (0, data, "")


def test_json(confkeep: Command, folder: Folder) -> None:
    """Content beside its etag and revision, as text where it is text, as base64 where it is not."""
    address = folder.file("a.yaml", "ä: 1\r\n".encode())
    found = confkeep("get", address, "--json").json
    assert (found["root"], f"ha/{found['path']}") == ("ha", address)
    assert (found["content"], found["size"], found["revision"]) == ("ä: 1\r\n", 7, None)
    assert found["etag"] == etag("ä: 1\r\n".encode())
    binary = confkeep("get", folder.file("b.bin", b"\xff\0"), "--json").json
    assert base64.b64decode(binary["content_base64"]) == b"\xff\0"
    assert "content" not in binary
    saved = folder.daemon.put(address, b"a: 2\n").json
    assert confkeep("get", address, "--json").json["revision"] == saved["revision"]


def test_as_it_was(confkeep: Command, folder: Folder) -> None:
    """--revision prints what the file was then, also when it is gone; the number must be one of this file."""
    address = folder.at("a.yaml")
    first, second = (
        folder.daemon.put(address, data, **expect).json["revision"]
        for data, expect in ((b"a: 1\n", {"if_none_match": "*"}), (b"a: 2\n", {"if_match": "*"}))
    )
    (folder.path / "a.yaml").unlink()
    for number, data in ((first, b"a: 1\n"), (second, b"a: 2\n")):
        assert confkeep("get", address, "--revision", str(number)).out == data
    found = confkeep("get", address, "--revision", str(first), "--json").json
    assert (found["content"], found["revision"], found["etag"]) == ("a: 1\n", first, etag(b"a: 1\n"))
    other = folder.daemon.put(folder.at("b.yaml"), b"b: 1\n", if_none_match="*").json["revision"]
    for number in (other, 999_999_999):
        failure(confkeep("get", address, "--revision", str(number), "--json"), 6, "not-found")
    for written in ("x", "-1", "", "9" * 30):
        failure(confkeep("get", address, f"--revision={written}", "--json"), 2, "unknown-parameter")


def test_as_it_was_by_another_name(confkeep: Command, folder: Folder) -> None:
    """The history is the file's own, by whichever link it is named."""
    saved = folder.daemon.put(folder.at("a.yaml"), b"a: 1\n", if_none_match="*").json
    (folder.path / "link.yaml").symlink_to("a.yaml")
    assert confkeep("get", folder.at("link.yaml"), "--revision", str(saved["revision"])).out == b"a: 1\n"


@pytest.mark.parametrize(
    "name", ["a b.yaml", "ü.yaml", "100%.yaml", "%2e%2e", "a?b#c&d=e.yaml", "-n", "'quoted'", "\U0001f600", "[x]*"]
)
def test_name_may_hold_anything(name: str, confkeep: Command, folder: Folder) -> None:
    """The address is written plainly: the command does the encoding."""
    assert confkeep("get", folder.file(name, b"found")).out == b"found"


def test_what_is_not_there(confkeep: Command, folder: Folder) -> None:
    """Exit code 6 for a missing file and a missing root alike."""
    for address, slug in ((folder.at("none"), "not-found"), ("nobody/a.yaml", "no-root")):
        done = confkeep("get", address)
        assert (done.code, done.out) == (6, b"")
        assert done.errors.startswith("confkeep: ")
        assert "remedy: " in done.errors
        failure(confkeep("get", address, "--json"), 6, slug)


@pytest.mark.parametrize("address", ["", "ha", "ha/", "/a.yaml", "/"])
def test_what_is_no_address(address: str, confkeep: Command) -> None:
    """Exit code 2, and the form that is wanted."""
    assert "ROOT/PATH" in confkeep("get", address).errors
    failure(confkeep("get", address, "--json"), 2, "bad-path")


@pytest.mark.parametrize("path", ["../a.yaml", "x/../a.yaml", "./a.yaml", "a//b", "a/"])
def test_path_that_climbs(path: str, confkeep: Command) -> None:
    """Neither command nor daemon tidies a path up."""
    failure(confkeep("get", f"ha/{path}", "--json"), 2, "bad-path")


def test_name_that_is_no_utf8(confkeep: Command) -> None:
    """A name that the interface cannot carry is refused like any other bad path."""
    failure(confkeep("get", os.fsdecode(b"ha/\xff.yaml"), "--json"), 2, "bad-path")


def test_what_is_no_regular_file(confkeep: Command, folder: Folder) -> None:
    """Exit code 7: it is there, and not for us."""
    (folder.path / "directory").mkdir()
    failure(confkeep("get", folder.at("directory"), "--json"), 7, "not-a-regular-file")


#: Containers like to set it; then Python's standard output has no buffer that would write the rest of a short write.
buffers = pytest.mark.parametrize("unbuffered", ["", "1"])


@buffers
def test_reader_that_has_enough(unbuffered: str, confkeep: Command, folder: Folder) -> None:
    """`confkeep get … | head` is no failure and no noise."""
    address = folder.file("a.txt", b"line\n" * 19_000)  # more than a pipe holds
    environment = os.environ | dict(confkeep.environment) | {"PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-m", "confkeep", "get", address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(5) == b"line\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@buffers
@pytest.mark.parametrize("where", ["/dev/full", "cut short"])
def test_output_that_is_full(where: str, unbuffered: str, confkeep: Command, folder: Folder, tmp_path: Path) -> None:
    """A disk that does not take the output, or only its beginning: exit code 1 and a sentence, not 0."""
    address = folder.file("a.txt", b"line\n" * 10_000)
    out = Path(where) if where == "/dev/full" else tmp_path / "out"
    with out.open("wb") as full:
        done = subprocess.run(
            ["bash", "-c", 'ulimit -f 16; exec "$@"', "bash", sys.executable, "-m", "confkeep", "get", address],
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ | dict(confkeep.environment) | {"PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert done.returncode == 1, out.stat()
    assert b"Traceback" not in done.stderr
    assert done.stderr.startswith(b"confkeep: ")
