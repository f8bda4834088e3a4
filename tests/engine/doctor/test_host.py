"""What the host mounts and links: MNT022, MNT023, MNT024."""

import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engine.doctor.live import Live
from tests.support.needs import need

pytestmark = pytest.mark.root


def test_host_mount_hidden(live: Live) -> None:
    """The host mounts a disk on the source after the start: MNT022, until the restart that the remedy names."""
    source = live.file("conf/a.yaml").parent
    live.run("app", f"--volume={source}:/config")
    live.disk(source)
    found = live.doctor()
    assert found.keys == {("app", "MNT022", "/config")}
    assert found.of("MNT022")["evidence"] == live.line("app", "/config")
    live.apply(found.of("MNT022"))
    assert live.doctor().keys == set()


@pytest.mark.parametrize("filesystem", ["ext4", "btrfs"])
def test_source_on_another_disk(live: Live, filesystem: str) -> None:
    """The path is the host's, not the disk's; on btrfs, where devices differ from those in mountinfo, a subvolume's."""
    disk = live.base / "disk"
    disk.mkdir()
    live.disk(disk, filesystem)
    if filesystem == "btrfs":
        live.host.run("btrfs", "subvolume", "create", disk / "home")
    live.host.run("sh", "-c", f"mkdir -p {disk}/home/conf && echo a >{disk}/home/conf/a.yaml")
    live.run("app", f"--volume={disk}/home/conf/a.yaml:/config/a.yaml")
    found = live.doctor()
    assert found.keys == {("app", "MNT001", "/config/a.yaml")}
    assert found.of("MNT001")["host_path"] == f"{disk}/home/conf/a.yaml"
    live.host.run("sh", "-c", f"echo b >{disk}/home/conf/new && mv {disk}/home/conf/new {disk}/home/conf/a.yaml")
    found = live.doctor()
    assert found.keys == {("app", "MNT001", "/config/a.yaml"), ("app", "MNT002", "/config/a.yaml")}
    live.apply(found.of("MNT002"))
    assert live.doctor().keys == {("app", "MNT001", "/config/a.yaml")}


def test_odd_names(live: Live) -> None:
    """Names that mountinfo writes with escapes are told as they are, and compared as they are."""
    source = live.file("a b/c\\d\te#f/é:g.yaml")
    live.run("app", "--mount", f"type=bind,source={source},target=/config/ü h.yaml")
    found = live.doctor()
    assert found.keys == {("app", "MNT001", "/config/ü h.yaml")}
    assert found.of("MNT001")["host_path"] == str(source)
    source.rename(source.with_name("old\nname.yaml"))
    live.file("a b/c\\d\te#f/é:g.yaml")
    assert live.doctor().keys == {("app", "MNT001", "/config/ü h.yaml"), ("app", "MNT003", "/config/ü h.yaml")}


def test_directory_mounted_over_the_source(live: Live) -> None:
    """The same where it is a directory of the same disk that the host mounts there."""
    source = live.file("conf/a.yaml").parent
    live.run("app", f"--volume={source}:/config")
    live.mount(source, "--bind", live.file("other/a.yaml").parent)
    found = live.doctor()
    assert found.keys == {("app", "MNT022", "/config")}
    live.unmount(source)
    assert live.doctor().keys == set()


@contextmanager
def passthrough(live: Live, backing: Path, point: Path) -> Generator[subprocess.Popen[bytes]]:
    """``backing`` shown at ``point`` of the host by FUSE; the process that serves it."""
    need(Path("/dev/fuse").exists(), "no /dev/fuse")
    point.mkdir()
    command = live.host.enter(sys.executable, "-m", "tests.support.passthrough", backing, point)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        try:
            yield server
        finally:
            server.kill()
            live.host.run("umount", "--lazy", point)


def test_fuse(live: Live) -> None:
    """On FUSE: MNT023; on a local disk there is nothing to say."""
    backing = live.file("backing/a.yaml").parent
    with passthrough(live, backing, live.base / "conf"):
        live.run("app", f"--volume={live.base}/conf:/config")
        found = live.doctor()
        assert found.keys == {("app", "MNT023", "/config")}
        assert found.of("MNT023")["evidence"] == live.line("app", "/config")
        assert "fuse" in found.of("MNT023")["evidence"]
        live.run("app", f"--volume={backing}:/config")
        assert live.doctor().keys == set()


def test_fuse_that_does_not_answer(live: Live) -> None:
    """Whoever asks a stopped server for a file waits for ever; the doctor does not ask."""
    backing = live.file("backing/a.yaml").parent
    with passthrough(live, backing, live.base / "conf") as server:
        live.run("app", f"--volume={live.base}/conf:/config")
        server.send_signal(signal.SIGSTOP)
        try:
            assert live.doctor().keys == {("app", "MNT023", "/config")}
        finally:
            server.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("target", ["../more/a.yaml", "/more/a.yaml", "missing.yaml"])
def test_symlink_escapes(live: Live, target: str) -> None:
    """A link that leads out of the mount, or nowhere: MNT024; to a file in it, by a way that stays inside, it may."""
    link = live.file("conf/b.yaml").parent / "a.yaml"
    live.file("more/a.yaml")
    link.symlink_to(target)
    live.run("app", f"--volume={link.parent}:/config")
    found = live.doctor()
    assert found.keys == {("app", "MNT024", "/config/a.yaml")}
    assert found.of("MNT024")["evidence"] == f"/config/a.yaml -> {target}"
    link.unlink()
    live.host.run("ln", "-sr", link.parent / "b.yaml", link)
    assert live.doctor().keys == set()


def test_symlink_as_source(live: Live) -> None:
    """The engine follows a link on the host: what is mounted is the file, and the path that was named leads to it."""
    source = live.file("more/a.yaml")
    link = live.file("conf/b.yaml").parent / "a.yaml"
    link.symlink_to(source)
    live.run("app", f"--volume={link}:/config/a.yaml")
    assert live.doctor().keys == {("app", "MNT001", "/config/a.yaml")}
    link.unlink()
    link.symlink_to(live.file("more/b.yaml"))
    assert live.doctor().keys == {("app", "MNT001", "/config/a.yaml"), ("app", "MNT003", "/config/a.yaml")}
    live.restart("app")
    assert live.doctor().keys == {("app", "MNT001", "/config/a.yaml")}
