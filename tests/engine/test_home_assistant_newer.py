"""The newest Home Assistant that Python 3.13 takes, in a container with automations.yaml mounted singly."""

from __future__ import annotations

import subprocess
import zipfile
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pytest

from home_assistant.build import build
from tests.engine.base import base_image as make_image
from tests.engine.container import Setup, give
from tests.engine.newer_home import configure, packages, running
from tests.support.needs import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.engine.fixtures import Serve
    from tests.engine.newer_home import NewerHome

    Start = Callable[..., NewerHome]

pytestmark = pytest.mark.slow

RELEASE: Final = "trixie"
THEIRS: Final = '# by hand\n- id: "1"\n  alias: Hall light\n  triggers: [] # none yet\n  actions: []\n'
OURS: Final[dict[str, object]] = {"alias": "Kitchen", "triggers": [], "actions": []}
INTEGRATION: Final = "confkeep:\n  files:\n    automations.yaml: automations/automations.yaml\n"


@pytest.fixture(scope="module")
def newer_image(engine: None) -> str:
    """An image with the Python of Debian 13."""
    try:
        return make_image(RELEASE)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        missing(f"no image of Debian {RELEASE}: {error} {(getattr(error, 'stderr', b'') or b'').decode()}")


@pytest.fixture(scope="module")
def unpacked(newer_image: str, wheels: Path) -> Path:
    """Home Assistant and what it needs."""
    return packages(newer_image, wheels)


@pytest.fixture
def automations(tmp_path: Path) -> Path:
    """automations.yaml on the host."""
    path = tmp_path / "automations.yaml"
    path.write_text(THEIRS)
    return give(path)


@pytest.fixture
def start(newer_image: str, unpacked: Path, automations: Path) -> Generator[Start]:
    """``start(config, *options)``: Home Assistant with the file of the host in it, mounted singly."""
    with ExitStack() as stack:
        volume = f"--volume={automations}:/config/automations.yaml"

        def begin(config: Path, *options: str) -> NewerHome:
            return stack.enter_context(running(newer_image, unpacked, config, volume, *options))

        yield begin


def unzip(directory: Path) -> None:
    """What the user does with the zip of `make shim`."""
    build(directory.parent / "shim.zip")
    with zipfile.ZipFile(directory.parent / "shim.zip") as archive:
        archive.extractall(directory)


def test_without_confkeep(start: Start, tmp_path: Path, automations: Path) -> None:
    """The control: its editor cannot save, and says no more than 500."""
    home = start(configure(tmp_path / "config"))
    status, _ = home.save("2", OURS)
    assert (status, automations.read_text()) == (500, THEIRS)
    assert "Device or resource busy" in home.logs()


def test_with_the_shim(start: Start, tmp_path: Path, automations: Path) -> None:
    """It saves, creates and deletes: onto the inode that is mounted, by way of a journal in its own directory."""
    config = configure(tmp_path / "config")
    unzip(config)
    home = start(config, "--env=PYTHONPATH=/config/confkeep")
    before = automations.stat()
    assert home.save("2", OURS) == (200, {"result": "ok"})
    assert "alias: Kitchen" in automations.read_text()
    assert home.ask("DELETE", "/api/config/automation/config/1") == (200, {"result": "ok"})
    assert "Hall light" not in automations.read_text()
    after = automations.stat()
    assert (after.st_ino, after.st_mode, after.st_uid) == (before.st_ino, before.st_mode, before.st_uid)
    assert (config / ".confkeep" / "history.db").exists()
    assert "[confkeep]" not in home.logs()


def test_with_the_integration(start: Start, serve: Serve, tmp_path: Path, automations: Path) -> None:
    """It saves through the socket of a container beside it: with the comments kept, and into its history."""
    keeper = serve(Setup({"automations": "/mine/automations.yaml"}, [f"{automations}:/mine/automations.yaml"]))
    config = configure(tmp_path / "config", more=INTEGRATION)
    unzip(config)
    home = start(config, f"--volume={keeper.socket.rpartition('/')[0]}:/run/confkeep")
    inode = automations.stat().st_ino
    assert home.save("2", OURS) == (200, {"result": "ok"})
    text = automations.read_text()
    assert text.startswith(THEIRS)
    assert "alias: Kitchen" in text
    assert automations.stat().st_ino == inode
    newest = keeper.ask("GET", "/v1/history/automations/automations.yaml").json["revisions"][0]
    assert newest["origin"] == "api"
