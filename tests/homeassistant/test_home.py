"""The rig itself: what the other tests here stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.homeassistant.fixtures import Start


def test_a_home(start: Start, config: Path) -> None:
    """It runs, and answers whoever is signed in."""
    home = start(config)
    for person in (home.owner, home.login()):
        assert person.get("automation", "nobody").status == 404
        assert person.command("repairs/list_issues").status == 200
    assert home.owner.token != home.login().token


def test_a_home_that_is_started_again(start: Start, config: Path) -> None:
    """It ends when it is asked to, and knows its people afterwards."""
    home = start(config)
    home.login()
    assert home.stop() == 0
    assert home.start().owner.ask("GET", "/api/").status == 200
