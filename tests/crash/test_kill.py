"""``kill -9`` of the daemon in the middle of in-place saves."""

import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.crash.conftest import Note
from tests.crash.editor import Editor
from tests.daemon.looking import etag
from tests.daemon.running import Daemon, running, toml

pytestmark = [pytest.mark.crash, pytest.mark.slow]

SEED = 20260101
KILLS = 50
#: The latest instant of a kill, in seconds after the editors began: about three saves.
LATEST = 0.06


def test_kill_during_saves_in_place(disk: Path, state: Path, note: Note) -> None:
    """After each of 50 kills and starts: every file whole, every answered save there or superseded, nothing left."""
    chance = random.Random(SEED)
    config = disk / "config"
    config.mkdir()
    first = b"first: true\n"
    editors = [Editor(name, first, random.Random(chance.random())) for name in ("a.bin", "b.bin")]
    for editor in editors:
        (config / editor.name).write_bytes(first)
    found: Counter[str] = Counter()
    with running(state, settings=toml(roots={"ha": {"path": str(config), "route": "overwrite"}})) as daemon:
        for turn in range(KILLS):
            for editor in editors:
                editor.begin(daemon.socket)
            wait_for_instant(chance, config / editors[turn // 2 % 2].name, seen_first=turn % 2 == 1)
            daemon.stop(signal.SIGKILL)
            for editor in editors:
                editor.end()
                found[classify(editor, config)] += 1
            daemon.start()
            found["recovered"] += daemon.ask("GET", "/readyz").json["recovered"]
            for editor in editors:
                check(editor, daemon, config)
            assert daemon.open_intents() == 0
            assert {path.name for path in config.iterdir()} == {editor.name for editor in editors}
        found["answered"] = sum(len(editor.revisions) for editor in editors)
        assert daemon.stop() == 0
    note(f"seed {SEED}, {KILLS} kills, {', '.join(f'{count} {what}' for what, count in sorted(found.items()))}")
    assert found["recovered"] > 0, "no kill came between a promise and its end"


def wait_for_instant(chance: random.Random, path: Path, *, seen_first: bool) -> None:
    """Any instant; or, because those within a write are rare, one just after a write of ``path`` shows in its times."""
    if not seen_first:
        time.sleep(chance.uniform(0, LATEST))
        return
    give_up = time.monotonic() + 5
    for _ in range(chance.choice((1, 2))):  # reserving, writing and shrinking each set the times
        before = path.stat().st_mtime_ns
        while path.stat().st_mtime_ns == before and time.monotonic() < give_up:
            pass


def classify(editor: Editor, config: Path) -> str:
    """What the kill left in the file, before anything is recovered."""
    data = (config / editor.name).read_bytes()
    if data == editor.sent:
        return "new"
    return "old" if data == editor.answered else "torn"


def check(editor: Editor, daemon: Daemon, config: Path) -> None:
    """The file holds the last answered content or the one that was under way, and the history holds both of them."""
    data = (config / editor.name).read_bytes()
    assert etag(data) in {etag(editor.answered), etag(editor.sent)}, classify(editor, config)
    answer = daemon.get(f"ha/{editor.name}")
    assert etag(answer.body) == answer.etag == etag(data)
    revisions = daemon.ask("GET", f"/v1/history/ha/{editor.name}?limit=1000").json["revisions"]
    states = {item["id"]: (item["state"], item["etag"]) for item in revisions}
    for number, content in editor.revisions.items():
        assert states[number] == ("applied", etag(content))
    assert "promised" not in {state for state, _ in states.values()}
    if editor.revisions:
        assert answer.headers["Revision"]
        latest = max(editor.revisions)
        content = daemon.ask("GET", f"/v1/revisions/{latest}/content").body
        assert etag(content) == etag(editor.revisions[latest])
    editor.answered = editor.sent = data
