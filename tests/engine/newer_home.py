"""A newer Home Assistant than the one of tests/homeassistant, in a container with the Python that it needs."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from tests.engine.base import python_version
from tests.engine.container import Container, started
from tests.support.needs import need

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

LOCK: Final = Path(__file__).parents[2] / "requirements" / "homeassistant-new.txt"
#: Seconds after which one that does not start is a failure.
PATIENCE: Final = 120.0
_CLIENT: Final = "http://confkeep.test/"
_OWNER: Final = {"name": "Owner", "username": "owner", "password": "correct horse", "language": "en"}
#: The editor's integrations, and no pages: these are looked for where a developer has them.
_CONFIGURATION: Final = """\
homeassistant:
http:
  server_host: 127.0.0.1
frontend:
  development_repo: /
automation: !include automations.yaml
script: !include scripts.yaml
scene: !include scenes.yaml
"""


def packages(image: str, cache: Path) -> Path:
    """Everything of the lock file, unpacked for the Python of ``image``; downloaded once for each state of it.

    Skips the test (see ``need``) where it cannot be downloaded.
    """
    python = python_version(image)
    directory = cache / f"{python}-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not (directory / "complete").exists():
        shutil.rmtree(directory, ignore_errors=True)  # what an interrupted run has left
        exactly = ("--no-deps", "--require-hashes", "--only-binary=:all:", f"--requirement={LOCK}")
        # pip asks our own Python whether a package may be used, not the one it is for; that one says so when it starts.
        target = (f"--python-version={python}", "--ignore-requires-python", f"--target={directory}/packages")
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile")
        done = subprocess.run((*pip, *exactly, *target), capture_output=True, text=True, check=False)
        need(done.returncode == 0, f"Home Assistant cannot be installed: {done.stderr.strip()}")
        _stand_in(directory / "packages" / "pyric" / "net" / "wireless" / "rfkill_h.py")
        (directory / "complete").touch()
    return directory / "packages"


def _stand_in(module: Path) -> None:
    """An empty module: what switches Bluetooth adapters on is imported here, and never called."""
    module.parent.mkdir(parents=True, exist_ok=True)
    module.touch()


@dataclass(frozen=True, slots=True)
class NewerHome(Container):
    """A Home Assistant that runs in a container. The owner is signed in."""

    token: str = ""

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """One request of the owner: the status, and what the JSON says."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self._answer(method, path, headers, None if body is None else json.dumps(body))

    def save(self, key: str, automation: object) -> tuple[int, Any]:
        """Press Save in the editor of automations."""
        return self.ask("POST", f"/api/config/automation/config/{key}", automation)

    def signed_in(self) -> NewerHome:
        """The same with the owner signed in, whom this makes as the first visit of the pages does."""
        _, user = self.ask("POST", "/api/onboarding/users", {**_OWNER, "client_id": _CLIENT})
        grant = {"client_id": _CLIENT, "grant_type": "authorization_code", "code": user["auth_code"]}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        _, tokens = self._answer("POST", "/auth/token", form, urlencode(grant))
        return NewerHome(self.id, tokens["access_token"])

    def await_answer(self) -> None:
        """Return once it answers; fail with its log when it ends, or takes far too long."""
        give_up = time.monotonic() + PATIENCE
        while self.state["Status"] == "running" and self._raw("GET", "/api/onboarding", {}, None) is None:
            assert time.monotonic() < give_up, self.logs()
            time.sleep(0.2)
        assert self.state["Status"] == "running", self.logs()

    def await_running(self) -> None:
        """Return once everything is set up; fail when something it needs is not."""
        give_up = time.monotonic() + PATIENCE
        while (config := self.ask("GET", "/api/config")[1])["state"] != "RUNNING":
            assert time.monotonic() < give_up, self.logs()
            time.sleep(0.1)
        assert not config["recovery_mode"], self.logs()

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: str | None) -> tuple[int, Any]:
        answer = self._raw(method, path, headers, body)
        assert answer is not None, self.logs()
        try:
            return answer["status"], json.loads(answer["text"])
        except json.JSONDecodeError:
            return answer["status"], answer["text"]

    def _raw(self, method: str, path: str, headers: Mapping[str, str], body: str | None) -> dict[str, Any] | None:
        rest = () if body is None else (body,)
        answer: dict[str, Any] | None = self.python("home", method, path, json.dumps(headers), *rest)
        return answer


def configure(directory: Path, *, more: str = "") -> Path:
    """A new configuration directory, with ``more`` in configuration.yaml."""
    directory.mkdir(exist_ok=True)
    (directory / "configuration.yaml").write_text(_CONFIGURATION + more, "utf-8")
    for name in ("automations.yaml", "scripts.yaml", "scenes.yaml"):
        (directory / name).touch()
    return directory


@contextmanager
def running(image: str, unpacked: Path, config: Path, *options: str) -> Generator[NewerHome]:
    """A container with that configuration directory at /config, and these `docker run` options."""
    python = unpacked.parent.name.partition("-")[0]
    volumes = (f"--volume={unpacked}:/usr/local/lib/python{python}/dist-packages", f"--volume={config}:/config")
    command = ("python3", "-m", "homeassistant", "--config=/config", "--skip-pip")
    with started("--init", *volumes, *options, image, *command) as container:
        home = NewerHome(container.id)
        home.await_answer()
        home = home.signed_in()
        home.await_running()
        yield home
