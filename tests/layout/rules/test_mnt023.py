import pytest

from tests.layout.building import container, line, paths, survey


@pytest.mark.parametrize("filesystem", ["nfs4", "cifs", "9p", "virtiofs", "fuse", "fuse.sshfs"])
def test_a_filesystem_of_others_is_found(filesystem: str) -> None:
    """Another machine's, or another process's."""
    app = container(line("/", "/config", filesystem=filesystem, device="0:60"))
    assert paths("MNT023", survey(app)) == ["/config"]


@pytest.mark.parametrize("filesystem", ["ext4", "xfs", "btrfs", "zfs", "fuseblk"])
def test_a_disk_is_none(filesystem: str) -> None:
    """NTFS by FUSE (fuseblk) is a disk of this machine."""
    assert paths("MNT023", survey(container(line("/", "/config", filesystem=filesystem)))) == []
