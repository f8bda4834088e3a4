"""Readers that open, read and close while a file is saved in place through the real daemon."""

from collections import Counter
from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.crash.conftest import Note
from tests.crash.contents import contents
from tests.crash.readers import readers
from tests.daemon import client
from tests.daemon.running import Daemon, running, toml
from tests.support.fixtures import Filesystem

pytestmark = [pytest.mark.crash, pytest.mark.slow]

SEED = 20
SAVES = 2_000
FILESYSTEMS = pytest.mark.parametrize("filesystem_name", ["ext4", "overlay"])
URL = "/v1/files/ha/data.bin"


@pytest.fixture
def target(filesystem: Filesystem, filesystem_name: str) -> Path:
    """A file on that filesystem."""
    path = filesystem(filesystem_name) / "data.bin"
    path.write_bytes(contents(SEED)[-1])
    return path


def settings(target: Path) -> str:
    """The file's directory is a root whose files are all written in place."""
    return toml(roots={"ha": {"path": str(target.parent), "route": "overwrite"}})


def save(daemon: Daemon, count: int, query: str = "") -> Counter[tuple[int, bool]]:
    """Save so many contents one after the other; how often each status came with which `reader_atomic`."""
    answers: Counter[tuple[int, bool]] = Counter()
    with client.connection(daemon.socket) as connection:
        for data in islice(cycle(contents(SEED)), count):
            answer = connection.ask("PUT", URL + query, data, {"If-Match": "*"})
            assert answer.status != 200 or answer.json["route"]["name"] == "overwrite", answer
            answers[answer.status, answer.status == 200 and answer.json["guarantees"]["reader_atomic"]] += 1
    return answers


@FILESYSTEMS
def test_readers_with_pauses_see_whole_files(target: Path, state: Path, note: Note) -> None:
    """Two readers, 5 ms apart, during 2,000 saves of changing size: none torn, none empty, each answer says so."""
    inode = target.stat().st_ino
    with running(state, settings=settings(target)) as daemon, readers(2, 0.005, target, SEED) as seen:
        answers = save(daemon, SAVES)
    note(f"{SAVES} saves, {seen}")
    assert answers == {(200, True): SAVES}
    assert (seen.torn, seen.empty) == (0, 0)
    assert target.stat().st_ino == inode


@FILESYSTEMS
@pytest.mark.parametrize(("count", "saves"), [(2, 100), (10, 5)])
def test_readers_without_pauses_see_whole_files(count: int, saves: int, target: Path, state: Path, note: Note) -> None:
    """Readers without a pause, and saves that had rather be refused: none torn, and what is refused is told."""
    with running(state, settings=settings(target)) as daemon, readers(count, 0, target, SEED) as seen:
        answers = save(daemon, saves, "?on_busy=refuse")
    note(f"{answers[200, True]} saves, {answers[423, False]} refused, {seen}")
    assert answers.total() == answers[200, True] + answers[423, False] == saves
    assert (seen.torn, seen.empty) == (0, 0)


@FILESYSTEMS
def test_what_others_do_is_torn(target: Path, note: Note) -> None:
    """The same readers during as many `open("w")` and writes do see torn files: so the tests above can fail."""
    with readers(2, 0.005, target, SEED) as seen:
        for data in islice(cycle(contents(SEED)), SAVES):
            with target.open("wb") as file:
                file.write(data)
    note(f"{SAVES} writes, {seen}")
    assert seen.torn + seen.empty > 0
