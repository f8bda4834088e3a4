"""``/v1/roots``: what may be edited and whether it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import problem
from tests.support.passthrough import passthrough

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon
    from tests.support.mounting import Mounts


def test_each_root(house: Daemon) -> None:
    """A directory and a single file: where they are, what they are on, how a file in them would be written."""
    ha, single = house.ask("GET", "/v1/roots").json["roots"]
    base = str(house.state.parent)
    assert (ha["name"], ha["path"], ha["kind"]) == ("ha", f"{base}/config", "directory")
    assert (single["name"], single["path"], single["kind"]) == ("single", f"{base}/alone.yaml", "file")
    for root in (ha, single):
        assert (root["writable"], root["refusal"], root["route"]["name"]) == (True, None, "replace")
        assert root["mount"]["read_only"] is False
        assert base.startswith(root["mount"]["point"])
        assert (root["on_busy"], root["journal"]) == ("write", "require")
    assert ha["route"]["code"] == "new-file"


def test_looking_leaves_nothing(house: Daemon) -> None:
    """No file is made to find out whether one could be."""
    config = house.state.parent / "config"
    before = sorted(path.name for path in config.iterdir())
    house.ask("GET", "/v1/roots")
    assert sorted(path.name for path in config.iterdir()) == before


@pytest.mark.root
def test_why_not(serve: Serve, disk: Path, mounts: Mounts) -> None:
    """A read-only mount and a root that is missing say so, with the remedy; the others are as they are."""
    for name in ("source", "frozen", "fine"):
        (disk / name).mkdir()
    mounts.mount(disk / "frozen", "--bind", str(disk / "source"))
    mounts.mount(disk / "frozen", "-o", "remount,bind,ro")
    daemon = serve("--root", f"a={disk}/frozen", "--root", f"b={disk}/gone", "--root", f"c={disk}/fine")
    frozen, gone, fine = daemon.ask("GET", "/v1/roots").json["roots"]
    assert (frozen["writable"], frozen["refusal"]["slug"], frozen["route"]) == (False, "read-only", None)
    assert (frozen["mount"]["read_only"], frozen["mount"]["point"]) == (True, f"{disk}/frozen")
    assert (gone["kind"], gone["writable"], gone["refusal"]["slug"], gone["mount"]) == (
        "missing", False, "not-found", None,
    )  # fmt: skip
    assert gone["refusal"]["remedy"]
    assert fine["writable"] is True


def test_query_is_read_strictly(house: Daemon) -> None:
    """No parameter is known here."""
    problem(house.ask("GET", "/v1/roots?verbose=true"), 422, "unknown-parameter")


@pytest.mark.root
def test_a_root_whose_server_is_gone(serve: Serve, disk: Path) -> None:
    """It says why it cannot be written; the others are there as ever."""
    for name in ("backing", "point", "local"):
        (disk / name).mkdir()
    with passthrough(disk / "backing", disk / "point") as server:
        daemon = serve("--root", f"far={disk}/point", "--root", f"near={disk}/local")
        server.kill()
        server.wait()
        far, near = daemon.ask("GET", "/v1/roots").json["roots"]
    assert near["writable"]
    assert not far["writable"]
    assert f"{disk}/point cannot be looked at" in far["refusal"]["reason"]
