"""Which files are watched: those that are called like configuration, what has a history, and what the root says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.daemon.running import toml
from tests.watching.agreement import ROOT, await_known
from tests.watching.told import told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon
    from tests.watching.told import Told

CONFIGURATION = {"a.yaml", "b.json", "sub/c.conf", "sub/.env"}
OTHERS = {"d.bin", "home-assistant_v2.db", "sub/e.log", "a.yaml~", ".a.yaml.swp"}
NEVER = {".git/config.yaml", "node_modules/deep/package.json"}


def _served(serve: Serve, disk: Path, watch: str, expected: set[str]) -> Daemon:
    """``config`` is watched as it says; ``marker`` is a single file of a name that says nothing."""
    directory, marker = disk / "config", disk / "marker"
    marker.write_bytes(b"0")
    for name in CONFIGURATION | OTHERS | NEVER:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(b"a: 0\n")
    settings = toml(roots={"marker": {"path": str(marker)}, ROOT: {"path": str(directory)}})
    daemon = serve(settings=f"{settings}watch = {watch}\n")
    await_known(daemon, "marker/marker", *(f"{ROOT}/{name}" for name in expected))
    return daemon


def _told(stream: Told, disk: Path, content: bytes) -> set[str]:
    """Write to all files; what was told when the marker, which is written last, is."""
    for name in CONFIGURATION | OTHERS | NEVER:
        (disk / "config" / name).write_bytes(content)
    (disk / "marker").write_bytes(content)
    seen = len(stream.events("marker"))
    assert stream.wait(lambda: len(stream.events("marker")) > seen)
    return {event.data["path"] for event in stream.events(ROOT)}


@pytest.mark.parametrize(
    ("watch", "expected"),
    [
        ("true", CONFIGURATION),
        ("false", set[str]()),
        ('["*"]', CONFIGURATION | OTHERS),
        ('["*.bin", "sub/*"]', {"d.bin", "sub/c.conf", "sub/.env", "sub/e.log"}),
    ],
)
def test_what_a_root_says(serve: Serve, disk: Path, watch: str, expected: set[str]) -> None:
    """By default what is called like configuration; globs instead of that; never what tools keep for themselves."""
    daemon = _served(serve, disk, watch, expected)
    with told(daemon.socket) as stream:
        assert _told(stream, disk, b"a: 1\n") == expected
        assert {event.about for event in stream.events("marker")} == {("marker", "marker")}


def test_what_confkeep_has_saved(serve: Serve, disk: Path) -> None:
    """Whatever it is called: its history shall be whole."""
    daemon = _served(serve, disk, "true", CONFIGURATION)
    assert daemon.put(f"{ROOT}/d.bin", b"saved").status == 200
    with told(daemon.socket) as stream:
        assert _told(stream, disk, b"a: 1\n") == CONFIGURATION | {"d.bin"}
