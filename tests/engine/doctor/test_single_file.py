"""A single file that is mounted by itself, and what the host may do to it: MNT001 to MNT004, MNT009, MNT010."""

import shutil

import pytest

from tests.engine.doctor.live import Live

pytestmark = pytest.mark.root

FILE = "/config/a.yaml"


def test_single_file_bind(live: Live) -> None:
    """MNT001 for the file; mounted by its directory there is nothing left to say."""
    source = live.file("conf/a.yaml")
    live.run("app", f"--volume={source}:{FILE}")
    found = live.doctor()
    assert found.keys == {("app", "MNT001", FILE)}
    assert found.of("MNT001")["evidence"] == live.line("app", FILE)
    assert found.of("MNT001")["host_path"] == str(source)
    assert found.of("MNT001")["severity"] == "warning"
    live.run("app", f"--volume={source.parent}:/config")
    assert live.doctor().keys == set()


def test_stale_file_mount(live: Live) -> None:
    """The host renames over the source: MNT002, until the restart that the remedy names."""
    source = live.file("conf/a.yaml")
    live.run("app", f"--volume={source}:{FILE}")
    live.file("conf/new").rename(source)
    found = live.doctor()
    assert found.keys == {("app", "MNT001", FILE), ("app", "MNT002", FILE)}
    stale = found.of("MNT002")
    assert stale["evidence"] == live.line("app", FILE)
    assert stale["evidence"].split()[3].endswith("//deleted")
    assert stale["severity"] == "error"
    live.apply(stale)
    assert live.doctor().keys == {("app", "MNT001", FILE)}


def test_stale_file_mount_with_another_link(live: Live) -> None:
    """The same where the old inode has another name, so that its link count tells nothing."""
    source = live.file("conf/a.yaml")
    (source.parent / "backup").hardlink_to(source)
    live.run("app", f"--volume={source}:{FILE}")
    live.file("conf/new").rename(source)
    found = live.doctor()
    assert found.keys == {("app", "MNT001", FILE), ("app", "MNT002", FILE)}
    live.apply(found.of("MNT002"))
    assert live.doctor().keys == {("app", "MNT001", FILE)}


def test_removed_source(live: Live) -> None:
    """The source is gone for good: MNT002, and the remedy puts the file back before it restarts."""
    source = live.file("conf/a.yaml")
    live.run("app", f"--volume={source}:{FILE}")
    source.unlink()
    stale = live.doctor().of("MNT002")
    assert f"put the file back at {source} first" in stale["remedy"]
    live.file("conf/a.yaml")
    live.apply(stale)
    assert live.doctor().keys == {("app", "MNT001", FILE)}


def test_source_renamed(live: Live) -> None:
    """An editor keeps the old file as a backup: MNT003, and the root field has the backup's name."""
    source = live.file("conf/a.yaml")
    live.run("app", f"--volume={source}:{FILE}")
    source.rename(f"{source}~")
    live.file("conf/a.yaml")
    found = live.doctor()
    assert found.keys == {("app", "MNT001", FILE), ("app", "MNT003", FILE)}
    assert found.of("MNT003")["evidence"] == live.line("app", FILE)
    assert found.of("MNT003")["evidence"].split()[3].endswith("/a.yaml~")
    live.apply(found.of("MNT003"))
    assert live.doctor().keys == {("app", "MNT001", FILE)}


def test_stale_directory_mount(live: Live) -> None:
    """The mounted directory is made anew: MNT004, until the restart."""
    source = live.file("conf/a.yaml")
    live.run("app", f"--volume={source.parent}:/config")
    shutil.rmtree(source.parent)
    live.file("conf/a.yaml")
    found = live.doctor()
    assert found.keys == {("app", "MNT004", "/config")}
    assert found.of("MNT004")["evidence"] == live.line("app", "/config")
    live.apply(found.of("MNT004"))
    assert live.doctor().keys == set()


def test_renamed_directory(live: Live) -> None:
    """The mounted directory is moved away and another has its name: MNT003, until the restart."""
    source = live.file("conf/a.yaml")
    live.run("app", f"--volume={source.parent}:/config")
    source.parent.rename(live.base / "conf.old")
    live.file("conf/a.yaml")
    found = live.doctor()
    assert found.keys == {("app", "MNT003", "/config")}
    live.apply(found.of("MNT003"))
    assert live.doctor().keys == set()


def test_renamed_away(live: Live) -> None:
    """The directory above is renamed, and nothing has its name: MNT003; the remedy puts it back before the restart."""
    source = live.file("stack/conf/a.yaml").parent
    live.run("app", f"--volume={source}:/config")
    (live.base / "stack").rename(live.base / "moved")
    found = live.doctor()
    assert found.keys == {("app", "MNT003", "/config")}
    assert f"put it back at {source} first" in found.of("MNT003")["remedy"]
    (live.base / "moved").rename(live.base / "stack")
    live.apply(found.of("MNT003"))
    assert live.doctor().keys == set()


def test_readonly_mount(live: Live) -> None:
    """A note where nobody wants to save, an error for a file that is to be saved; gone without `:ro`."""
    source = live.file("conf/a.yaml")
    live.run("app", f"--volume={source.parent}:/config:ro")
    found = live.doctor()
    assert found.keys == {("app", "MNT009", "/config")}
    assert found.of("MNT009")["severity"] == "note"
    assert found.of("MNT009")["evidence"] == live.line("app", "/config")
    asked = ("--container", live.name("app"), "--path", FILE)
    assert live.doctor(*asked).of("MNT009")["severity"] == "error"
    live.run("app", f"--volume={source.parent}:/config")
    assert live.doctor(*asked).keys == live.doctor().keys == set()


def test_readonly_rootfs(live: Live) -> None:
    """Nothing can be made beside the file: MNT010; a mounted directory helps, and the root stays read-only."""
    source = live.file("conf/a.yaml")
    live.run("app", "--read-only", f"--volume={source}:{FILE}")
    found = live.doctor()
    assert found.keys == {("app", "MNT001", FILE), ("app", "MNT010", FILE)}
    assert found.of("MNT010")["evidence"] == live.line("app", FILE)
    live.run("app", "--read-only", f"--volume={source.parent}:/config")
    assert live.doctor().keys == set()
