"""``import confkeep`` costs little: nothing is imported before it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

import confkeep
from tests.library.killing import ends, run

if TYPE_CHECKING:
    from pathlib import Path

_LATE: Final = ("asyncio", "sqlite3", "yaml", "ctypes", "msgspec", "starlette")


def loaded(program: str, *arguments: str | Path) -> set[str]:
    """Which top-level modules a fresh process has in the end, and which of ours."""
    said = ends(run(f"{program}\nimport sys; print(*sys.modules)", *arguments)).split()
    return {name for name in said if name.startswith("confkeep")} | {name.partition(".")[0] for name in said}


def test_the_import_alone() -> None:
    """The errors, and nothing that works."""
    found = loaded("import confkeep")
    assert found & {*_LATE, "hashlib", "concurrent"} == set()
    assert {name for name in found if name.startswith("confkeep.")} == {"confkeep.errors"}


def test_a_save_by_a_rename(disk: Path) -> None:
    """It needs no store, so none is imported; nor a file, nor an inspect."""
    program = """
import sys, confkeep
confkeep.save(sys.argv[1], b"x")
with confkeep.file(sys.argv[1]) as file:
    file.write("y")
confkeep.inspect(sys.argv[1])
"""
    assert loaded(program, disk / "a") & {"asyncio", "concurrent", "sqlite3", "yaml"} == set()


@pytest.mark.parametrize("name", confkeep.__all__)
def test_every_name_is_there(name: str) -> None:
    """By attribute, and by ``from confkeep import``."""
    found = getattr(confkeep, name)
    assert found.__doc__
    space: dict[str, object] = {}
    exec(f"from confkeep import {name}", space)  # noqa: S102 - a name of ours
    assert space[name] is found


def test_other_names_are_not() -> None:
    """As with any module."""
    with pytest.raises(AttributeError, match="'nothing'"):
        getattr(confkeep, "nothing")  # noqa: B009 - a type checker knows that it is not there
