"""One running Home Assistant: a process, its configuration directory, and who is signed in."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.homeassistant import signing_in
from tests.homeassistant.person import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.homeassistant.person import Person

#: Seconds after which one that does not start, stop or notice is a failure.
PATIENCE: Final = 60.0
INTEGRATION: Final = Path(__file__).parents[2] / "service" / "home_assistant" / "custom_components" / "confkeep"
#: The editor's integrations, and no pages: these would be 53 MB, and are looked for where a developer has them.
_CONFIGURATION: Final = """\
homeassistant:
  name: Test
http:
  server_host: 127.0.0.1
  server_port: {port}
frontend:
  development_repo: /
system_health:
automation: !include automations.yaml
script: !include scripts.yaml
scene: !include scenes.yaml
"""


def _reserved() -> socket.socket:
    """A port that the kernel gives to nobody else; with SO_REUSEADDR on both sides one may listen beside it."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


@dataclass
class Home:
    """``environ`` is added to the test's own; ``confkeep`` are the integration's options, None leaves it out.

    With ``uid`` the process is that user's, and so is the directory. ``owner`` is the first who is signed in.
    """

    python: Path
    directory: Path
    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    confkeep: Mapping[str, Any] | None = None
    uid: int | None = None
    integration: Path = INTEGRATION
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    owner: Person = field(init=False)
    _port: socket.socket = field(default_factory=_reserved, init=False)

    @property
    def port(self) -> int:
        """Where it listens, on the loopback interface."""
        number: int = self._port.getsockname()[1]
        return number

    @property
    def output(self) -> Path:
        """What it has printed: beside the directory, not in it."""
        return self.directory.with_name(f"{self.directory.name}.output")

    def log(self) -> str:
        """What it has printed and logged so far."""
        return "".join(
            path.read_text("utf-8", "replace")
            for path in (self.output, self.directory / "home-assistant.log")
            if path.exists()
        )

    def start(self) -> Home:
        """Start it on a directory that ``onboard`` has made once, and wait until it runs."""
        self.launch()
        self.owner = signing_in.returning(self.port, self.python, self.directory)
        self.until(lambda: self.owner.ask("GET", "/api/config").body["state"] == "RUNNING", "it runs")
        assert not self.owner.ask("GET", "/api/config").body["recovery_mode"], self.log()
        return self

    def launch(self) -> None:
        """Write what it is to read, start it, and wait for its first answer."""
        self._configure()
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [self.python, "-m", "homeassistant", "--config", self.directory, "--skip-pip"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=_environment() | {"HOME": os.fspath(self.directory.parent), **self.environ},
                user=self.uid,
                group=self.uid,
                extra_groups=None if self.uid is None else (),
            )
        self.until(self._answers, "it answers")

    def _configure(self) -> None:
        text = _CONFIGURATION.format(port=self.port)
        if self.confkeep is not None:
            into = self.directory / "custom_components" / "confkeep"
            shutil.copytree(self.integration, into, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
            text += f"confkeep: {json.dumps(self.confkeep)}\n"
        (self.directory / "configuration.yaml").write_text(text, "utf-8")
        if self.uid is not None:
            for path in (self.directory, *self.directory.rglob("*")):
                os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def _answers(self) -> bool:
        try:
            return ask(self.port, "GET", "/api/onboarding").status == 200
        except OSError:
            return False

    def onboard(self) -> None:
        """Make the first user, as the first visit of the pages does."""
        self.owner = signing_in.first_visit(self.port, self.python)

    def login(self) -> Person:
        """Sign in once more, as with another browser: a refresh token of its own."""
        return signing_in.login(self.port, self.python)

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until ``holds`` says so, and fail where it does not in time, or the process ends."""
        give_up = time.monotonic() + PATIENCE
        while not holds():
            assert self.process is not None
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.log()}"
            assert time.monotonic() < give_up, f"waited in vain until {what}: {self.log()}"
            time.sleep(0.02)

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End it, however it is."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self._port.close()


def _environment() -> dict[str, str]:
    """Without what says where modules or states are: that is for each test to say."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CONFKEEP", "XDG"))}
