"""Every way in which a container mounts its configuration, with the real daemon in a real container."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.cli import LABEL, docker
from tests.engine.container import GROUP, ISOLATED, OWNER, Keeper, Setup, give, serving
from tests.engine.fixtures import Serve
from tests.engine.saving import NEW, OLD, plain_rename, put, save, stat

FILE = "/config/automations.yaml"
ONE_FILE = {"automations": FILE}
ADDRESS = "automations/automations.yaml"
DIRECTORY = {"config": "/config"}


def test_a_bound_file(serve: Serve, config: Path) -> None:
    """A single mounted file is overwritten: host and container read the new bytes, the inode stays."""
    source = config / "automations.yaml"
    inode = source.stat().st_ino
    keeper = serve(Setup(ONE_FILE, [f"{source}:{FILE}"]))
    saved = save(keeper, ADDRESS, FILE, "overwrite")
    assert saved.answer["route"]["code"] == "mount-point"
    assert source.read_bytes() == NEW
    assert source.stat().st_ino == saved.inode_before == saved.inode_now == inode
    assert saved.answer["guarantees"]["inode_kept"] is True
    assert saved.rules == []
    assert plain_rename(keeper, FILE) == ["rename", "EBUSY"]


def test_a_bound_file_in_a_bound_directory(serve: Serve, config: Path) -> None:
    """The file mounted on its own is overwritten, its neighbour in the mounted directory is replaced."""
    source = config / "automations.yaml"
    inode = source.stat().st_ino
    keeper = serve(Setup(DIRECTORY, [f"{config}:/config", f"{source}:{FILE}"]))
    saved = save(keeper, "config/automations.yaml", FILE, "overwrite")
    assert source.read_bytes() == NEW
    assert source.stat().st_ino == saved.inode_now == inode
    assert plain_rename(keeper, FILE) == ["rename", "EBUSY"]
    save(keeper, "config/scenes.yaml", "/config/scenes.yaml", "replace")


def test_a_bound_file_under_a_read_only_root(serve: Serve, config: Path) -> None:
    """A temporary file is impossible beside it, the file itself is writable: saved in place."""
    source = config / "automations.yaml"
    inode = source.stat().st_ino
    keeper = serve(Setup(ONE_FILE, [f"{source}:{FILE}"], ["--read-only"]))
    saved = save(keeper, ADDRESS, FILE, "overwrite")
    assert source.read_bytes() == NEW
    assert source.stat().st_ino == saved.inode_now == inode
    assert plain_rename(keeper, FILE) == ["temporary", "EROFS"]


def test_a_read_only_bound_file(serve: Serve, config: Path) -> None:
    """Refused, nothing written, and the reason names the mount where a plain rename only says busy."""
    source = config / "automations.yaml"
    keeper = serve(Setup(ONE_FILE, [f"{source}:{FILE}:ro"]))
    answer = put(keeper, ADDRESS)
    assert (answer.status, answer.json["slug"], answer.json["rule"]) == (403, "read-only", "MNT009")
    assert FILE in answer.json["detail"]
    assert "read-only mount" in answer.json["detail"]
    assert "busy" not in answer.body.decode().lower()
    seen = stat(keeper, ADDRESS)
    assert seen["writable"] is False
    assert (seen["refusal"]["slug"], seen["refusal"]["rule"]) == ("read-only", "MNT009")
    assert source.read_bytes() == keeper.read(FILE) == OLD
    assert plain_rename(keeper, FILE) == ["rename", "EBUSY"]


def test_a_bound_directory(serve: Serve, config: Path) -> None:
    """In a mounted directory a file is replaced: the old inode is gone, owner and mode are kept."""
    source = config / "automations.yaml"
    source.chmod(0o640)
    saved = save(serve(Setup(DIRECTORY, [f"{config}:/config"])), "config/automations.yaml", FILE, "replace")
    assert saved.answer["route"]["code"] == "ordinary-file"
    assert source.read_bytes() == NEW
    found = source.stat()
    assert found.st_ino == saved.inode_now != saved.inode_before
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (OWNER, GROUP, 0o640)
    assert sorted(path.name for path in config.iterdir()) == ["automations.yaml", "scenes.yaml"]


@pytest.fixture
def volume(keeper_image: str) -> Iterator[str]:
    """A named volume with automations.yaml, owned by the daemon's user."""
    name = docker("volume", "create", f"--label={LABEL}=volume")
    fill = f"cat > {FILE} && chown -R {OWNER}:{GROUP} /config"
    options = ("--rm", "--interactive", *ISOLATED, "--user=0", f"--volume={name}:/config")
    docker("run", *options, "--entrypoint=sh", keeper_image, "-euc", fill, stdin=OLD)
    yield name
    docker("volume", "rm", "--force", name)


def test_a_named_volume(volume: str, serve: Serve) -> None:
    """In a named volume a file is replaced, and another container reads it."""
    keeper = serve(Setup(DIRECTORY, [f"{volume}:/config"]))
    saved = save(keeper, "config/automations.yaml", FILE, "replace")
    assert saved.inode_now != saved.inode_before
    assert saved.rules == []


@pytest.fixture(scope="module")
def layered(keeper_image: str) -> Iterator[str]:
    """The image with one more layer: automations.yaml in a directory of the daemon's user, outside every mount."""
    name = f"confkeep-test-layered:{os.getpid()}"
    lines = (f"FROM {keeper_image}", f"COPY --chown={OWNER}:{GROUP} config /config", f"LABEL {LABEL}=layered")
    with tempfile.TemporaryDirectory(prefix="confkeep-") as context:
        (Path(context) / "config").mkdir()
        (Path(context) / "config/automations.yaml").write_bytes(OLD)
        docker("build", f"--tag={name}", "--file=-", context, stdin="\n".join(lines).encode())
    yield name
    docker("rmi", "--force", name)


def test_a_file_in_the_container_layer(layered: str) -> None:
    """Outside every mount a file is saved, with the finding that it goes with the container."""
    with serving(layered, Setup(DIRECTORY)) as keeper:
        saved = save(keeper, "config/automations.yaml", FILE, "replace")
        assert saved.rules == ["MNT011"]
        seen = stat(keeper, "config/automations.yaml")
        assert [finding["rule"] for finding in seen["findings"]] == ["MNT011"]


def test_a_file_in_a_read_only_container_layer(layered: str) -> None:
    """Under a read-only root filesystem a file outside every mount is refused, and that root is named."""
    with serving(layered, Setup(DIRECTORY, options=["--read-only"])) as keeper:
        answer = put(keeper, "config/automations.yaml")
        assert (answer.status, answer.json["slug"], answer.json["rule"]) == (403, "read-only", "MNT010")
        assert keeper.read(FILE) == OLD


def _host_renames_over(keeper: Keeper, source: Path) -> None:
    theirs = source.with_name("theirs.yaml")
    theirs.write_bytes(b"- id: theirs\n")
    give(theirs).rename(source)
    assert keeper.inode(FILE) != source.stat().st_ino


def test_a_bound_file_that_the_host_renamed_over(serve: Serve, config: Path) -> None:
    """The container holds on to an inode without a name: refused as stale, and neither file is touched."""
    source = config / "automations.yaml"
    keeper = serve(Setup(ONE_FILE, [f"{source}:{FILE}"]))
    _host_renames_over(keeper, source)
    answer = keeper.ask("PUT", f"/v1/files/{ADDRESS}", NEW, {"If-Match": "*"})
    assert (answer.status, answer.json["slug"], answer.json["rule"]) == (409, "stale-mount", "MNT002")
    assert stat(keeper, ADDRESS)["refusal"]["rule"] == "MNT002"
    assert keeper.read(FILE) == OLD
    assert source.read_bytes() == b"- id: theirs\n"


def test_a_stale_file_with_another_link(serve: Serve, config: Path) -> None:
    """A hard link elsewhere keeps the old inode's link count at 1: it is stale all the same."""
    source = config / "automations.yaml"
    (config / "backup.yaml").hardlink_to(source)
    keeper = serve(Setup(ONE_FILE, [f"{source}:{FILE}"]))
    _host_renames_over(keeper, source)
    answer = keeper.ask("PUT", f"/v1/files/{ADDRESS}", NEW, {"If-Match": "*"})
    assert (answer.status, answer.json["slug"]) == (409, "stale-mount")
    assert (config / "backup.yaml").read_bytes() == keeper.read(FILE) == OLD
