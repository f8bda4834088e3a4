import shutil
from pathlib import Path

from confkeep.keeper import Keeper
from tests.daemon.fixtures import Serve
from tests.daemon.running import Daemon
from tests.support.saving import promise


def test_alive(house: Daemon) -> None:
    """200 and a word for people."""
    answer = house.ask("GET", "/healthz")
    assert (answer.status, answer.body) == (200, b"ok\n")


def test_ready(house: Daemon) -> None:
    """The store is open, every root is there, nothing had to be recovered."""
    answer = house.ask("GET", "/readyz")
    assert answer.status == 200
    roots = {"ha": "ok", "single": "ok"}
    assert answer.json == {
        "ready": True, "store": "open", "roots": roots, "recovered": 0, "unsettled": [], "findings": [],
    }  # fmt: skip


def test_root_that_vanishes(serve: Serve, disk: Path) -> None:
    """503 names the root, the daemon lives, and it is ready again when the root is back."""
    for name in ("one", "two"):
        (disk / name).mkdir()
    daemon = serve("--root", f"one={disk}/one", "--root", f"two={disk}/two")
    assert daemon.ask("GET", "/readyz").status == 200
    shutil.rmtree(disk / "two")
    answer = daemon.ask("GET", "/readyz")
    assert (answer.status, answer.json["ready"], answer.json["roots"]["one"]) == (503, False, "ok")
    assert f"{disk}/two" in answer.json["roots"]["two"]
    assert daemon.ask("GET", "/healthz").status == 200
    (disk / "two").mkdir()
    assert daemon.ask("GET", "/readyz").status == 200
    assert daemon.put("two/a.yaml", b"a: 1\n", if_none_match="*").status == 201


def test_half_written_file_that_cannot_be_repaired(serve: Serve, disk: Path) -> None:
    """Not ready, with the path and the reason, until a save has repaired it: readers shall not be let at it."""
    config = disk / "config"
    config.mkdir()
    target = config / "a.yaml"
    target.write_bytes(b"a: 1\n")
    daemon = serve("--root", f"ha={config}")
    daemon.stop()
    with Keeper(daemon.state) as keeper:
        promise(keeper, target, b"a: 1\n", b"b: 2\n")
    target.write_bytes(b"a: 2\n")
    target.rename(disk / "kept")
    target.mkdir()
    daemon.start()
    answer = daemon.ask("GET", "/readyz")
    assert (answer.status, [item["path"] for item in answer.json["unsettled"]]) == (503, [str(target)])
    target.rmdir()
    (disk / "kept").rename(target)
    assert daemon.put("ha/a.yaml", b"a: 3\n").status == 200
    assert daemon.ask("GET", "/readyz").status == 200
