"""GET and HEAD of a file."""

import os
import subprocess
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.daemon.awkward import AWKWARD
from tests.daemon.fixtures import MAX_BODY
from tests.daemon.looking import Folder, etag, problem, untouched
from tests.daemon.running import Daemon


@pytest.mark.parametrize("data", AWKWARD.values(), ids=AWKWARD.keys())
def test_bytes_come_as_they_are(data: bytes, folder: Folder) -> None:
    """What is on the disk is what is sent, byte for byte."""
    folder.file("a.bin", data)
    answer = folder.daemon.ask("GET", folder.url("a.bin"))
    assert (answer.status, answer.body) == (200, data)
    assert answer.headers["Content-Length"] == str(len(data))


def test_etag_is_the_sha256sum(folder: Folder) -> None:
    """Anybody with a shell can compute the etag."""
    folder.file("a.yaml", b"a: 1\n")
    printed = subprocess.run(["sha256sum", folder.path / "a.yaml"], capture_output=True, text=True, check=True)
    assert folder.daemon.get(folder.at("a.yaml")).etag == printed.stdout.split()[0]


def test_headers(folder: Folder) -> None:
    """Last-Modified is the file's, the type is YAML's own where the name says so, and caches must ask again."""
    folder.file("a.yaml")
    os.utime(folder.path / "a.yaml", (1_700_000_000, 1_700_000_000))
    answer = folder.daemon.ask("GET", folder.url("a.yaml"))
    assert parsedate_to_datetime(answer.headers["Last-Modified"]).timestamp() == 1_700_000_000
    assert answer.headers["Content-Type"] == "application/yaml"
    assert answer.headers["Cache-Control"] == "no-cache"
    folder.file("a.conf")
    assert folder.daemon.get(folder.at("a.conf")).headers["Content-Type"] == "application/octet-stream"


def test_revision_only_where_it_is_known(folder: Folder) -> None:
    """The Revision is of exactly these bytes: none before the first save, none after an edit behind our back."""
    folder.file("a.yaml")
    daemon, address = folder.daemon, folder.at("a.yaml")
    assert "Revision" not in daemon.get(address).headers
    saved = daemon.put(address, b"a: 2\n")
    assert daemon.get(address).headers["Revision"] == saved.headers["Revision"] == str(saved.json["revision"])
    folder.file("a.yaml", b"a: 3\n")
    assert "Revision" not in daemon.get(address).headers


def test_not_modified(folder: Folder) -> None:
    """304 without a body for whoever has the bytes, by one of several tags, by a weak one, or by `*`."""
    data = b"a: 1\n"
    folder.file("a.yaml", data)
    tags = [f'"{etag(data)}"', f'W/"{etag(data)}"', f'"{etag(b"")}", "{etag(data)}"', "*"]
    for tag in tags:
        answer = folder.daemon.ask("GET", folder.url("a.yaml"), None, {"If-None-Match": tag})
        assert (answer.status, answer.body, answer.etag) == (304, b"", etag(data))
    other = folder.daemon.ask("GET", folder.url("a.yaml"), None, {"If-None-Match": f'"{etag(b"")}"'})
    assert (other.status, other.body) == (200, data)


def test_what_is_not_there(folder: Folder) -> None:
    """A missing file, a missing directory, and a file where a directory should be: not found."""
    folder.file("a.yaml")
    for name in ("none", "none/a.yaml", "a.yaml/below"):
        problem(folder.daemon.ask("GET", folder.url(name)), 404, "not-found")


def test_what_is_no_regular_file(folder: Folder) -> None:
    """A directory, a FIFO and a socket are named as what they are; the FIFO does not make us wait for its writer."""
    import socket

    (folder.path / "directory").mkdir()
    os.mkfifo(folder.path / "fifo")
    here = os.open(folder.path, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{here}/socket")
    os.close(here)
    for name in ("directory", "fifo", "socket"):
        members = problem(folder.daemon.ask("GET", folder.url(name)), 409, "not-a-regular-file")
        assert name in members["detail"].rpartition(" is ")[2].lower()


def test_links_are_followed_inside_only(folder: Folder, tmp_path: Path) -> None:
    """A link to a file below the root leads there; one that leads out of the root is refused."""
    (tmp_path / "secret").write_bytes(b"secret")
    folder.file("a.yaml", b"a: 1\n")
    (folder.path / "inside").symlink_to("a.yaml")
    (folder.path / "outside").symlink_to(tmp_path / "secret")
    (folder.path / "climbing").symlink_to("../../../../../../etc/passwd")
    (folder.path / "loop").symlink_to("loop")
    assert folder.daemon.ask("GET", folder.url("inside")).body == b"a: 1\n"
    with untouched(folder.daemon, folder.path):
        for name in ("outside", "climbing"):
            problem(folder.daemon.ask("GET", folder.url(name)), 403, "outside-root")
            answer = folder.daemon.ask("PUT", folder.url(name), b"taken over", {"If-Match": "*"})
            problem(answer, 403, "outside-root")
        problem(folder.daemon.ask("GET", folder.url("loop")), 404, "not-found")
    assert (tmp_path / "secret").read_bytes() == b"secret"


def test_root_that_is_a_single_file(house: Daemon) -> None:
    """It is addressed by its own name, and by no other."""
    assert house.get("single/alone.yaml").body == b"alone: true\n"
    problem(house.get("single/other.yaml"), 404, "not-found")
    problem(house.get("single/alone.yaml/x"), 404, "not-found")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_what_is_no_configuration_is_not_read(folder: Folder, method: str) -> None:
    """A database beside the configuration could fill the memory: refused unread, by its size."""
    with (folder.path / "big.db").open("wb") as file:
        file.truncate(MAX_BODY + 1)
    answer = folder.daemon.ask(method, folder.url("big.db"), b"x" * (method == "PUT"), {"If-Match": "*"})
    assert answer.status == 409
    if method != "HEAD":
        assert problem(answer, 409, "file-too-large")["limit"] == MAX_BODY
    found = folder.daemon.ask("GET", folder.url("big.db", "stat")).json
    assert (found["size"], found["etag"], found["writable"]) == (MAX_BODY + 1, None, False)
    assert found["refusal"]["slug"] == "file-too-large"
