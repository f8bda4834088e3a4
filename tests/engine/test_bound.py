"""Files that a real container has mounted singly, saved by confkeep on the host and by one in a container beside it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest

from tests.daemon.running import PATIENCE, Daemon, running, toml
from tests.daemon.streams import listening
from tests.engine.cli import docker
from tests.engine.container import Container, Setup, give
from tests.engine.saving import NEW, OLD
from tests.support.needs import need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.daemon.client import Answer
    from tests.engine.fixtures import Idle, Serve

FILE: Final = "/homeassistant/automations.yaml"
NAME: Final = f"ck-bound-{os.getpid()}"


class Asked(Protocol):
    """A daemon, wherever it is."""

    def ask(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request."""
        ...


def verdict(daemon: Asked) -> dict[str, Any]:
    """What it says about the file."""
    found: dict[str, Any] = daemon.ask("GET", "/v1/stat/ha/automations.yaml").json
    return found


def await_verdict(daemon: Asked, state: str, word: str = "") -> dict[str, Any]:
    """The verdict, once it says this of others and has the word in its reason: an engine is not waited for."""
    give_up = time.monotonic() + PATIENCE
    while True:
        found = verdict(daemon)
        if found["bound_elsewhere"] == state and word in found["route"]["reason"]:
            return found
        assert time.monotonic() < give_up, found
        time.sleep(0.02)


def save(daemon: Asked, data: bytes) -> dict[str, Any]:
    """The answer of a save of the whole file."""
    answer = daemon.ask("PUT", "/v1/files/ha/automations.yaml", data, {"If-Match": "*"})
    assert answer.status == 200, answer
    saved: dict[str, Any] = answer.json
    return saved


def transact(daemon: Asked) -> dict[str, Any]:
    """The same as a transaction: its only change."""
    change = b'{"changes": [{"root": "ha", "path": "automations.yaml", "if_match": "*", "content": "- {}\\n"}]}'
    answer = daemon.ask("POST", "/v1/transactions", change)
    assert answer.status == 200, answer
    (saved,) = answer.json["changes"]
    found: dict[str, Any] = saved
    return found


def check_saves(daemon: Asked, container: Container) -> None:
    """What is saved in place, in both ways, is what the container reads."""
    for saved in (save(daemon, NEW), transact(daemon)):
        assert (saved["route"]["name"], saved["route"]["code"]) == ("overwrite", "bound-elsewhere")
        assert (saved["bound_elsewhere"], saved["guarantees"]["reader_atomic"]) == ("yes", True)
        assert f" at {FILE}" in saved["route"]["reason"]
    assert container.read(FILE) == b"- {}\n"


def single(config: Path) -> str:
    """The option that mounts the file by itself."""
    return f"--volume={config}/automations.yaml:{FILE}:ro"


@pytest.fixture
def host_daemon(state: Path, config: Path) -> Iterator[Daemon]:
    """Confkeep on the host, over the directory."""
    with running(state, "--root", f"ha={config}") as daemon:
        yield daemon


def sidecar(serve: Serve, config: Path, *options: str) -> Asked:
    """Confkeep in a container that mounts the directory."""
    give(config)
    return serve(Setup({"ha": "/config"}, [f"{config}:/config"], options))


def test_on_the_host(idle: Idle, host_daemon: Daemon, config: Path) -> None:
    """The container is named as people call it, and sees what is saved."""
    container = idle(f"--name={NAME}", single(config))
    found = await_verdict(host_daemon, "yes", f"container {NAME} at {FILE}")
    assert (found["route"]["name"], found["route"]["code"]) == ("overwrite", "bound-elsewhere")
    check_saves(host_daemon, container)


def test_without_survey(idle: Idle, state: Path, config: Path) -> None:
    """The control: the same save by rename leaves the container with the old file."""
    container = idle(single(config))
    with running(state, settings=toml(survey=False, roots={"ha": {"path": str(config)}})) as daemon:
        saved = save(daemon, NEW)
    assert (saved["route"]["code"], saved["bound_elsewhere"]) == ("ordinary-file", "unknown")
    assert container.read(FILE) == OLD
    assert (config / "automations.yaml").read_bytes() == NEW


def test_next_save_knows(idle: Idle, host_daemon: Daemon, config: Path) -> None:
    """A container that has started since the last save is known, and one that has stopped does not count."""
    assert save(host_daemon, OLD)["bound_elsewhere"] == "no"
    container = idle(single(config))
    check_saves(host_daemon, container)
    docker("stop", "--time=0", container.id)
    assert save(host_daemon, OLD)["route"]["code"] == "ordinary-file"
    docker("start", container.id)
    assert save(host_daemon, NEW)["route"]["code"] == "bound-elsewhere"
    assert container.read(FILE) == NEW


def test_source_that_was_renamed(idle: Idle, host_daemon: Daemon, config: Path) -> None:
    """The container goes with the file to its other name, and it is known by its inode there."""
    container = idle(single(config))
    assert save(host_daemon, NEW)["bound_elsewhere"] == "yes"
    (config / "scenes.yaml").unlink()
    (config / "automations.yaml").rename(config / "scenes.yaml")
    saved = host_daemon.ask("PUT", "/v1/files/ha/scenes.yaml", OLD, {"If-Match": "*"}).json
    assert saved["route"]["code"] == "bound-elsewhere"
    assert container.read(FILE) == OLD


def test_directory_that_is_mounted(idle: Idle, host_daemon: Daemon, config: Path) -> None:
    """Whoever has the directory sees what is renamed into it."""
    container = idle(f"--volume={config}:/homeassistant")
    saved = save(host_daemon, NEW)
    assert (saved["route"]["code"], saved["bound_elsewhere"]) == ("ordinary-file", "no")
    assert container.read(FILE) == NEW


def test_what_goes_stale(idle: Idle, host_daemon: Daemon, config: Path) -> None:
    """The host renames over the file: an event that names the container, with the kernel's own line."""
    idle(f"--name={NAME}", single(config))
    await_verdict(host_daemon, "yes", NAME)
    with listening(host_daemon, "?types=doctor.finding") as stream:
        (config / "new").write_bytes(NEW)
        (config / "new").rename(config / "automations.yaml")
        _, told = stream.next()
    assert (told["root"], told["path"], told["rule"]) == ("ha", "automations.yaml", "MNT002")
    assert (told["container"], told["container_path"]) == (NAME, FILE)
    assert f"//deleted {FILE}" in told["evidence"]
    assert f"docker restart {NAME}" in told["remedy"]


def test_beside_it_by_processes(idle: Idle, serve: Serve, config: Path) -> None:
    """A sidecar with ``pid: host``, an ordinary user without a capability; also what starts later is known at once."""
    daemon = sidecar(serve, config, "--pid=host")
    assert save(daemon, OLD)["bound_elsewhere"] == "no"
    container = idle(single(config))
    check_saves(daemon, container)
    assert container.id[:12] in verdict(daemon)["route"]["reason"]


def test_beside_it_by_the_engine(idle: Idle, serve: Serve, config: Path) -> None:
    """A sidecar that has only the engine's socket: a little after its events."""
    path = os.environ.get("DOCKER_HOST", "unix:///run/docker.sock").removeprefix("unix://")
    group = os.stat(path).st_gid
    need(os.stat(path).st_mode & 0o060 == 0o060, "the engine's socket is closed to its group")
    socket = f"--volume={os.path.dirname(path)}:/engine", f"--env=DOCKER_HOST=unix:///engine/{os.path.basename(path)}"
    daemon = sidecar(serve, config, f"--group-add={group}", *socket)
    await_verdict(daemon, "no")
    container = idle(f"--name={NAME}", single(config))
    await_verdict(daemon, "yes", f"container {NAME} at {FILE}")
    check_saves(daemon, container)
    found = daemon.ask("GET", "/v1/doctor?path=ha/automations.yaml").json["findings"]
    assert ("MNT001", NAME, FILE) in {(one["rule"], one["container"], one["path"]) for one in found}
    others = daemon.ask("GET", "/v1/doctor?path=ha/scenes.yaml").json["findings"]
    assert NAME not in {one["container"] for one in others}
    docker("stop", "--time=0", container.id)
    await_verdict(daemon, "no")


def test_beside_it_and_blind(idle: Idle, serve: Serve, config: Path) -> None:
    """A sidecar that can see nobody says so, and saves by rename."""
    idle(single(config))
    saved = save(sidecar(serve, config), NEW)
    assert (saved["route"]["code"], saved["bound_elsewhere"]) == ("ordinary-file", "unknown")
