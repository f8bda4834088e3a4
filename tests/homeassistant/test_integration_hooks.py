"""The two private names that are wrapped: looked at first, and left alone where they are not as they were."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.homeassistant.home import INTEGRATION

if TYPE_CHECKING:
    from pathlib import Path

#: The module of Home Assistant that saves, as one of its versions might have it; then what the integration makes of it.
TRIED = """
import sys, types
sys.path.insert(0, {parent!r})
config = types.ModuleType("config")
exec({code!r}, vars(config))
before = getattr(config, "_write", None), getattr(config.BaseEditConfigView, "read_config", None)
from custom_components.confkeep.hooks import Hooks
hooks = Hooks(config, lambda write: None)
after = getattr(config, "_write", None), getattr(config.BaseEditConfigView, "read_config", None)
print(len(hooks.missing), *(old != new for old, new in zip(before, after)))
"""
WRITE = "def _write(path, data):\n    pass\n"
VIEW = "class BaseEditConfigView:\n    async def read_config(self, hass):\n        pass\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (WRITE + VIEW, "0 True True"),
        (WRITE.replace("data", "data, mode") + VIEW, "1 False False"),
        (WRITE.replace("def", "async def") + VIEW, "1 False False"),
        ("_write = None\n" + VIEW, "1 False False"),
        (VIEW, "1 False False"),
        (WRITE + VIEW.replace("async ", ""), "1 True False"),
        (WRITE + VIEW.replace("hass", "hass, path"), "1 True False"),
        (WRITE + "class BaseEditConfigView:\n    pass\n", "1 True False"),
    ],
)
def test_other_versions(home_python: Path, code: str, expected: str) -> None:
    """What is missing is said once; who has seen what is only asked where saves are ours."""
    program = TRIED.format(parent=str(INTEGRATION.parents[1]), code=code)
    done = subprocess.run([home_python, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (expected, "")
