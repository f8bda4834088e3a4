"""What happens where something a test needs is not there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip; but fail where everything is promised to be there."""
    if os.environ.get("CONFKEEP_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def need(condition: object, reason: str) -> None:
    """Go on only if ``condition`` holds; ``reason`` says what is missing."""
    if not condition:
        missing(reason)
