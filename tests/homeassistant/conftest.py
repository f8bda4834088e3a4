"""A real Home Assistant: installed once, onboarded once, and started by whoever asks."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.homeassistant import environment
from tests.homeassistant.home import Home
from tests.support.needs import missing
from tests.support.users import OTHER

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.homeassistant.fixtures import Prepare, Start
    from tests.support.mounting import Mounts

#: Without the first it would look for what changed since the last version, and make the others.
_FILES: Final = {".HA_VERSION": "2024.3.3", "automations.yaml": "[]\n", "scripts.yaml": "", "scenes.yaml": ""}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Starting one takes seconds, installing it half a minute."""
    for item in items:
        if "home_python" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def home_python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The python that has Home Assistant; kept over the runs, unless pytest was told to keep nothing."""
    if request.config.pluginmanager.hasplugin("cacheprovider"):
        return environment.environment(request.config.cache.mkdir("confkeep-home"))
    return environment.environment(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def onboarded(home_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration directory with one user and three empty files."""
    directory = tmp_path_factory.mktemp("onboarded") / "config"
    directory.mkdir()
    for name, content in _FILES.items():
        (directory / name).write_text(content)
    with closing(Home(home_python, directory)) as home:
        home.launch()
        home.onboard()
        home.stop()
    return directory


@pytest.fixture
def prepare(onboarded: Path) -> Prepare:
    """``prepare(path)``: a configuration directory, made at ``path``."""
    return lambda path: shutil.copytree(onboarded, path)


@pytest.fixture
def config(prepare: Prepare, disk: Path) -> Path:
    """A configuration directory for this test, on a real disk."""
    return prepare(disk / "config")


@pytest.fixture
def start(home_python: Path) -> Generator[Start]:
    """Start Home Assistants; those that run when the test ends are stopped."""
    with ExitStack() as stack:

        def begin(directory: Path, *, python: Path | None = None, **options: Any) -> Home:
            home = Home(python or home_python, directory, **options)
            stack.callback(home.close)
            return home.start()

        yield begin


@pytest.fixture
def open_python(home_python: Path, mounts: Mounts, public: Path) -> Path:
    """The same python, where every user can reach it."""
    mounted = mounts.bind(home_python.parents[1], public / "environment")
    python = mounted / "bin" / "python"
    try:
        subprocess.run([python, "-c", ""], user=OTHER, check=True)
    except PermissionError:
        missing(f"another user cannot reach the interpreter {python.resolve()}: install the system's own python3")
    return python
