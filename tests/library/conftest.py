"""A journal of this test's own, and a file for each way in which it can be saved."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.library.spots import WAYS, Spot, spot_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_state(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's own state directory."""
    monkeypatch.setenv("CONFKEEP_STATE", os.fspath(state))


@pytest.fixture(params=WAYS)
def spot(request: pytest.FixtureRequest, disk: Path) -> Spot:
    """One file for each way."""
    way: str = request.param
    return spot_in(disk / "config", way, request.getfixturevalue("mounts") if way == "bound" else None)


@pytest.fixture
def plain(disk: Path) -> Spot:
    """A file that is replaced."""
    return spot_in(disk / "config", "replace")


@pytest.fixture
def linked(disk: Path) -> Spot:
    """A file that is saved in place."""
    return spot_in(disk / "config", "linked")
