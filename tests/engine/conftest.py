"""A container engine, two images, and daemons in containers. Without an engine the tests here are skipped."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engine import base, image
from tests.engine.cli import run
from tests.engine.container import give, serving, started
from tests.engine.fixtures import Idle, Serve
from tests.engine.saving import OLD
from tests.support.needs import missing


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this directory as one that needs an engine."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session")
def engine() -> None:
    """A container engine that answers, with the files of this host."""
    try:
        answer = run("docker", "version", "--format={{.Server.Version}}")
    except FileNotFoundError:
        missing("no docker client")
    if answer.returncode != 0:
        missing(f"no container engine: {answer.stderr.decode().strip()} (see .ci/engine)")
    if not os.environ.get("DOCKER_HOST", "unix://").startswith("unix://"):
        missing("the engine is not on this machine, so it cannot mount this machine's files")


@pytest.fixture(scope="session")
def base_image(engine: None) -> str:
    """An image that looks like `python:…-slim`: CONFKEEP_TEST_BASE_IMAGE, or one made of Debian packages."""
    if chosen := os.environ.get("CONFKEEP_TEST_BASE_IMAGE"):
        return chosen
    try:
        return base.base_image()
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or b""
        missing(f"no base image (CONFKEEP_TEST_BASE_IMAGE names one): {error} {said.decode()}")


@pytest.fixture(scope="session")
def wheels(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where downloaded wheels are kept: over the runs, unless pytest was told to keep nothing."""
    if request.config.pluginmanager.hasplugin("cacheprovider"):
        return request.config.cache.mkdir("confkeep-wheels")
    return tmp_path_factory.mktemp("wheels")


@pytest.fixture(scope="session")
def keeper_image(base_image: str, wheels: Path) -> str:
    """The image that docker/Dockerfile makes of this tree."""
    return image.keeper_image(base_image, wheels)


@pytest.fixture
def serve(keeper_image: str) -> Iterator[Serve]:
    """Start daemons, each in a container of its own, and remove them after the test."""
    with ExitStack() as stack:
        yield lambda setup: stack.enter_context(serving(keeper_image, setup))


@pytest.fixture
def idle(base_image: str) -> Iterator[Idle]:
    """Start containers that only sleep, with these `docker run` options."""
    with ExitStack() as stack:
        sleep = (base_image, "sleep", "infinity")
        yield lambda *options: stack.enter_context(started("--init", *options, *sleep))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A directory of the host with automations.yaml and scenes.yaml, owned by the daemon's user."""
    directory = tmp_path / "config"
    directory.mkdir()
    for name in ("automations.yaml", "scenes.yaml"):
        (directory / name).write_bytes(OLD)
        give(directory / name)
    return give(directory)
