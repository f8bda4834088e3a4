"""Mounts that come, go, or lose their directory on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.daemon.looking import etag
from tests.daemon.running import toml
from tests.support.mounting import run
from tests.watching.agreement import ROOT, await_agreement
from tests.watching.told import Told, told

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon
    from tests.support.mounting import Mounts


class Mounted(NamedTuple):
    """``source`` is mounted at ``root``, with ``a.yaml`` in it; ``nested`` at ``nested.yaml`` in it."""

    daemon: Daemon
    mounts: Mounts
    source: Path
    nested: Path
    root: Path
    told: Told

    def states(self) -> list[tuple[str, str, str | None]]:
        """What was told of mounts: path, state, rule."""
        found: list[dict[str, Any]] = [each.data for each in self.told.events() if each.type == "mount.changed"]
        return [(each["path"], each["state"], each["rule"]) for each in found]


@pytest.fixture
def mounted(serve: Serve, mounts: Mounts, disk: Path) -> Generator[Mounted]:
    """A root with a file bind in it, watched."""
    source, nested, root = disk / "host" / "config", disk / "host" / "elsewhere.yaml", disk / "inside"
    source.mkdir(parents=True)
    for path in (source / "a.yaml", nested):
        path.write_bytes(b"a: 1\n")
    mounts.bind(source, root)
    mounts.bind(nested, root / "nested.yaml")
    daemon = serve(settings=toml(roots={ROOT: {"path": str(root)}}))
    await_agreement(daemon, root, [root / "a.yaml", root / "nested.yaml"])
    with told(daemon.socket) as stream:
        yield Mounted(daemon, mounts, source, nested, root, stream)


def _on_the_host(mounted: Mounted, script: str) -> None:
    """Run it where nothing is mounted on what is in ``$1``; ``$2`` is what must be unmounted for that."""
    run(
        "unshare", "--mount", "sh", "-euc", f'umount "$2"; {script}', "sh", mounted.source, mounted.root / "nested.yaml"
    )


def test_a_placeholder_removed_on_the_host(mounted: Mounted) -> None:
    """The mount is gone without a word in the container: it is told, and so is that the file is gone."""
    _on_the_host(mounted, 'rm "$1/nested.yaml"')
    assert mounted.told.wait(lambda: len(mounted.told.events()) >= 2)
    assert mounted.states() == [("nested.yaml", "unmounted", None)]
    (gone,) = mounted.told.events(ROOT, "nested.yaml")[1:]
    assert (gone.type, gone.data["etag"]) == ("file.removed", None)


def test_a_placeholder_renamed_over_on_the_host(mounted: Mounted) -> None:
    """It unmounts too, and now another file is there."""
    _on_the_host(mounted, 'echo "new: 1" >"$1/new~" && mv "$1/new~" "$1/nested.yaml"')
    assert mounted.told.wait(lambda: len(mounted.told.events()) >= 2)
    assert mounted.states() == [("nested.yaml", "unmounted", None)]
    (changed,) = mounted.told.events(ROOT, "nested.yaml")[1:]
    assert (changed.type, changed.data["etag"]) == ("file.changed", etag(b"new: 1\n"))


def test_unmounted_and_mounted(mounted: Mounted) -> None:
    """What shows is told each time, and changes of what is mounted now are."""
    placeholder = mounted.root / "nested.yaml"
    mounted.mounts.unmount(placeholder)
    assert mounted.told.wait(lambda: len(mounted.told.events()) >= 2)
    mounted.mounts.bind(mounted.nested, placeholder)
    assert mounted.told.wait(lambda: len(mounted.told.events()) >= 4)
    assert mounted.states() == [("nested.yaml", "unmounted", None), ("nested.yaml", "mounted", None)]
    mounted.nested.write_bytes(b"a: 2\n")
    assert mounted.told.wait(lambda: len(mounted.told.events()) >= 5)
    contents = [event.data["etag"] for event in mounted.told.events() if event.type == "file.changed"]
    assert contents == [etag(b""), etag(b"a: 1\n"), etag(b"a: 2\n")]


def test_a_directory_mounted_over_files(mounted: Mounted, disk: Path) -> None:
    """Its files are recorded and told, and those that come later."""
    (disk / "packages").mkdir()
    (disk / "packages" / "b.yaml").write_bytes(b"b: 1\n")
    mounted.mounts.bind(disk / "packages", mounted.root / "packages")
    assert mounted.told.wait(lambda: mounted.told.events(ROOT, "packages/b.yaml"))
    assert mounted.states() == [("packages", "mounted", None)]
    (disk / "packages" / "c.yaml").write_bytes(b"c: 1\n")
    assert mounted.told.wait(lambda: mounted.told.events(ROOT, "packages/c.yaml"))


def test_the_source_of_a_directory_moved_away_and_back(mounted: Mounted) -> None:
    """The mount follows it; meanwhile changes are told as ever."""
    away = mounted.source.rename(mounted.source.with_name("away"))
    assert mounted.told.wait(mounted.states)
    (away / "a.yaml").write_bytes(b"a: 2\n")
    assert mounted.told.wait(lambda: mounted.told.events(ROOT, "a.yaml"))
    away.rename(mounted.source)
    assert mounted.told.wait(lambda: len(mounted.states()) == 2)
    assert mounted.states() == [("", "moved", "MNT003"), ("", "ok", None)]


def test_the_source_of_a_directory_removed(mounted: Mounted) -> None:
    """Whatever is saved there now is lost: stale."""
    _on_the_host(mounted, 'rm -r "$1"')
    assert mounted.told.wait(lambda: ("", "stale", "MNT004") in mounted.states())
    assert mounted.told.wait(lambda: [event.type for event in mounted.told.events(ROOT, "a.yaml")] == ["file.removed"])


def test_another_directory_in_the_place_of_the_source(mounted: Mounted) -> None:
    """The mount shows the old one, which has another name: moved; what is written to the new one is not seen."""
    mounted.source.rename(mounted.source.with_name("away"))
    mounted.source.mkdir()
    (mounted.source / "a.yaml").write_bytes(b"a: 2\n")
    assert mounted.told.wait(lambda: mounted.states() == [("", "moved", "MNT003")])
    (mounted.root / "b.yaml").write_bytes(b"b: 1\n")
    assert mounted.told.wait(lambda: mounted.told.events(ROOT, "b.yaml"))
    assert mounted.told.events(ROOT, "a.yaml") == []
