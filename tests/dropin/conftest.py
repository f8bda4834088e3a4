"""Both modules, a journal of the test's own, and Home Assistant's part of the story."""

from __future__ import annotations

import hashlib
import importlib
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Final

import pytest

import atomicwrites
from tests.dropin.writing import TOP, load_original
from tests.support.needs import need

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

#: What the drop-in imports when it is first needed, from where another user (as_user) may not be able to read.
_LAZY: Final = ("confkeep.documents.check", "confkeep.keeper", "confkeep.library.drafts")
#: The whole environment of tests/homeassistant; one wheel of it is wanted here.
_HOMEASSISTANT: Final = TOP / "requirements" / "homeassistant.txt"
#: The file that writes, and what it imports. homeassistant/util/__init__.py needs other packages, and is left empty.
_OF_THE_WHEEL: Final = ("homeassistant/__init__.py", "homeassistant/exceptions.py", "homeassistant/util/file.py")


@pytest.fixture(autouse=True)
def _journal(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the state directory of whoever runs it."""
    for name in _LAZY:
        importlib.import_module(name)
    monkeypatch.setenv("CONFKEEP_STATE", str(state))


@pytest.fixture(scope="session")
def original() -> ModuleType:
    """The module that pip installs."""
    return load_original()


@pytest.fixture
def ours() -> ModuleType:
    """The drop-in."""
    return atomicwrites


@pytest.fixture(params=["original", "ours"])
def module(request: pytest.FixtureRequest) -> ModuleType:
    """Each of the two in turn: what a test with it says is true of both."""
    found: ModuleType = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def homeassistant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Home Assistant's util/file.py needs, out of its wheel; kept over the runs, unless pytest keeps nothing."""
    locked = re.search(r"^homeassistant==(.*\\\n)+.*\n", _HOMEASSISTANT.read_text("utf-8"), re.MULTILINE)
    assert locked is not None
    wanted = hashlib.sha256(f"{locked[0]}{_OF_THE_WHEEL}".encode()).hexdigest()[:12]
    if request.config.pluginmanager.hasplugin("cacheprovider"):
        directory = request.config.cache.mkdir("confkeep-homeassistant") / wanted
    else:
        directory = tmp_path_factory.mktemp("homeassistant") / wanted
    if not (directory / "complete").exists():
        _extract(_downloaded(locked[0], tmp_path_factory.mktemp("wheel")), directory)
    return directory


def _downloaded(locked: str, to: Path) -> Path:
    (to / "one.txt").write_text(locked)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--dest", str(to))
    exactly = ("--no-deps", "--require-hashes", "--only-binary=:all:", "--requirement", str(to / "one.txt"))
    done = subprocess.run((*pip, *exactly), capture_output=True, text=True, check=False)
    need(done.returncode == 0, f"no wheel of Home Assistant: {done.stderr.strip()}")
    (wheel,) = to.glob("*.whl")
    return wheel


def _extract(wheel: Path, directory: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory, _OF_THE_WHEEL)
    wheel.unlink()  # 35 MB
    (directory / "homeassistant" / "util" / "__init__.py").touch()
    (directory / "complete").touch()
