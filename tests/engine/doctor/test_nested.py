"""A mount inside another one, and what becomes of it: MNT005, MNT015, MNT016, MNT018, MNT027."""

from pathlib import Path

import pytest

from tests.engine.doctor.live import Key, Live

pytestmark = pytest.mark.root

FILE = "/config/a.yaml"
NESTED = {("app", "MNT001", FILE), ("app", "MNT015", FILE), ("app", "MNT016", FILE)}
GHOST = ("app", "MNT005", FILE)


def nested(live: Live) -> Path:
    """A file mounted inside a mounted directory that has no such file; the placeholder that the engine makes for it."""
    directory = live.file("conf/b.yaml").parent
    live.run("app", f"--volume={directory}:/config", f"--volume={live.file('more/a.yaml')}:{FILE}")
    return directory / "a.yaml"


def test_nested_mount_and_placeholder(live: Live) -> None:
    """Both are told of; un-nested and with the placeholder deleted, as the remedies say, there is nothing to say."""
    placeholder = nested(live)
    found = live.doctor()
    assert found.keys == NESTED
    assert found.of("MNT015")["evidence"] == found.of("MNT001")["evidence"] == live.line("app", FILE)
    left = found.of("MNT016")
    assert (left["host_path"], left["evidence"]) == (
        str(placeholder),
        f"{placeholder}: 0 bytes, mode 755, owner 0:0",
    )
    live.run("app", f"--volume={placeholder.parent}:/config", f"--volume={live.base}/more:/more")
    placeholder.unlink()
    assert live.doctor().keys == set()


def test_ghost_of_a_removed_placeholder(live: Live) -> None:
    """The host deletes the placeholder and with it the mount, which the engine still lists; a restart mounts again."""
    placeholder = nested(live)
    placeholder.unlink()
    found = live.doctor()
    assert found.keys == {GHOST}
    assert found.of("MNT005")["evidence"] == (
        f"Mounts: bind {live.base}/more/a.yaml at {FILE}; no such line in mountinfo"
    )
    live.apply(found.of("MNT005"))
    assert live.doctor().keys == NESTED


def test_ghost_of_a_placeholder_renamed_over(live: Live) -> None:
    """A save through the directory replaces the mount point: the container sees that file, and MNT005 says so."""
    placeholder = nested(live)
    live.file("conf/new", "theirs\n").rename(placeholder)
    found = live.doctor()
    assert found.keys == {GHOST}
    live.apply(found.of("MNT005"))
    # What is under the mount now is somebody's file, and not the engine's empty one.
    assert live.doctor().keys == NESTED - {("app", "MNT016", FILE)}


def test_nested_in_a_read_only_mount(live: Live) -> None:
    """The engine cannot make a mount point there, and the container does not start: MNT015 with the engine's words."""
    directory = live.file("conf/b.yaml").parent
    error = live.fail("app", f"--volume={directory}:/config:ro", f"--volume={live.file('more/a.yaml')}:{FILE}")
    found = live.doctor()
    assert found.keys == {("app", "MNT015", FILE)}
    assert found.of("MNT015")["evidence"] == error
    live.file("conf/a.yaml")  # as the remedy proposes
    live.start("app")
    started: set[Key] = {("app", "MNT001", FILE), ("app", "MNT015", FILE), ("app", "MNT009", "/config")}
    assert live.doctor().keys == started


def test_undeclared_submount(live: Live) -> None:
    """A mount of the host came along with the directory: a note, gone when the host mounts it later."""
    directory = live.file("conf/b.yaml").parent
    (directory / "media").mkdir()
    live.mount(directory / "media", "--bind", live.file("media/a.yaml").parent)
    live.run("app", f"--volume={directory}:/config")
    found = live.doctor()
    assert found.keys == {("app", "MNT027", "/config/media")}
    assert found.of("MNT027")["severity"] == "note"
    assert found.of("MNT027")["evidence"] == live.line("app", "/config/media")
    live.unmount(directory / "media")
    live.restart("app")
    live.mount(directory / "media", "--bind", live.base / "media")
    assert live.doctor().keys == set()


def test_submount_that_is_a_file(live: Live) -> None:
    """A file that the host had mounted in the directory is no file that anybody asked to mount: only the note."""
    directory = live.file("conf/a.yaml").parent
    live.mount(directory / "a.yaml", "--bind", live.file("more/a.yaml"))
    live.run("app", f"--volume={directory}:/config")
    assert live.doctor().keys == {("app", "MNT027", FILE)}
