"""Directories that come, go and are renamed, with files in them."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.daemon.running import toml
from tests.support.passthrough import passthrough
from tests.watching.agreement import ROOT, await_agreement, on_disk
from tests.watching.told import Told, told

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon


class Tree(NamedTuple):
    """``old/a.yaml`` and ``old/deep/b.yaml`` are there, ``c.yaml`` of ``beside`` is not yet in the root."""

    daemon: Daemon
    directory: Path
    beside: Path
    told: Told


@pytest.fixture(params=["watched", pytest.param("polled", marks=[pytest.mark.root, pytest.mark.slow])])
def tree(request: pytest.FixtureRequest, serve: Serve, disk: Path) -> Generator[Tree]:
    """A root, watched; or one that FUSE shows, so that it is polled."""
    directory, beside, shown = disk / "config", disk / "beside", disk / "config"
    for path in (directory / "old" / "a.yaml", directory / "old" / "deep" / "b.yaml", beside / "c.yaml"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode() + b": 1\n")
    with ExitStack() as stack:
        if request.param == "polled":
            request.getfixturevalue("mounts")
            shown = disk / "shown"
            shown.mkdir()
            stack.enter_context(passthrough(directory, shown))
        daemon = serve(settings=toml(roots={ROOT: {"path": str(shown)}}))
        await_agreement(daemon, directory, [directory / "old" / "a.yaml", directory / "old" / "deep" / "b.yaml"])
        yield Tree(daemon, directory, beside, stack.enter_context(told(daemon.socket)))


COME, GONE = "file.changed", "file.removed"
CHANGES: dict[str, tuple[str, dict[str, str]]] = {
    "a directory and a file at once": ("mkdir new && echo 'a: 1' >new/n.yaml", {"new/n.yaml": COME}),
    "directories and a file at once": ("mkdir -p new/er && echo 'a: 1' >new/er/n.yaml", {"new/er/n.yaml": COME}),
    "a copy of a tree": ("cp -r old copy", {"copy/a.yaml": COME, "copy/deep/b.yaml": COME}),
    "a tree moved in": ("mv ../beside in", {"in/c.yaml": COME}),
    "a tree moved out": ("mv old ../out", {"old/a.yaml": GONE, "old/deep/b.yaml": GONE}),
    "a directory renamed": (
        "mv old new",
        {"old/a.yaml": GONE, "old/deep/b.yaml": GONE, "new/a.yaml": COME, "new/deep/b.yaml": COME},
    ),
    "a tree removed": ("rm -r old", {"old/a.yaml": GONE, "old/deep/b.yaml": GONE}),
    "an empty tree": ("mkdir -p new/deep", {}),
    "a file moved between directories": ("mv old/a.yaml old/deep", {"old/a.yaml": GONE, "old/deep/a.yaml": COME}),
    "a file that becomes a directory": ("rm old/a.yaml && mkdir old/a.yaml", {"old/a.yaml": GONE}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_directories(tree: Tree, change: str) -> None:
    """Of each file that is new or gone there is one event, with its content; what happens there later is told too."""
    script, expected = CHANGES[change]
    subprocess.run(["sh", "-euc", script], cwd=tree.directory, check=True)
    assert tree.told.wait(lambda: len(tree.told.events()) >= len(expected))
    _later(tree)
    events = [event for event in tree.told.events() if not event.data["path"].endswith("later.yaml")]
    assert {event.data["path"]: event.type for event in events} == expected
    assert len(events) == len(expected)
    for event in events:
        assert event.data["etag"] == (on_disk(tree.directory / event.data["path"]) if event.type == COME else None)
        (newest, *_) = tree.daemon.ask("GET", f"/v1/history/{ROOT}/{event.data['path']}").json["revisions"]
        assert (newest["id"], newest["origin"]) == (event.data["revision"], "external")


def _later(tree: Tree) -> None:
    """One more file in each directory that is there now."""
    for directory in (tree.directory, *filter(Path.is_dir, list(tree.directory.rglob("*")))):
        path = directory / "later.yaml"
        path.write_bytes(b"later: 1\n")
        name = str(path.relative_to(tree.directory))
        assert tree.told.wait(partial(tree.told.events, ROOT, name)), name
