"""The action ``confkeep.restore``: an old version back, and in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.daemon.fixtures import serve
from tests.homeassistant.documents import AUTOMATIONS
from tests.homeassistant.service import Stack, launch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.homeassistant.fixtures import Start
    from tests.homeassistant.person import Answer

__all__ = ["serve"]


@pytest.fixture
def stack(start: Start, serve: Serve, config: Path) -> Stack:
    """After two edits of the garden's automation."""
    made = launch(start, serve, config)
    for alias in ("Second", "Third"):
        entry = made.home.owner.get("automation", "garden").body
        assert made.home.owner.post("automation", "garden", entry | {"alias": alias}).status == 200
    return made


def restore(stack: Stack, **data: object) -> Answer:
    """Perform the action, as the page for actions does."""
    return stack.home.owner.command("call_service", domain="confkeep", service="restore", service_data=data)


def test_the_newest_other_version(stack: Stack) -> None:
    """Without a number: what was there before the last change, byte by byte; it is in use, and in the history."""
    assert restore(stack, path="automations.yaml").status == 200
    assert stack.text() == AUTOMATIONS.replace("'Garden'", "'Second'")
    stack.home.until(lambda: "Second" in stack.names("automation"), "it is in use")
    assert stack.history()[0]["origin"] == "restore"


def test_a_number(stack: Stack) -> None:
    """That version, also of a file that Home Assistant's editor does not write."""
    oldest = stack.history()[-1]["id"]
    assert restore(stack, path="automations.yaml", revision=oldest).status == 200
    assert stack.text() == AUTOMATIONS
    stack.daemon.put("config/packages.yaml", b"one: 1\n", if_none_match="*")
    stack.daemon.put("config/packages.yaml", b"two: 2\n")
    assert restore(stack, path="./packages.yaml").status == 200
    assert stack.text("packages.yaml") == "one: 1\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"path": "automations.yaml", "revision": 99999}, ("has no revision 99999", "the newest are")),
        ({"path": "scripts.yaml"}, ("no other version",)),
        ({"path": "/etc/passwd"}, ("not below the configuration directory",)),
        ({"path": "../x"}, ("not below the configuration directory",)),
        ({}, ("required key not provided",)),
    ],
)
def test_what_cannot_be_restored(stack: Stack, data: dict[str, object], words: tuple[str, ...]) -> None:
    """The page is told why, and what there is; nothing changes."""
    before = stack.text()
    answer = restore(stack, **data)
    assert answer.status == 400
    for word in words:
        assert word in answer.body["message"]
    assert stack.text() == before


def test_a_file_that_is_gone(stack: Stack) -> None:
    """It is made again."""
    (stack.config / "automations.yaml").unlink()
    assert restore(stack, path="automations.yaml").status == 200
    assert stack.text() == AUTOMATIONS.replace("'Garden'", "'Third'")


def test_without_confkeep(stack: Stack) -> None:
    """The page is told that nobody answers."""
    stack.daemon.stop()
    answer = restore(stack, path="automations.yaml")
    assert answer.status == 400
    assert "was not restored: nobody answers at" in answer.body["message"]
