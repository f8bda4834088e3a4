"""What becomes of the mounts under a root: said as it happens, with the kernel's line as evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confkeep.files.root import Root
from confkeep.watch.standing import Mounts, State, concerning
from tests.support.layouts import directory_bind, file_bind, file_bind_from_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confkeep.keeper import Keeper
    from tests.support.layouts import Ground
    from tests.watch.conftest import Watch

FILE_BINDS = [file_bind, file_bind_from_elsewhere]


def replaced(source: Path, data: bytes) -> None:
    """As an editor on the host saves."""
    beside = source.with_name("new~")
    beside.write_bytes(data)
    beside.rename(source)


def source_of(bind: Callable[[Ground], Path], ground: Ground) -> Path:
    """What is mounted."""
    return (ground.elsewhere if bind is file_bind_from_elsewhere else ground.host) / "a.yaml"


@pytest.mark.parametrize("bind", FILE_BINDS)
@pytest.mark.parametrize("is_single", [True, False], ids=["single file", "directory"])
def test_a_mounted_file(bind: Callable[[Ground], Path], is_single: bool, ground: Ground, watch: Watch) -> None:  # noqa: FBT001
    """In place: a change, from either side. Replaced on the host: stale, and no change, for we see the old one."""
    path = bind(ground)
    source = source_of(bind, ground)
    relative = "a.yaml"
    heard = watch(Root("ha", str(path if is_single else path.parent)))
    path.write_bytes(b"inside\n")
    heard.content(relative, b"inside\n")
    source.write_bytes(b"outside\n")
    heard.content(relative, b"outside\n")
    replaced(source, b"new\n")
    name, at, standing = heard.standing()
    assert (name, at, standing.state, standing.rule) == ("ha", relative, State.STALE, "MNT002")
    assert "//deleted" in standing.evidence
    assert "restart" in standing.remedy
    path.write_bytes(b"lost\n")
    heard.content(relative, b"lost\n")  # recorded all the same: it is nowhere else
    heard.nothing_more()


def test_a_source_that_moves(ground: Ground, watch: Watch) -> None:
    """Renamed on the host and back: moved, then as it should be; in between it is written under its new name."""
    path = file_bind(ground)
    heard = watch(Root("one", str(path)))
    source = ground.host / "a.yaml"
    source.rename(ground.host / "a.yaml~")
    _, _, standing = heard.standing()
    assert (standing.state, standing.rule) == (State.MOVED, "MNT003")
    assert "a.yaml~" in standing.detail
    (ground.host / "a.yaml~").write_bytes(b"2\n")
    heard.content("a.yaml", b"2\n")
    (ground.host / "a.yaml~").rename(source)
    assert heard.standing()[2].state is State.OK
    heard.nothing_more()


def test_a_directory_that_moves(ground: Ground, watch: Watch) -> None:
    """The same of a mounted directory, and of one that holds the root."""
    path = directory_bind(ground).parent
    (path / "sub").mkdir()
    heard = watch(Root("sub", str(path / "sub")))
    ground.host.rename(ground.host.with_name("host~"))
    name, at, standing = heard.standing()
    assert (name, at, standing.state) == ("sub", "", State.MOVED)
    (path / "sub" / "a.yaml").write_bytes(b"1\n")
    heard.content("a.yaml", b"1\n")
    ground.host.with_name("host~").rename(ground.host)
    assert heard.standing()[2].state is State.OK


def test_a_directory_that_is_removed(ground: Ground, watch: Watch) -> None:
    """With what was in it: its files are removed, the mount is stale."""
    path = directory_bind(ground).parent
    heard = watch(Root("ha", str(path)))
    (ground.host / "a.yaml").unlink()
    ground.host.rmdir()
    standing = heard.standing()[2]
    assert (standing.state, standing.rule) == (State.STALE, "MNT004")
    heard.content("a.yaml", None)
    ground.host.mkdir()


def test_mounted_and_unmounted(ground: Ground, watch: Watch) -> None:
    """What shows then is another file: told, and followed."""
    (ground.inside / "a.yaml").write_bytes(b"under\n")
    heard = watch(Root("ha", str(ground.inside)))
    path = file_bind(ground)
    assert heard.standing()[2].state is State.MOUNTED
    heard.content("a.yaml", path.read_bytes())
    (ground.host / "a.yaml").write_bytes(b"2\n")
    heard.content("a.yaml", b"2\n")
    ground.mounts.unmount(path)
    assert heard.standing()[2].state is State.UNMOUNTED
    heard.content("a.yaml", b"under\n")
    (ground.host / "a.yaml").write_bytes(b"3\n")
    heard.nothing_more()


def test_a_directory_is_mounted(ground: Ground, watch: Watch) -> None:
    """Into the root, with files in it: each is a change, and later ones are seen."""
    heard = watch(Root("ha", str(ground.inside)))
    directory_bind(ground)
    assert heard.standing()[1] == "config"
    heard.content("config/a.yaml", (ground.host / "a.yaml").read_bytes())
    (ground.host / "a.yaml").write_bytes(b"2\n")
    heard.content("config/a.yaml", b"2\n")


def test_stale_from_the_start(ground: Ground, watch: Watch) -> None:
    """A daemon that starts on a stale mount says so."""
    path = file_bind(ground)
    replaced(ground.host / "a.yaml", b"new\n")
    heard = watch(Root("one", str(path)))
    assert heard.standing()[2].state is State.STALE


def test_mounts_elsewhere(ground: Ground, watch: Watch) -> None:
    """What is mounted outside the roots is nobody's business."""
    (ground.inside / "conf").mkdir()
    heard = watch(Root("ha", str(ground.inside / "conf")))
    file_bind(ground)
    heard.nothing_more()


def test_which_mounts_concern_a_directory(ground: Ground) -> None:
    """The one that holds it, and those below it; never ``/``."""
    path = file_bind(ground)
    found = concerning([str(ground.inside)])
    assert str(path) in found
    assert all(point == str(path) or str(ground.inside).startswith(point) for point in found)
    assert "/" not in found


def test_nothing_is_told_twice(ground: Ground) -> None:
    """A look that finds what the last one found has no news."""
    path = file_bind(ground)
    mounts = Mounts()
    assert mounts.look([str(path)]) == []
    replaced(ground.host / "a.yaml", b"new\n")
    assert [each.state for each in mounts.look([str(path)])] == [State.STALE]
    assert mounts.look([str(path)]) == []


def test_many_binds(ground: Ground, keeper: Keeper, watch: Watch) -> None:
    """A hundred single files mounted into one directory: each is watched."""
    for number in range(100):
        ground.mounts.bind(ground.source(f"{number}.yaml", b"1\n"), ground.inside / f"{number}.yaml")
    heard = watch(Root("ha", str(ground.inside)))
    for number in range(100):
        (ground.host / f"{number}.yaml").write_bytes(b"2\n")
    assert {heard.change().relative for _ in range(100)} == {f"{number}.yaml" for number in range(100)}
    assert keeper.history(Root("ha", str(ground.inside)), "7.yaml", 1)[0].size == 2
