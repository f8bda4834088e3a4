"""compose.yaml as a user starts it: confkeep, an application, and an editor that only has the socket."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.container import OWNER, give
from tests.engine.stack import TOP, Stack, compose_command, stack
from tests.support.needs import missing

FILE = "/config/automations.yaml"
ADDRESS = "automations/automations.yaml"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example configuration, owned by the user of the stack."""
    directory = tmp_path_factory.mktemp("stack") / "config"
    shutil.copytree(TOP / "docker/example", directory)
    for path in (directory, *directory.iterdir()):
        give(path)
    return directory


@pytest.fixture(scope="module")
def running(example: Path, base_image: str, keeper_image: str) -> Iterator[Stack]:
    """The stack, up."""
    command = compose_command()
    if command is None:
        missing("no Docker Compose (requirements/compose.txt)")
    images = {"CONFKEEP_IMAGE": keeper_image, "APP_IMAGE": base_image}
    with stack(f"confkeep-test-{os.getpid()}", command, example, images) as it:
        yield it


def test_an_editor_saves_through_the_socket(running: Stack, example: Path) -> None:
    """Another user with the socket's group saves; the application reads the new bytes from the same inode."""
    editor, application = running.container("editor"), running.container("application")
    source = example / "automations.yaml"
    old, inode = source.read_bytes(), source.stat().st_ino
    assert int(editor.exec("id", "-u")) not in {0, OWNER}
    seen = json.loads(editor.exec("confkeep", "stat", "--json", ADDRESS))
    new = old + b'\n- id: "1700000000003"\n  alias: From the editor\n  triggers: []\n  actions: []\n'
    put = ("confkeep", "put", "--json", ADDRESS, "-", "--if-match", seen["etag"])
    answer = json.loads(running.compose("exec", "-T", "editor", *put, stdin=new))
    assert answer["route"]["name"] == "overwrite"
    assert answer["guarantees"]["reader_atomic"] is True
    assert application.read(FILE) == source.read_bytes() == new
    assert application.inode(FILE) == source.stat().st_ino == inode
    assert editor.exec("confkeep", "get", ADDRESS) == new


def test_every_service_is_closed(running: Stack) -> None:
    """Nobody has a network, a way to a capability, or a writable root filesystem."""
    for service in ("confkeep", "application", "editor"):
        container = running.container(service)
        process = container.process()
        assert (int(process["CapBnd"], 16), process["NoNewPrivs"]) == (0, "1"), service
        assert container.exec("sh", "-c", "ls /sys/class/net").split() == [b"lo"], service
        mounts = [line.split() for line in container.read("/proc/self/mounts").decode().splitlines()]
        assert next(mount for mount in mounts if mount[1] == "/")[3].startswith("ro"), service


def test_the_readers_waited(running: Stack) -> None:
    """Application and editor started only after confkeep had said that it is ready."""
    keeper = running.container("confkeep").state
    healthy = next(check["End"] for check in keeper["Health"]["Log"] if check["ExitCode"] == 0)
    for service in ("application", "editor"):
        assert running.container(service).state["StartedAt"] > healthy, service


def test_the_socket_belongs_to_its_group(running: Stack) -> None:
    """The socket's directory hands its group on to the socket; others cannot even see it."""
    seen = running.container("editor").exec("stat", "--format=%a %g", "/run/confkeep", "/run/confkeep/confkeep.sock")
    assert seen.decode().splitlines() == ["2750 2000", "660 2000"]
