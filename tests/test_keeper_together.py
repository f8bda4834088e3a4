"""confkeep.keeper: several saves at once, by threads and by processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import TargetBusy
from confkeep.expect import ABSENT, ANYTHING
from confkeep.keeper import Keeper, Request
from confkeep.writing import Writing
from tests.support.saving import NAME, NEW, ROUTES, Bench, bench, open_intents, recorded, save

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from confkeep.history.revisions import Author

BOTH_ROUTES = pytest.mark.parametrize("route", ROUTES)


@pytest.fixture
def route() -> str:
    """Tests that look at both routes give their own."""
    return "replace"


@pytest.fixture
def one(disk: Path, state: Path, route: str) -> Bench:
    """A file that takes the route."""
    return bench(disk / "config", state, route)


@pytest.fixture
def keeper(one: Bench) -> Generator[Keeper]:
    """Its keeper."""
    with one.keeper() as keeper:
        yield keeper


def test_a_save_holds_the_targets_lock(keeper: Keeper, one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """From before the compare until after the flush, for every name of the inode and in every process."""
    (one.directory / "second.yaml").hardlink_to(one.path)
    promise = Writing.promise
    tried: list[str] = []

    def beside_another(writing: Writing, author: Author) -> None:
        monkeypatch.setattr(Writing, "promise", promise)
        with Keeper(one.state) as other:
            for name in (NAME, "second.yaml"):
                with pytest.raises(TargetBusy, match="another save"):
                    other.save(one.root, name, Request(b"x: 1\n", ANYTHING))
                tried.append(name)
            other.save(one.root, "third.yaml", Request(b"x: 1\n", ABSENT))
        promise(writing, author)

    monkeypatch.setattr("confkeep.keeper._LOCK_WAIT", 0.0)
    monkeypatch.setattr(Writing, "promise", beside_another)
    save(keeper, one)
    assert tried == [NAME, "second.yaml"]
    assert one.path.read_bytes() == NEW


ADD_LINES = """
import sys
from pathlib import Path
from confkeep.errors import Conflict, TargetBusy
from confkeep.expect import Expect
from confkeep.files.root import OnBusy, Root
from confkeep.keeper import Keeper, Request
state, directory, name, who = sys.argv[1:]
root, won = Root("config", directory, on_busy=OnBusy.REFUSE), 0
with Keeper(Path(state)) as keeper:
    while won < 8:
        content = keeper.read(root, name)
        line = f"- {who}-{won}\\n".encode()
        try:
            keeper.save(root, name, Request(content.data + line, Expect(etags=frozenset({content.etag}))))
        except (Conflict, TargetBusy):
            continue
        won += 1
"""


@pytest.mark.parametrize(
    ("route", "states"), [("replace", "one state"), ("overwrite", "one state"), ("overwrite", "several states")]
)
def test_no_version_has_two_winners(one: Bench, route: str, states: str) -> None:
    """Processes add lines, each to the version it read: not one line is lost.

    Those that share a state queue at its lock. Those that do not are kept apart by the lease (a rename has
    none, and does not declare compare_and_swap).
    """
    one.path.write_bytes(b"- first\n")
    names = [NAME, "other-name.yaml" if route == "overwrite" else NAME]
    count = 4 if states == "one state" else 2
    one.keeper().close()
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                ADD_LINES,
                f"{one.state}-{who}" if states == "several states" else one.state,
                os.fspath(one.directory),
                names[who % 2],
                str(who),
            ]
        )
        for who in range(count)
    ]
    assert [process.wait() for process in processes] == [0] * count
    lines = one.path.read_bytes().splitlines()
    assert sorted(lines) == sorted([b"- first", *(b"- %d-%d" % (who, won) for who in range(count) for won in range(8))])


@BOTH_ROUTES
def test_threads_of_one_keeper(keeper: Keeper, one: Bench) -> None:
    """Eight threads save to eight files and to one that they share: all is there in the end."""
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                data = b"n: %d-%d\n" % (number, turn)
                keeper.save(one.root, f"{number}.yaml", Request(data, ANYTHING if turn else ABSENT))
                save(keeper, one, data)
        except BaseException as error:  # noqa: BLE001 - the test shall see it
            errors.append(error)

    threads = [threading.Thread(target=partial(work, number)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [(one.directory / f"{number}.yaml").read_bytes() for number in range(8)] == [
        b"n: %d-4\n" % number for number in range(8)
    ]
    contents = [content for _, content in recorded(keeper, one)]
    assert len(contents) == 41
    assert contents[-1] == one.path.read_bytes()
    assert open_intents(keeper) == 0
