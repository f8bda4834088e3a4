"""confkeep.files.persistence: whether what is written is still there later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.files import persistence
from tests.support.looking import looking, mount_at

if TYPE_CHECKING:
    from confkeep.files.finding import Finding
    from tests.support.fixtures import AsUser, Filesystem
    from tests.support.mounting import Mounts


@pytest.fixture
def container(mounts: Mounts, public: Path, filesystem: Filesystem) -> Path:
    """The root of a container: an overlay, with a volume mounted at /data."""
    layers = filesystem("ext4")
    for name in ("proc", "data", "config"):
        (layers / "lower" / name).mkdir(parents=True)
    (layers / "lower/config/a.yaml").touch()
    root = mounts.overlay(public / "root", layers)
    mounts.mount(root / "proc", "-t", "proc", "proc")
    mounts.bind(filesystem("ext4"), root / "data")
    return root


def findings(path: str) -> tuple[Finding, ...]:
    """What a look finds."""
    with looking(Path(path)) as target:
        assert target.choice is not None
        return target.findings


@pytest.mark.parametrize("path", ["/config/a.yaml", "/config/new.yaml"])
def test_a_file_in_the_containers_layer_is_found(container: Path, as_user: AsUser, path: str) -> None:
    """It can be saved, but is lost when the container is recreated: MNT011, with the mount as evidence."""
    (found,) = as_user(0, lambda: findings(path), root=container)
    assert (found.rule, found.severity) == ("MNT011", "error")
    assert " - overlay overlay " in found.evidence
    assert found.message.startswith(path)


def test_a_file_on_a_volume_is_not(container: Path, as_user: AsUser) -> None:
    """What is on a mount of its own outlives the container."""
    assert as_user(0, lambda: findings("/data/new.yaml"), root=container) == ()


def test_without_a_container_there_is_no_finding(disk: Path) -> None:
    """An ordinary disk is what it should be."""
    with looking(disk / "a.yaml") as target:
        assert target.findings == ()
    assert persistence.of_state(disk) is None


@pytest.mark.parametrize("name", ["ext4", "xfs", "btrfs"])
def test_a_state_directory_on_a_disk(filesystem: Filesystem, name: str) -> None:
    """Nothing to say."""
    assert persistence.of_state(filesystem(name)) is None


def test_a_state_directory_in_memory(filesystem: Filesystem) -> None:
    """A power cut loses a tmpfs: an error, because the journal promises otherwise."""
    directory = filesystem("tmpfs")
    found = persistence.of_state(directory)
    assert found is not None
    assert (found.rule, found.severity) == ("STA001", "error")
    assert found.evidence == mount_at(directory).line


def test_a_state_directory_on_a_volatile_overlay(mounts: Mounts, disk: Path, filesystem: Filesystem) -> None:
    """An overlay that flushes nothing is no better."""
    at = mounts.overlay(disk / "overlay", filesystem("ext4"), ",volatile")
    found = persistence.of_state(at)
    assert found is not None
    assert found.severity == "error"


def test_a_state_directory_on_another_overlay(filesystem: Filesystem) -> None:
    """A plain overlay that is not the container's own layer keeps what is written."""
    assert persistence.of_state(filesystem("overlay")) is None


def test_a_state_directory_in_the_containers_layer(container: Path, as_user: AsUser) -> None:
    """It survives a crash but not a recreate: a warning."""
    found = as_user(0, lambda: persistence.of_state(Path("/config")), root=container)
    assert found is not None
    assert (found.rule, found.severity) == ("STA001", "warning")
    assert as_user(0, lambda: persistence.of_state(Path("/data")), root=container) is None
