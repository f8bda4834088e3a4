"""confkeep-atomicwrites as it is installed, or used without being installed; and what an import of it costs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.dropin.writing import SERVICE, TOP

if TYPE_CHECKING:
    from pathlib import Path

IMPORT = "import sys; before = set(sys.modules); import atomicwrites"
WRITE = """
with atomicwrites.atomic_write(sys.argv[1], overwrite=True) as file:
    file.write("new")
"""
SAY = "print(atomicwrites.__file__, *(set(sys.modules) - before), sep='\\n')"

#: Each takes a millisecond or more, and no import needs it.
SLOW = {"asyncio", "ctypes", "dataclasses", "hashlib", "inspect", "json", "pathlib", "random", "shutil", "sqlite3"} | {
    "subprocess",
    "tempfile",
    "yaml",
}
#: What a save by a rename does without.
OF_OTHER_ROUTES = {"asyncio", "confkeep.keeper", "confkeep.recovery", "sqlite3", "subprocess", "tempfile", "yaml"}


def imported(script: str, path: Path, directory: Path) -> tuple[str, set[str]]:
    """Where the module was found, and what had been imported in the end; it is looked for in ``directory`` alone."""
    command = [sys.executable, "-S", "-c", f"{IMPORT}\n{script}\n{SAY}", os.fspath(path)]
    environment = os.environ | {"PYTHONPATH": os.fspath(directory)}
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=True)
    found, *modules = done.stdout.splitlines()
    return found, set(modules)


def test_one_directory_is_enough(tmp_path: Path) -> None:
    """PYTHONPATH=service, and nothing installed."""
    found, _ = imported(WRITE, tmp_path / "a", SERVICE)
    assert found == str(SERVICE / "atomicwrites" / "__init__.py")
    assert (tmp_path / "a").read_text() == "new"


def test_an_import_imports_hardly_anything(tmp_path: Path) -> None:
    """Nothing of confkeep, and nothing that takes its time."""
    _, modules = imported("", tmp_path / "a", SERVICE)
    assert "atomicwrites" in modules
    assert modules & SLOW == set()
    assert [name for name in modules if name.startswith("confkeep")] == []


def test_a_write_imports_one_route(tmp_path: Path) -> None:
    """Who replaces files needs no history."""
    _, modules = imported(WRITE, tmp_path / "a", SERVICE)
    assert "confkeep.files.draft" in modules
    assert modules & OF_OTHER_ROUTES == set()
    assert [name for name in modules if name.startswith(("confkeep.history", "confkeep.daemon"))] == []


@pytest.mark.slow
def test_the_wheels(tmp_path: Path) -> None:
    """Both build from a copy of the tree, and installing the drop-in installs confkeep; then it works, off the tree."""
    copy, wheels, target = tmp_path / "copy", tmp_path / "wheels", tmp_path / "target"
    shutil.copytree(SERVICE, copy / "service", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TOP / name, copy)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, copy, copy / "service" / "atomicwrites")
    assert len(list(wheels.glob("confkeep_atomicwrites-*-py3-none-any.whl"))) == 1
    pip("install", "--no-index", "--find-links", wheels, "--target", target, "confkeep-atomicwrites")
    found, modules = imported(WRITE, tmp_path / "a", target)
    assert found == str(target / "atomicwrites" / "__init__.py")
    assert "confkeep.files.draft" in modules
    assert (target / "atomicwrites" / "py.typed").exists()
    assert (tmp_path / "a").read_text() == "new"


def pip(*arguments: str | Path) -> None:
    """``pip ARGUMENTS``; what it says on failure is in the error."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
