"""The parts of the integration that need no Home Assistant, importable here."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Final

from tests.homeassistant.home import INTEGRATION

_PACKAGE: Final = "confkeep_integration"


def part(name: str) -> ModuleType:
    """One module. Its package's own ``__init__`` is left out: that one is Home Assistant's to import."""
    if _PACKAGE not in sys.modules:
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(INTEGRATION)]
        sys.modules[_PACKAGE] = package
    return importlib.import_module(f"{_PACKAGE}.{name}")
