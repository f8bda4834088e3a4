import os
from pathlib import Path

from tests.daemon.fixtures import Serve
from tests.daemon.looking import NOBODY, Folder, etag, problem, untouched
from tests.support.mounting import Mounts


def test_ordinary_file(folder: Folder) -> None:
    """Size, mode, owner, etag and time are the file's; it is written by replacing it."""
    address = folder.file("a.yaml", b"a: 1\n")
    (folder.path / "a.yaml").chmod(0o2640)
    os.utime(folder.path / "a.yaml", (1_700_000_000, 1_700_000_000))
    with untouched(folder.daemon, folder.path):
        found = folder.daemon.ask("GET", folder.url("a.yaml", "stat")).json
    assert (found["root"], f"ha/{found['path']}") == ("ha", address)
    assert (found["size"], found["mode"], found["etag"]) == (5, "2640", etag(b"a: 1\n"))
    assert (found["uid"], found["gid"]) == (os.geteuid(), os.getegid())
    assert (found["last_modified"], found["revision"]) == ("2023-11-14T22:13:20Z", None)
    assert (found["writable"], found["refusal"]) == (True, None)
    assert (found["route"]["name"], found["route"]["code"]) == ("replace", "ordinary-file")
    assert found["guarantees"]["inode_kept"] is False
    assert (found["findings"], found["bound_elsewhere"]) == ([], NOBODY)


def test_verdict_is_what_the_save_does(folder: Folder) -> None:
    """What stat says before is what the save says after: route, guarantees, etag, revision."""
    for address in (folder.file("a.yaml"), folder.linked("b.yaml")):
        name = address.rpartition("/")[2]
        before = folder.daemon.ask("GET", folder.url(name, "stat")).json
        saved = folder.daemon.put(address, b"a: 2\n", if_match=f'"{before["etag"]}"').json
        after = folder.daemon.ask("GET", folder.url(name, "stat")).json
        assert (saved["route"], saved["guarantees"]) == (before["route"], before["guarantees"])
        assert (saved["etag"], saved["revision"]) == (after["etag"], after["revision"])


def test_what_is_not_there(folder: Folder) -> None:
    """Nothing there, or no directory: not found."""
    for name in ("none.yaml", "none/a.yaml"):
        problem(folder.daemon.ask("GET", folder.url(name, "stat")), 404, "not-found")


def test_what_cannot_be_written(folder: Folder) -> None:
    """A refusal is a result here, not an error: a directory and a FIFO are described."""
    (folder.path / "directory").mkdir()
    os.mkfifo(folder.path / "fifo")
    for name in ("directory", "fifo"):
        found = folder.daemon.ask("GET", folder.url(name, "stat")).json
        assert (found["writable"], found["route"], found["guarantees"], found["etag"]) == (False, None, None, None)
        assert found["refusal"]["slug"] == "not-a-regular-file"
        assert found["refusal"]["remedy"]


def test_mounts(serve: Serve, disk: Path, mounts: Mounts) -> None:
    """A bind mount is written in place; a read-only one says which mount is in the way and by what rule."""
    (disk / "config").mkdir()
    for name in ("a.yaml", "b.yaml"):
        (disk / name).write_bytes(b"a: 1\n")
        mounts.bind(disk / name, disk / "config" / name, read_only=name == "b.yaml")
    daemon = serve("--root", f"ha={disk}/config")
    found = daemon.ask("GET", "/v1/stat/ha/a.yaml").json
    assert (found["route"]["name"], found["route"]["code"]) == ("overwrite", "mount-point")
    refusal = daemon.ask("GET", "/v1/stat/ha/b.yaml").json["refusal"]
    assert (refusal["slug"], refusal["rule"]) == ("read-only", "MNT009")
    assert f"{disk}/config/b.yaml" in refusal["evidence"]


def test_root_itself(folder: Folder) -> None:
    """A root has no verdict of its own."""
    for target in ("/v1/stat/ha", "/v1/stat/ha/", "/v1/stat/single/"):
        problem(folder.daemon.ask("GET", target), 409, "not-a-regular-file")
