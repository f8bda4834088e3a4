"""The tests can fail: each guarantee has an integration that breaks it on purpose, and a test that notices."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.daemon.fixtures import serve
from tests.homeassistant import test_integration as saves
from tests.homeassistant import test_integration_conflicts as conflicts
from tests.homeassistant import test_integration_stale as stale
from tests.homeassistant import test_integration_without as without
from tests.homeassistant.documents import write_all
from tests.homeassistant.home import INTEGRATION
from tests.homeassistant.service import Stack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.homeassistant.fixtures import Start
    from tests.homeassistant.home import Home
    from tests.support.mounting import Mounts

__all__ = ["serve"]


class Mutant(NamedTuple):
    """``right`` in the file becomes ``wrong``; ``notices`` is a test of one stack."""

    file: str
    right: str
    wrong: str
    notices: Callable[[Stack], None]


MUTANTS = (
    Mutant("saving.py", "shown.digest == digest_of(edit.entry)", "True", conflicts.test_two_people_change_the_same),
    Mutant("saving.py", '"keep": "comments", "message"', '"message"', saves.test_comments_in_what_is_edited),
    Mutant("saving.py", '{"base": base, "keep": "comments"}', '{"base": base}', conflicts.test_another_editor),
    Mutant("saving.py", "etag = None if merged else", "etag =", conflicts.test_a_page_that_does_not_know_the_merge),
    Mutant("client.py", """f'"{match}"'""", "'*'", conflicts.test_another_editor_in_the_very_moment),
    Mutant("hooks.py", "str(login)", '"everybody"', conflicts.test_two_people_change_the_same),
)


def mutated(directory: Path, file: str, right: str, wrong: str) -> Path:
    """The integration with that change."""
    made = shutil.copytree(INTEGRATION, directory / "mutant")
    text = (made / file).read_text("utf-8")
    assert text.count(right) == 1, (file, right)
    (made / file).write_text(text.replace(right, wrong), "utf-8")
    return made


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.file} {mutant.wrong}")
def test_mutant(start: Start, serve: Serve, config: Path, disk: Path, mutant: Mutant) -> None:
    """The test fails."""
    write_all(config)
    daemon = serve("--root", f"config={config}")
    changed = mutated(disk, mutant.file, mutant.right, mutant.wrong)
    home = start(config, confkeep={"socket": daemon.socket}, integration=changed)
    with pytest.raises(AssertionError):
        mutant.notices(Stack(home, daemon, config, config))


def test_a_view_that_lacks_something(start: Start, serve: Serve, config: Path, disk: Path) -> None:
    """Not a mutant: what a version of Home Assistant lacks is logged, and its editor shows and saves all the same."""
    write_all(config)
    daemon = serve("--root", f"config={config}")
    changed = mutated(disk, "hooks.py", "hass.config.path(view.path)", "hass.config.path(view.gone)")
    home = start(config, confkeep={"socket": daemon.socket}, integration=changed)
    entry = home.owner.get("automation", "garden").body
    assert home.owner.post("automation", "garden", entry | {"alias": "Lawn"}).status == 200
    assert "alias: 'Lawn'   # single quotes" in (config / "automations.yaml").read_text("utf-8")
    assert "does not know who has seen what" in home.log()


def test_without_a_second_look(start: Start, serve: Serve, config: Path, disk: Path, mounts: Mounts) -> None:
    """A save that Home Assistant does not see would be a success."""
    changed = mutated(disk, "saving.py", "        if self._is_another_file(save, etag):\n", "        if False:\n")

    def begin(directory: Path, **options: Any) -> Home:
        return start(directory, **options, integration=changed)

    with pytest.raises(AssertionError):
        stale.test_a_replaced_file(begin, serve, config, mounts)


def test_without_asking_again(start: Start, serve: Serve, config: Path, disk: Path) -> None:
    """A daemon that comes back would complete the save, and the page would show an error."""
    changed = mutated(disk, "client.py", "BACK_WITHIN_S: Final = 5.0", "BACK_WITHIN_S: Final = 0.0")

    def begin(directory: Path, **options: Any) -> Home:
        return start(directory, **options, integration=changed)

    with pytest.raises(AssertionError):
        without.test_it_comes_back_in_time(begin, serve, config)
