"""PUT: what is refused, each by its own problem, and nothing written."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import client
from tests.daemon.fixtures import MAX_BODY, Serve
from tests.daemon.looking import Folder, problem, tree, untouched
from tests.daemon.running import Daemon
from tests.support.mounting import Mounts

INVALID = {
    "open bracket": (b"a: 1\nb: [1, 2\nc: 3\n", 3),
    "tab": (b"a: 1\nb:\n\t- x\n", 3),
    "undefined alias": (b"a: 1\nb: *none\n", 2),
    "quote": (b"a: 'x\n", 2),
    "control character": (b"a: 1\nb: \x01\n", 2),
    "bad utf-8": (b"a: 1\nb: \xff\n", 2),
    "crlf": (b"a: 1\r\nb: 1\r\nc: ]\r\n", 3),
}


@pytest.mark.parametrize(("document", "line"), INVALID.values(), ids=INVALID.keys())
def test_invalid_yaml(document: bytes, line: int, folder: Folder) -> None:
    """422 says where; positions are one-based on top and as the Language Server Protocol has them below."""
    for address in (folder.file("a.yaml"), folder.linked("b.YML"), folder.file("c.yml")):
        with untouched(folder.daemon, folder.path):
            members = problem(folder.daemon.put(address, document), 422, "invalid-document")
        assert members["line"] == line
        first = members["diagnostics"][0]
        start = first["range"]["start"]
        assert (members["line"], members["column"]) == (start["line"] + 1, start["character"] + 1)
        assert (first["severity"], bool(first["code"]), bool(first["message"])) == ("error", True, True)
        assert f"line {line}, column {members['column']}" in members["detail"]


def test_invalid_new_file(folder: Folder) -> None:
    """An invalid document is not created either, and no temporary file stays."""
    with untouched(folder.daemon, folder.path):
        answer = folder.daemon.put(folder.at("new.yaml"), b"[", if_none_match="*")
        problem(answer, 422, "invalid-document")


def test_column_counts_utf16(folder: Folder) -> None:
    """A column after an emoji is where the editor's cursor has it."""
    address = folder.file("a.yaml")
    members = problem(
        folder.daemon.put(address, "a: \U0001f600\nb: '\U0001f600' ]\n".encode()), 422, "invalid-document"
    )
    assert (members["line"], members["column"]) == (2, 9)


def test_check_is_switched_off(folder: Folder) -> None:
    """validate=off saves whatever it is; other names are not checked at all; a template is nobody's YAML."""
    address = folder.file("a.yaml")
    answer = folder.daemon.put(address, b"[", "?validate=off")
    assert (answer.status, answer.json["checked"], folder.read("a.yaml")) == (200, None, b"[")
    other = folder.daemon.put(folder.file("a.conf"), b"[", "?validate=syntax")
    assert (other.status, other.json["checked"]) == (200, None)
    assert folder.daemon.put(address, b"a: 1\n", "?validate=syntax").json["checked"] == "yaml"


def test_strict(folder: Folder) -> None:
    """A duplicate key is refused by validate=strict alone, with the place of the second one."""
    address = folder.file("a.yaml")
    members = problem(folder.daemon.put(address, b"a: 1\na: 2\n", "?validate=strict"), 422, "invalid-document")
    assert (members["line"], members["diagnostics"][0]["code"]) == (2, "duplicate-key")
    assert folder.daemon.put(address, b"a: 1\na: 2\n").status == 200


def chunks(size: int) -> Iterator[bytes]:
    """So many bytes, piece by piece."""
    for _ in range(size // 1000):
        yield b"#" * 1000


def test_too_large(folder: Folder) -> None:
    """Over the limit by its announcement or on the way: 413 names the limit; exactly the limit is saved."""
    address = folder.file("a.txt")
    with untouched(folder.daemon, folder.path):
        for body in (b"#" * (MAX_BODY + 1), chunks(MAX_BODY + 1000)):
            answer = folder.daemon.ask("PUT", folder.url("a.txt"), body, {"If-Match": "*"})
            members = problem(answer, 413, "body-too-large")
            assert members["limit"] == MAX_BODY
            assert answer.headers["Connection"] == "close"
    assert folder.daemon.put(address, b"#" * MAX_BODY).status == 200
    assert folder.daemon.ask("PUT", folder.url("a.txt"), chunks(MAX_BODY), {"If-Match": "*"}).status == 200


def test_too_large_is_known_before_it_is_sent(folder: Folder) -> None:
    """A client that waits for 100-continue is told at once, and need not send anything."""
    folder.file("a.txt")
    head = f"PUT {folder.url('a.txt')} HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\nExpect: 100-continue\r\n"
    answer = client.raw(folder.daemon.socket, f"{head}Content-Length: {10**15}\r\n\r\n".encode(), "PUT")
    problem(answer, 413, "body-too-large")


def test_what_is_no_regular_file(folder: Folder) -> None:
    """A directory and a FIFO are not written, and never waited for."""
    (folder.path / "directory").mkdir()
    os.mkfifo(folder.path / "fifo")
    with untouched(folder.daemon, folder.path):
        for name in ("directory", "fifo"):
            for headers in ({"If-Match": "*"}, {"If-None-Match": "*"}):
                answer = folder.daemon.ask("PUT", folder.url(name), b"x", headers)
                problem(answer, 409, "not-a-regular-file")


def test_root_itself(house: Daemon) -> None:
    """A root cannot be written, only what is below it."""
    with untouched(house, house.state.parent / "config"):
        for target in ("/v1/files/ha", "/v1/files/ha/", "/v1/files/single"):
            problem(house.ask("PUT", target, b"x", {"If-Match": "*"}), 409, "not-a-regular-file")


@pytest.fixture
def mounted(serve: Serve, disk: Path, mounts: Mounts) -> Daemon:
    """A daemon whose file a.yaml is a read-only bind mount, and b.yaml one whose source the host has replaced."""
    config, source = disk / "config", disk / "source"
    config.mkdir()
    source.mkdir()
    for name in ("a.yaml", "b.yaml"):
        (source / name).write_bytes(b"a: 1\n")
        mounts.bind(source / name, config / name, read_only=name == "a.yaml")
    (source / "new").write_bytes(b"newer: true\n")
    (source / "new").rename(source / "b.yaml")
    return serve("--root", f"ha={config}")


def test_read_only_mount(mounted: Daemon, disk: Path) -> None:
    """The reason names the mount and its rule, not "busy"."""
    before = tree(disk / "config")
    members = problem(mounted.put("ha/a.yaml", b"a: 2\n"), 403, "read-only")
    assert (members["rule"], tree(disk / "config")) == ("MNT009", before)
    assert f"{disk}/config/a.yaml" in members["evidence"]
    assert "busy" not in members["detail"].lower()


def test_stale_mount(mounted: Daemon, disk: Path) -> None:
    """What would be lost is not written; its bytes can still be read."""
    members = problem(mounted.put("ha/b.yaml", b"a: 2\n"), 409, "stale-mount")
    assert members["rule"] == "MNT002"
    assert "deleted" in members["evidence"]
    assert mounted.get("ha/b.yaml").body == b"a: 1\n"
    assert (disk / "source" / "b.yaml").read_bytes() == b"newer: true\n"


def test_bind_mount_is_written_in_place(serve: Serve, disk: Path, mounts: Mounts) -> None:
    """The case that confkeep exists for: both sides of the mount read the new bytes."""
    (disk / "config").mkdir()
    (disk / "a.yaml").write_bytes(b"a: 1\n")
    (disk / "other").touch()
    mounts.bind(disk / "a.yaml", disk / "config" / "a.yaml")
    daemon = serve("--root", f"ha={disk}/config")
    with pytest.raises(OSError, match="busy"):
        (disk / "other").rename(disk / "config" / "a.yaml")
    saved = daemon.put("ha/a.yaml", b"a: 2\n").json
    assert (saved["route"]["name"], saved["route"]["code"]) == ("overwrite", "mount-point")
    assert all(saved["guarantees"].values())
    assert (disk / "a.yaml").read_bytes() == (disk / "config" / "a.yaml").read_bytes() == b"a: 2\n"
