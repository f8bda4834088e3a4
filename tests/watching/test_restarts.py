"""What happened while nobody watched is found at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.daemon.looking import etag
from tests.daemon.running import toml
from tests.watching.agreement import ROOT, await_agreement, histories
from tests.watching.told import beginning, told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve

NAMES = ("kept.yaml", "changed.yaml", "replaced.yaml", "removed.yaml", "deep/removed.yaml", "saved.bin")
NEW = ("new.yaml", "deep/new.yaml")


def test_changes_while_it_was_down(serve: Serve, disk: Path) -> None:
    """Changed, replaced, new, removed: each has one more revision; told is what had a history, and is another now."""
    directory = disk / "config"
    paths = {name: directory / name for name in (*NAMES, *NEW)}
    for name in NAMES:
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        paths[name].write_bytes(b"old: 1\n")
    daemon = serve(settings=toml(roots={ROOT: {"path": str(directory)}}))
    saved = daemon.put(f"{ROOT}/saved.bin", b"saved").json["revision"]
    await_agreement(daemon, directory, list(paths.values()))
    before = histories(daemon, directory, paths.values())
    assert daemon.stop() == 0
    paths["changed.yaml"].write_bytes(b"new: 1\n")
    paths["saved.bin"].write_bytes(b"new: 1\n")
    (directory / "other").write_bytes(b"new: 1\n")
    (directory / "other").rename(paths["replaced.yaml"])
    paths["removed.yaml"].unlink()
    paths["deep/removed.yaml"].unlink()
    for name in NEW:
        paths[name].write_bytes(b"new: 1\n")
    daemon.start()
    await_agreement(daemon, directory, list(paths.values()))
    after = histories(daemon, directory, paths.values())
    more = {name: len(after[path]) - len(before[path]) for name, path in paths.items()}
    assert more == dict.fromkeys(paths, 1) | {"kept.yaml": 0}
    newest = {after[path][0]["etag"] for name, path in paths.items() if name != "kept.yaml"}
    assert newest == {etag(b"new: 1\n"), None}
    assert after[paths["saved.bin"]][1]["id"] == saved
    with told(daemon.socket, last=beginning(daemon.socket)) as stream:
        expected = {"changed.yaml", "replaced.yaml", "removed.yaml", "deep/removed.yaml", "saved.bin"}
        assert stream.wait(lambda: len(stream.events()) >= len(expected))
        assert {event.data["path"] for event in stream.events()} == expected
        assert len(stream.events()) == len(expected)


def test_the_first_sight_is_not_told(serve: Serve, disk: Path) -> None:
    """What is there when a root is watched for the first time is recorded; nobody has changed it."""
    directory = disk / "config"
    directory.mkdir()
    (directory / "a.yaml").write_bytes(b"a: 1\n")
    daemon = serve(settings=toml(roots={ROOT: {"path": str(directory)}}))
    await_agreement(daemon, directory, [directory / "a.yaml"])
    (directory / "b.yaml").write_bytes(b"b: 1\n")
    with told(daemon.socket, last=beginning(daemon.socket)) as stream:
        assert stream.wait(stream.events)
        assert [event.data["path"] for event in stream.events()] == ["b.yaml"]
