"""Nobody's edit is lost: what others changed since the page was loaded is merged, or the save is refused."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.daemon.fixtures import serve
from tests.homeassistant.documents import GARDEN, PORCH
from tests.homeassistant.service import Stack, launch, message

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.homeassistant.fixtures import Start
    from tests.homeassistant.person import Answer, Person

__all__ = ["serve"]


@pytest.fixture
def stack(start: Start, serve: Serve, config: Path) -> Stack:
    """Over ordinary files."""
    return launch(start, serve, config)


def opened(person: Person, key: str = "garden") -> dict[str, Any]:
    """The page of one automation."""
    entry: dict[str, Any] = person.get("automation", key).body
    return entry


def saved(person: Person, entry: dict[str, Any], **members: Any) -> Answer:
    """Save on that page, after these changes on it."""
    entry |= members
    return person.post("automation", entry["id"], entry)


def conflict(answer: Answer) -> str:
    """What is said to who comes second."""
    assert answer.status == 409, answer
    said = message(answer.body)
    assert "was changed by somebody else" in said
    assert "reload the page" in said
    return said


def test_two_people_edit_different_automations(stack: Stack) -> None:
    """Both pages are as old as each other; both win, whoever is first, and again."""
    one, two = stack.home.owner, stack.home.login()
    mine, theirs = opened(one, "porch"), opened(two, "garden")
    for turn in range(3):
        assert saved(two, theirs, alias=f"Garden {turn}").status == 200
        assert saved(one, mine, alias=f"Porch {turn}").status == 200
    text = stack.text()
    assert PORCH.replace("Porch light", "Porch 2") in text
    assert GARDEN.replace("'Garden'", "'Garden 2'") in text


def test_two_people_edit_one_automation_in_different_places(stack: Stack) -> None:
    """Both changes are in it, comments and all."""
    one, two = stack.home.owner, stack.home.login()
    mine, theirs = opened(one), opened(two)
    assert saved(two, theirs, mode="single").status == 200
    assert saved(one, mine, alias="Lawn").status == 200
    now = opened(one)
    assert (now["alias"], now["mode"]) == ("Lawn", "single")
    assert "alias: 'Lawn'   # single quotes" in stack.text()


def test_a_page_that_does_not_know_the_merge(stack: Stack) -> None:
    """After a merge the page still shows its own version: its next save takes nothing of the others' away unseen."""
    one, two = stack.home.owner, stack.home.login()
    mine, theirs = opened(one), opened(two)
    saved(two, theirs, mode="single")
    assert saved(one, mine, alias="Lawn").status == 200
    conflict(saved(one, mine, alias="Meadow"))
    assert opened(one)["mode"] == "single"
    assert saved(one, opened(one), alias="Meadow").status == 200
    assert (opened(one)["mode"], opened(one)["alias"]) == ("single", "Meadow")


def test_two_people_change_the_same(stack: Stack) -> None:
    """The second is told; what the first has saved stays, and after a reload the second can save."""
    one, two = stack.home.owner, stack.home.login()
    mine, theirs = opened(one), opened(two)
    assert saved(two, theirs, alias="Theirs").status == 200
    before = stack.text()
    assert "both of you changed the same" in conflict(saved(one, mine, alias="Mine"))
    assert stack.text() == before
    conflict(saved(one, mine, alias="Mine"))
    assert saved(one, opened(one), alias="Mine").status == 200
    assert opened(two)["alias"] == "Mine"


def test_one_deletes_what_another_edits(stack: Stack) -> None:
    """Who comes second is told, in both orders; other automations may go at any time."""
    one, two = stack.home.owner, stack.home.login()
    opened(one)
    saved(two, opened(two), alias="Theirs")
    conflict(one.delete("automation", "garden"))
    assert opened(one)["alias"] == "Theirs"
    mine = opened(one)
    assert two.delete("automation", "garden").status == 200
    conflict(saved(one, mine, alias="Mine"))
    assert "garden" not in stack.text()
    mine = opened(one, "porch")
    assert two.delete("automation", "hall").status == 200
    assert saved(one, mine, alias="Mine").status == 200


def test_another_editor(stack: Stack) -> None:
    """What was changed in a text editor while the page was open is kept, merged, or the reason for a refusal."""
    path = stack.config / "automations.yaml"
    mine = opened(stack.home.owner)
    path.write_text(stack.text().replace("event: sunset", "event: sunrise   # earlier") + "# the end\n")
    assert saved(stack.home.owner, mine, alias="Lawn").status == 200
    for both in ("event: sunrise   # earlier\n", "# the end\n", "alias: 'Lawn'   # single quotes"):
        assert both in stack.text()
    mine = opened(stack.home.owner)
    recorded(stack)
    path.write_text(stack.text().replace("delay: 5", "delay: 55"))
    assert saved(stack.home.owner, mine, mode="single").status == 200
    assert "- delay: 55   # five" in stack.text()
    assert "mode: single" in stack.text()
    mine = opened(stack.home.owner)
    recorded(stack)
    path.write_text(stack.text().replace("'Lawn'", "'By hand'"))
    conflict(saved(stack.home.owner, mine, alias="By page"))
    assert "'By hand'" in stack.text()


def test_another_editor_in_the_very_moment(stack: Stack) -> None:
    """What is written between Home Assistant's look at the file and its save is kept too."""
    mine = opened(stack.home.owner)
    recorded(stack)
    wait = stack.freeze()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(saved, stack.home.owner, mine, alias="Lawn")
        wait()
        (stack.config / "automations.yaml").write_text(stack.text().replace("event: sunset", "event: sunrise"))
        stack.daemon.running.send_signal(signal.SIGCONT)
        assert answer.result().status == 200
    assert "event: sunrise" in stack.text()
    assert "alias: 'Lawn'   # single quotes" in stack.text()


def test_home_assistant_is_started_anew(stack: Stack) -> None:
    """A page that stays open over that is as old as before."""
    mine = opened(stack.home.owner)
    other = opened(stack.home.owner, "porch")
    recorded(stack)
    (stack.config / "automations.yaml").write_text(stack.text().replace("delay: 5", "delay: 55"))
    stack.home.stop()
    stack.home.start()
    recorded(stack)
    assert saved(stack.home.owner, other, alias="Door").status == 200
    assert saved(stack.home.owner, mine, alias="Lawn").status == 200
    assert "- delay: 55   # five" in stack.text()
    mine = opened(stack.home.owner)
    (stack.config / "automations.yaml").write_text(stack.text().replace("'Lawn'", "'By hand'"))
    stack.home.stop()
    stack.home.start()
    conflict(saved(stack.home.owner, mine, alias="By page"))


def test_confkeep_goes_while_it_tells_of_another_editor(stack: Stack) -> None:
    """Home Assistant's own save does not take a merge's place: what is known to have changed is not overwritten."""
    mine = opened(stack.home.owner)
    recorded(stack)
    wait = stack.freeze()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(saved, stack.home.owner, mine, alias="Lawn")
        wait()
        (stack.config / "automations.yaml").write_text(stack.text().replace("event: sunset", "event: sunrise"))
        stack.daemon.stop(signal.SIGKILL)
        conflict(answer.result())
    assert "event: sunrise" in stack.text()


def test_a_number_that_becomes_a_truth(stack: Stack) -> None:
    """1 and true are two things, whatever Python thinks: neither side's change is lost."""
    path = stack.config / "automations.yaml"
    path.write_text(stack.text().replace("delay: 5   # five", "delay: 1"))
    recorded(stack)
    mine = opened(stack.home.owner)
    path.write_text(stack.text().replace("delay: 1", "delay: 1.0"))
    recorded(stack)
    assert saved(stack.home.owner, mine, alias="Lawn").status == 200
    assert "delay: 1.0" in stack.text()


def recorded(stack: Stack) -> None:
    """Wait until the history has what is there: the watching looks a moment after a change."""
    etag = stack.daemon.ask("GET", "/v1/stat/config/automations.yaml").json["etag"]
    stack.home.until(lambda: stack.history()[0]["etag"] == etag, "it is recorded")


def test_a_page_nobody_has_opened(stack: Stack) -> None:
    """A program that posts without having asked says what it wants: it is saved."""
    entry = opened(stack.home.owner)
    program = stack.home.login()
    assert saved(stack.home.owner, dict(entry), alias="Before").status == 200
    assert saved(program, entry, alias="Program").status == 200
    assert opened(stack.home.owner)["alias"] == "Program"


def test_many_at_once(stack: Stack) -> None:
    """Two people and a text editor over confkeep, all at once: every change that was answered with 200 is there."""
    people = [stack.home.owner, stack.home.login()]
    rounds = 12

    def edit(person: Person, key: str) -> None:
        for turn in range(rounds):
            entry = opened(person, key)
            answer = saved(person, entry, description=f"{key} {turn}")
            assert answer.status == 200, answer

    def write() -> None:
        for turn in range(rounds):
            while True:
                there = stack.daemon.get("config/automations.yaml")
                text = there.body + f"# note {turn}\n".encode()
                if stack.daemon.put("config/automations.yaml", text, if_match=there.headers["ETag"]).status == 200:
                    break

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(edit, person, key) for person, key in zip(people, ("porch", "garden"), strict=True)]
        jobs.append(pool.submit(write))
        for job in jobs:
            job.result()
    text = stack.text()
    assert [f"# note {turn}\n" in text for turn in range(rounds)] == [True] * rounds
    for key in ("porch", "garden"):
        assert opened(people[0], key)["description"] == f"{key} {rounds - 1}"
    for comment in (
        "# The house, by hand",
        "# the porch",
        "# at dusk",
        "# single quotes",
        "# water, then rest",
        "# five",
    ):
        assert comment in text
