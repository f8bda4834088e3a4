"""What all tests share: directories on real disks, filesystems, mounts, other users."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support.layouts import Ground
from tests.support.mounting import Filesystems, Mounts, type_of
from tests.support.namespace import enter_private
from tests.support.needs import need
from tests.support.users import run_as

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.support.fixtures import AsUser, Filesystem, Small

# No test is a measure of speed: on a busy machine making an example, or running it, may take as long as it likes.
settings.register_profile("confkeep", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("confkeep")

_IN_MEMORY = {"tmpfs", "ramfs"}
_NEED_ROOT = {"mounts", "filesystem", "small", "as_user"}
_why_no_mounts = pytest.StashKey[str | None]()


#: Characters of a line of figures.
_WIDEST = 300


class _Figures(logging.Handler):
    """What tests have measured: docs/reliability.md keeps it, so it is printed with their result."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        first, *_ = record.getMessage().splitlines()
        self.lines.append(f"{record.name.rpartition('.')[2]}: {first}"[:_WIDEST])


_figures = pytest.StashKey[_Figures]()


def pytest_configure(config: pytest.Config) -> None:
    """Before anything else: what is mounted from here on is mounted for this process alone."""
    config.stash[_why_no_mounts] = enter_private()
    config.stash[_figures] = _Figures()
    logging.getLogger("tests").addHandler(config.stash[_figures])
    logging.getLogger("tests").setLevel(logging.INFO)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured."""
    lines = config.stash[_figures].lines
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.line(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that mount or change users."""
    for item in items:
        if _NEED_ROOT & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.root)


@pytest.fixture
def disk(tmp_path: Path, pytestconfig: pytest.Config) -> Generator[Path]:
    """A fresh directory on a real disk: on a tmpfs the journal is not durable, and an in-place save is refused."""
    if type_of(tmp_path) not in _IN_MEMORY:
        yield tmp_path
        return
    below = pytestconfig.rootpath / "var"
    below.mkdir(exist_ok=True)
    need(type_of(below) not in _IN_MEMORY, "no directory on a real disk: neither TMPDIR nor ./var")
    made = Path(tempfile.mkdtemp(prefix="test-", dir=below))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def state(disk: Path) -> Path:
    """Where a state directory may be made; it outlives a power cut."""
    return disk / "state"


@pytest.fixture(scope="session")
def _open_base() -> Generator[Path]:
    """A directory that every user can reach; pytest's own are closed."""
    base = Path(tempfile.mkdtemp(prefix="confkeep-test-", dir="/var/tmp"))
    base.chmod(0o755)
    yield base
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def public(_open_base: Path) -> Path:
    """A fresh directory on a real disk that every user can reach."""
    need(type_of(_open_base) not in _IN_MEMORY, "/var/tmp is not on a real disk")
    made = Path(tempfile.mkdtemp(dir=_open_base))
    made.chmod(0o755)
    return made


@pytest.fixture
def mounts(pytestconfig: pytest.Config) -> Generator[Mounts]:
    """Mounts for this test."""
    need(pytestconfig.stash[_why_no_mounts] is None, str(pytestconfig.stash[_why_no_mounts]))
    made = Mounts()
    yield made
    made.close()


@pytest.fixture(scope="session")
def _filesystems(
    pytestconfig: pytest.Config, _open_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Filesystems]:
    need(pytestconfig.stash[_why_no_mounts] is None, str(pytestconfig.stash[_why_no_mounts]))
    made = Filesystems(_open_base / "filesystems", tmp_path_factory.mktemp("images"))
    yield made
    made.close()


@pytest.fixture
def filesystem(_filesystems: Filesystems) -> Filesystem:
    """``filesystem("xfs")``: a fresh directory on a real filesystem (see FILESYSTEMS)."""
    return _filesystems.directory


@pytest.fixture
def small(mounts: Mounts, public: Path, tmp_path: Path) -> Small:
    """``small("ext4", 16)``: a filesystem of 16 MB that is only this test's."""
    numbers = itertools.count()

    def make(name: str, megabytes: int) -> Path:
        own = f"small-{next(numbers)}"
        return mounts.image(public / own, tmp_path / f"{own}.img", name, megabytes)

    return make


@pytest.fixture
def ground(mounts: Mounts, disk: Path, filesystem: Filesystem) -> Ground:
    """Where tests/support/layouts.py makes its layouts."""
    host, inside = disk / "host", disk / "inside"
    host.mkdir()
    inside.mkdir()
    return Ground(mounts, host, inside, filesystem("ext4"))


@pytest.fixture
def as_user() -> AsUser:
    """``as_user(uid, call)``: what ``call`` returns or raises in a process of that user (tests/support/users.py)."""
    need(os.geteuid() == 0, "becoming another user needs the superuser")
    return run_as


@pytest.fixture(scope="session")
def strace() -> str:
    """Where strace is, if it may trace its children."""
    path = shutil.which("strace")
    need(path, "no strace")
    assert path is not None
    tried = subprocess.run([path, "-o", "/dev/null", "true"], capture_output=True, check=False)
    need(tried.returncode == 0, f"strace may not trace: {tried.stderr.decode().strip()}")
    return path
