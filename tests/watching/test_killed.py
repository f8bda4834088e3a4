"""The daemon is killed and started while others write: nothing that is there in the end is missed."""

from __future__ import annotations

import logging
import random
import signal
import threading
import time
from http.client import HTTPException
from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import etag
from tests.daemon.running import toml
from tests.watching.agreement import ROOT, await_agreement, histories
from tests.watching.writer import path_of, writers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon

pytestmark = [pytest.mark.crash, pytest.mark.slow]

_log = logging.getLogger(__name__)
SEED = 20260102
FILES = 60
KILLS = 15


class Saver:
    """Saves to the same files through the API; ``answered``: the file and the etag of each revision that it got."""

    def __init__(self, daemon: Daemon, directory: Path) -> None:
        self.answered: dict[int, tuple[Path, str]] = {}
        self._daemon, self._directory = daemon, directory
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._save)
        self._thread.start()

    def _save(self) -> None:
        chance = random.Random(SEED)
        while not self._over.is_set():
            path = path_of(self._directory, chance.randrange(FILES))
            data = b"saved: %x\n" % chance.getrandbits(400)
            try:
                answer = self._daemon.put(f"{ROOT}/{path.relative_to(self._directory)}", data)
            except (OSError, HTTPException):
                time.sleep(0.005)  # nobody is there
                continue
            if answer.status == 200 and answer.json["revision"] is not None:
                self.answered[answer.json["revision"]] = (path, etag(data))

    def end(self) -> None:
        """No more."""
        self._over.set()
        self._thread.join()


@pytest.mark.parametrize("route", ["auto", "overwrite"])
def test_killed_while_changes_go_on(serve: Serve, disk: Path, route: str) -> None:
    """After the last start the newest revision of every file is what is on the disk, and no answered save is lost."""
    chance = random.Random(SEED)
    directory = disk / "config"
    paths = [path_of(directory, number) for number in range(FILES)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    daemon = serve(settings=toml(roots={ROOT: {"path": str(directory), "route": route}}))
    saver = Saver(daemon, directory)
    try:
        with writers(2, directory, FILES, 0):
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.02, 0.5))
                daemon.stop(signal.SIGKILL)
                time.sleep(chance.uniform(0, 0.1))
                daemon.start()
            daemon.stop(signal.SIGKILL)
            time.sleep(0.1)  # what happens now nobody sees
    finally:
        saver.end()
    daemon.start()
    await_agreement(daemon, directory, paths)
    found = histories(daemon, directory, paths)
    for path, revisions in found.items():
        assert revisions or not path.exists(), path
    kept = {each["id"]: (path, each["etag"]) for path, revisions in found.items() for each in revisions}
    oldest = {path: revisions[-1]["id"] for path, revisions in found.items() if len(revisions) == 1_000}
    for number, (path, saved) in saver.answered.items():
        assert kept.get(number) == (path, saved) or number < oldest.get(path, 0), (number, path)
    _log.info("%s: %d kills, %d saves answered, %d revisions", route, KILLS, len(saver.answered), len(kept))
    assert saver.answered
    assert daemon.open_intents() == 0
