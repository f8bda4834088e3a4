"""What a command needs besides the core, and who has only the core is told so."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from confkeep.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def needed_by(what: str) -> Generator[None]:
    """Imports inside of the ``with`` raise SettingsError where a package of the extra ``service`` is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("confkeep"):
            raise
        raise SettingsError(
            f"{what} needs {error.name}, which is not installed", remedy="pip install 'confkeep[service]'"
        ) from error
