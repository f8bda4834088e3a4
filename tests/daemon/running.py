"""The real daemon as a process of its own: started, asked, stopped or killed."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.daemon import client
from tests.daemon.client import Answer, Body

_SETTLED_WITHIN = 20.0

#: Seconds after which a daemon that does not start or stop is a failure.
PATIENCE = 30.0


@contextmanager
def short_directory() -> Generator[Path]:
    """A directory whose path leaves room for a socket's name: the whole may have 107 bytes."""
    path = tempfile.mkdtemp(prefix="ck")
    try:
        yield Path(path)
    finally:
        shutil.rmtree(path)


@dataclass
class Daemon:
    """One daemon; ``arguments`` are those of ``confkeep serve``."""

    socket: str
    state: Path
    arguments: list[str]
    log_path: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Daemon":
        """Start it and wait until it answers."""
        self.launch()
        give_up = time.monotonic() + PATIENCE
        while not self.answers():
            assert self.running.poll() is None, f"it ended with {self.running.returncode}: {self.log}"
            assert time.monotonic() < give_up, f"it does not answer: {self.log}"
            time.sleep(0.005)
        return self

    def launch(self) -> None:
        """Start it and wait for nothing."""
        command = [sys.executable, "-m", "confkeep", "serve", "--socket", self.socket, "--state", str(self.state)]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
            )

    @property
    def running(self) -> "subprocess.Popen[bytes]":
        """The process."""
        assert self.process is not None
        return self.process

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self.log_path.read_text("utf-8", "replace")

    def answers(self) -> bool:
        """Whether somebody answers requests."""
        try:
            return self.ask("GET", "/healthz").status == 200
        except (FileNotFoundError, ConnectionError):
            return False

    def ask(self, method: str, target: str, body: Body = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request on a connection of its own."""
        return client.ask(self.socket, method, target, body, headers)

    def get(self, address: str) -> Answer:
        """GET the file ``ROOT/PATH``."""
        return self.ask("GET", f"/v1/files/{quote(address)}")

    def put(self, address: str, data: bytes, query: str = "", **headers: str) -> Answer:
        """PUT the file ``ROOT/PATH``; ``if_match="*"`` unless said otherwise."""
        wanted = {name.replace("_", "-"): value for name, value in (headers or {"if_match": "*"}).items()}
        return self.ask("PUT", f"/v1/files/{quote(address)}{query}", data, wanted)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal; the exit status."""
        if self.running.poll() is None:
            self.running.send_signal(number)
        return self.running.wait(PATIENCE)

    def recorded(self) -> list[tuple[object, ...]]:
        """Every revision, content, file and open intent in its store, once what is settled is closed (in a second)."""
        give_up = time.monotonic() + _SETTLED_WITHIN
        rows = self._rows()
        while any(row[0] == "intent" for row in rows) and time.monotonic() < give_up:
            time.sleep(0.05)
            rows = self._rows()
        return rows

    def _rows(self) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"file:{self.state}/history.db?mode=ro", uri=True)) as store:
            queries = (
                "SELECT 'revision', id, file, hash, state, origin, uid, message FROM revisions ORDER BY id",
                "SELECT 'content', hash FROM contents ORDER BY hash",
                "SELECT 'file', id, path FROM files ORDER BY id",
                "SELECT 'intent', revision, file FROM intents ORDER BY revision",
            )
            return [row for query in queries for row in store.execute(query)]

    def open_intents(self) -> int:
        """How many saves are promised and not settled."""
        return sum(row[0] == "intent" for row in self.recorded())


def toml(**settings: str | int | Mapping[str, Mapping[str, str | bool]]) -> str:
    """A settings file; ``roots`` is a table of tables."""
    lines = [f"{name} = {_value(value)}" for name, value in settings.items() if isinstance(value, str | int)]
    roots = settings.get("roots", {})
    assert isinstance(roots, Mapping)
    for name, root in roots.items():
        lines += [f"[roots.{name}]", *(f"{key} = {_value(value)}" for key, value in root.items())]
    return "\n".join(lines) + "\n"


def _value(value: str | int) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f"'{value}'"


@contextmanager
def running(
    state: Path, *arguments: str, settings: str | None = None, environment: Mapping[str, str] | None = None
) -> Generator[Daemon]:
    """A daemon that answers, and is gone in the end, whatever the test did to it.

    ``state`` is made beside the log and the settings, which are its own files: ``STATE.log`` and ``STATE.toml``.
    """
    with short_directory() as directory:
        given = list(arguments)
        if settings is not None:
            config = state.with_name(state.name + ".toml")
            config.write_text(settings, "utf-8")
            given += ["--config", str(config)]
        log = state.with_name(state.name + ".log")
        daemon = Daemon(str(directory / "s"), state, given, log, dict(environment or {}))
        try:
            yield daemon.start()
        finally:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()
