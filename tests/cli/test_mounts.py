from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.cli.command import Command

NOWHERE = {"DOCKER_HOST": "unix:///nowhere"}
mounts = partial(Command(NOWHERE), "mounts")
SHARED = Path(__file__).parents[1] / "fixtures" / "mount-layouts" / "12-shared-file-two-containers" / "before"


def test_tree() -> None:
    """What lies where, and who sees it."""
    done = Command(NOWHERE | {"PYTHONIOENCODING": "utf-8"})("mounts", "--replay", SHARED)
    assert done.code == 0
    assert "\n├─ lab-12c: /dir\n└─ a.yaml (file, ext4)\n   ├─ lab-12a: /config/a.yaml\n" in done.text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_terminal_that_is_not_utf_8(encoding: str) -> None:
    """Plain characters draw the same."""
    done = Command(NOWHERE | {"PYTHONIOENCODING": encoding})("mounts", "--replay", SHARED)
    assert "\n|- lab-12c: /dir\n`- a.yaml (file, ext4)\n   |- lab-12a: /config/a.yaml\n" in done.text


def test_json() -> None:
    """`--format json` and `--json` are the same document."""
    made = mounts("--replay", SHARED, "--json").json
    assert made == mounts("--replay", SHARED, "--format", "json").json
    assert [file["host_path"] for file in made["files"]] == [
        "/srv/stacks/12-shared-file-two-containers",
        "/srv/stacks/12-shared-file-two-containers/a.yaml",
    ]


def test_no_capture(tmp_path: Path) -> None:
    """Any other folder is wrong usage."""
    done = mounts("--replay", tmp_path)
    assert (done.code, done.out) == (2, b"")


def test_nothing_could_be_looked_at(tmp_path: Path) -> None:
    """Exit code 3."""
    (tmp_path / "capture.json").write_text('{"sources": {}}')
    assert mounts("--replay", tmp_path).code == 3


def test_this_machine() -> None:
    """Without an engine it draws what can be seen, and says what cannot."""
    done = mounts()
    assert done.code == 0
    assert "not seen through api: " in done.errors
    assert mounts("--json").json["sources"]["self"] == "ok"
