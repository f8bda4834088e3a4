"""What happens where something a test needs is not there."""

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip; but fail where everything is promised to be there."""
    if os.environ.get("CONFKEEP_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
