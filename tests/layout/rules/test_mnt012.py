import pytest

from confkeep.layout.model import Declared
from tests.layout.building import container, findings, line, paths, survey

TMPFS = line("/", "/config", filesystem="tmpfs", device="0:70")


def test_a_tmpfs_is_found() -> None:
    """By the kernel's table, whether `--tmpfs` or `type: tmpfs` made it."""
    assert paths("MNT012", survey(container(TMPFS))) == ["/config"]


def test_a_tmpfs_is_found_by_what_the_engine_was_told() -> None:
    """Where the container's processes are not to be seen, and /proc is there for others."""
    declared = (Declared("tmpfs", "", "/config"), Declared("bind", "/srv/a", "/a"))
    assert paths("MNT012", survey(container(declared=declared))) == ["/config"]


def test_what_came_along_with_another_mount_is_none() -> None:
    """It is the host's, and MNT027 tells of it."""
    app = container(TMPFS, declared=())
    assert paths("MNT012", survey(app)) == []
    assert paths("MNT027", survey(app)) == ["/config"]


def test_the_engines_own_are_none() -> None:
    """Every container has /dev."""
    assert paths("MNT012", survey(container(line("/srv/data", "/data")))) == []


def test_a_read_only_one_is_none() -> None:
    """Nothing is saved there at all: Kubernetes has its tokens in one."""
    assert paths("MNT012", survey(container(line("/", "/token", "ro", "tmpfs", "0:70")))) == []


@pytest.mark.parametrize("root", ["/docker.sock", "/dbus"])
def test_what_lives_at_runtime_only_is_none(root: str) -> None:
    """Half of all containers mount a socket out of the host's /run, which is a tmpfs."""
    host = ("1 0 254:0 / / rw - ext4 x rw", "2 1 0:25 / /run rw - tmpfs tmpfs rw")
    app = container(line(root, f"/run{root}", filesystem="tmpfs", device="0:25"))
    assert paths("MNT012", survey(app, host=host)) == []


def test_a_directory_of_the_host_s_tmpfs_is_found() -> None:
    """It is gone after a restart of the machine."""
    host = ("1 0 254:0 / / rw - ext4 x rw", "2 1 0:26 / /tmp rw - tmpfs tmpfs rw")
    [finding] = findings("MNT012", survey(container(line("/conf", "/config", "rw", "tmpfs", "0:26")), host=host))
    assert "restart of the machine" in finding.message


def test_what_is_meant_to_be_lost_is_none() -> None:
    """A read-only container has its /tmp and /run in memory; for what is to be saved there it is found."""
    app = container(line("/", "/run", filesystem="tmpfs", device="0:71"))
    assert paths("MNT012", survey(app)) == []
    assert paths("MNT012", survey(app), paths=frozenset({"/run/a.yaml"})) == ["/run"]
