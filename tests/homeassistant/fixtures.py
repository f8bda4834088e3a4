"""The types of the fixtures in conftest.py, for the tests' signatures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.homeassistant.home import Home

#: ``prepare(path)``: a configuration directory at ``path``.
Prepare = Callable[[Path], Path]


class Start(Protocol):
    """Start a Home Assistant."""

    def __call__(
        self,
        directory: Path,
        *,
        environ: Mapping[str, str] = ...,
        confkeep: Mapping[str, Any] | None = None,
        uid: int | None = None,
        python: Path | None = None,
        integration: Path = ...,
    ) -> Home:
        """On this configuration directory (the fixture ``config``, say); running, and the owner signed in."""
        ...
