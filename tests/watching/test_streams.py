"""Streams of outside changes with filters: each tells what was asked for, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.daemon.running import toml
from tests.watching.agreement import await_known
from tests.watching.told import told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve


def test_filters_of_outside_changes(serve: Serve, disk: Path) -> None:
    """By root, by the beginning of the path, by type."""
    for name in ("one", "two"):
        (disk / name / "sub").mkdir(parents=True)
        (disk / name / "sub" / "known.yaml").touch()
    daemon = serve(settings=toml(roots={name: {"path": f"{disk}/{name}"} for name in ("one", "two")}))
    await_known(daemon, "one/sub/known.yaml", "two/sub/known.yaml")
    with (
        told(daemon.socket) as everything,
        told(daemon.socket, "?root=two") as of_two,
        told(daemon.socket, "?root=one&prefix=sub/") as below_sub,
        told(daemon.socket, "?types=file.removed,mount.changed") as removals,
    ):
        (disk / "one" / "a.yaml").write_bytes(b"a: 1\n")
        (disk / "one" / "sub" / "a.yaml").write_bytes(b"a: 1\n")
        (disk / "two" / "sub" / "a.yaml").write_bytes(b"a: 1\n")
        assert everything.wait(lambda: len(everything.events()) == 3)
        (disk / "one" / "a.yaml").unlink()
        assert everything.wait(lambda: len(everything.events()) == 4)
        (disk / "two" / "sub" / "a.yaml").unlink()
        assert everything.wait(lambda: len(everything.events()) == 5)
        assert of_two.wait(lambda: len(of_two.events()) == 2)
        assert removals.wait(lambda: len(removals.events()) == 2)
        assert below_sub.wait(below_sub.events)
        assert [event.about for event in below_sub.events()] == [("one", "sub/a.yaml")]
        assert [event.type for event in of_two.events()] == ["file.changed", "file.removed"]
        assert [event.about for event in removals.events()] == [("one", "a.yaml"), ("two", "sub/a.yaml")]
