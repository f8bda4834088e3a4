"""`confkeep watch`: a line an event, as it happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import pytest

from confkeep.client import ABSENT, Client
from tests.cli.command import Command, failure

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.looking import Folder
    from tests.daemon.running import Daemon

REMOVED = {"If-Match": "*"}


@contextmanager
def watching(daemon: Daemon, *arguments: str) -> Generator[subprocess.Popen[str]]:
    """The command, which listens from here on; it is gone in the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "confkeep", "watch", "--host", f"unix://{daemon.socket}", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": ""},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def since(daemon: Daemon) -> str:
    """The id from which a command that is only just being started misses nothing."""
    with Client(f"unix://{daemon.socket}") as client, client.events() as events:
        return events.last


def out(process: subprocess.Popen[str]) -> IO[str]:
    """What it prints."""
    assert process.stdout is not None
    return process.stdout


def test_a_line_an_event(folder: Folder) -> None:
    """Time, type, address, who, revision; at once, also into a pipe. Only what was asked for."""
    address, last = folder.at("a.yaml"), since(folder.daemon)
    with watching(folder.daemon, folder.address, "--since", last, "--types", "file.changed,file.removed") as process:
        folder.daemon.put("single/alone.yaml", b"alone: 1\n")
        saved = folder.daemon.put(address, b"a: 1\n", if_none_match="*").json
        time, kind, where, *rest = out(process).readline().split()
        assert (kind, where, rest) == (
            "file.changed", address, ["api", "uid", str(os.geteuid()), "revision", str(saved["revision"])],
        )  # fmt: skip
        assert (len(time), time[-1]) == (20, "Z")
        folder.daemon.ask("DELETE", folder.url("a.yaml"), None, REMOVED)
        assert out(process).readline().split()[1:3] == ["file.removed", address]


def test_json(folder: Folder) -> None:
    """One document a line, with the id that --since takes."""
    address, last = folder.at("ü.yaml"), since(folder.daemon)
    with watching(folder.daemon, folder.address, "--since", last, "--json") as process:
        folder.daemon.put(address, b"a: 1\n", if_none_match="*")
        saved = folder.daemon.put(address, b"a: 2\n").json
        found = json.loads(out(process).readline())
        assert (found["type"], f"{found['root']}/{found['path']}", found["created"]) == ("file.changed", address, True)
    with watching(folder.daemon, folder.address, "--since", found["id"], "--json") as process:
        assert json.loads(out(process).readline())["revision"] == saved["revision"]


def test_a_save_that_failed(folder: Folder) -> None:
    """What kept it is in its line."""
    (folder.path / "a.yaml").mkdir()
    last = since(folder.daemon)
    with watching(folder.daemon, folder.address, "--since", last) as process:
        folder.daemon.put(folder.at("a.yaml"), b"a: 1\n")
        words = out(process).readline().split()
        assert (words[1], words[-1]) == ("save.failed", "not-a-regular-file")


def test_a_name_cannot_forge_lines(folder: Folder) -> None:
    """Names are other people's."""
    last = since(folder.daemon)
    with (
        watching(folder.daemon, folder.address, "--since", last) as process,
        Client(f"unix://{folder.daemon.socket}") as client,
    ):
        client.save("ha", f"{folder.path.name}/two\nlines\x1b[2J", b"x", expect=ABSENT)
        line = out(process).readline().removesuffix("\n")
        assert "two\\nlines" in line
        assert line.isprintable()


def test_ctrl_c(folder: Folder) -> None:
    """Exit code 130, without a word."""
    last = since(folder.daemon)
    with watching(folder.daemon, folder.address, "--since", last) as process:
        folder.daemon.put(folder.at("a.yaml"), b"a: 1\n", if_none_match="*")
        assert out(process).readline()
        process.send_signal(signal.SIGINT)
        assert process.communicate() == ("", "")
        assert process.returncode == 130


def test_the_daemon_is_started_again(serve: Serve, disk: Path) -> None:
    """It is said on standard error, and what comes after is told; that events may be missed is a line too."""
    (disk / "config").mkdir()
    daemon = serve("--root", f"ha={disk}/config")
    with watching(daemon, "--since", since(daemon)) as process:
        daemon.put("ha/a.conf", b"1", if_none_match="*")
        assert out(process).readline()
        daemon.stop()
        assert process.stderr is not None
        assert "waiting for it to come back" in process.stderr.readline()
        daemon.start()
        assert "there again" in process.stderr.readline()
        assert out(process).readline().split()[1] == "reset"
        daemon.put("ha/a.conf", b"2")
        assert out(process).readline().split()[1:3] == ["file.changed", "ha/a.conf"]


def test_the_daemon_does_not_come_back(serve: Serve, disk: Path) -> None:
    """With --patience it is given up: exit code 3."""
    (disk / "config").mkdir()
    daemon = serve("--root", f"ha={disk}/config")
    with watching(daemon, "--since", since(daemon), "--patience", "0.1") as process:
        daemon.put("ha/a.conf", b"1", if_none_match="*")
        assert out(process).readline()
        daemon.stop()
        _, errors = process.communicate()
        assert process.returncode == 3
        assert "remedy: " in errors


def test_a_reader_that_has_enough(folder: Folder) -> None:
    """`confkeep watch | head -1` ends with the next event, and is no failure."""
    last = since(folder.daemon)
    with watching(folder.daemon, folder.address, "--since", last) as process:
        folder.daemon.put(folder.at("a.yaml"), b"a: 1\n", if_none_match="*")
        assert out(process).readline()
        out(process).close()
        folder.daemon.put(folder.at("a.yaml"), b"a: 2\n")
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("arguments", "code", "slug"),
    [
        (["--host", "unix:///nowhere/s"], 3, "no-daemon"),
        (["nobody"], 6, "no-root"),
        (["--types", "file.moved"], 2, "unknown-parameter"),
        (["--since", "a b"], 2, "unknown-parameter"),
        (["--patience", "soon"], 2, "unknown-parameter"),
        (["--patience", "."], 2, "unknown-parameter"),
    ],
)
def test_it_does_not_begin(arguments: list[str], code: int, slug: str, confkeep: Command) -> None:
    """There is no waiting for what was never there."""
    failure(confkeep("watch", *arguments, "--json"), code, slug)
