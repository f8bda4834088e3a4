"""The machine as its engine sees it. The tests have a mount namespace of their own; a person's prompt has not."""

import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.cli.command import SECONDS, Done
from tests.engine.cli import run

_UCRED = struct.Struct("3i")  # unix(7)


@dataclass(frozen=True, slots=True)
class Host:
    """``pid``: of the engine; ``socket``: where it listens."""

    pid: int
    socket: str

    @classmethod
    def of_engine(cls) -> "Host":
        """The engine that DOCKER_HOST names, or else the usual one."""
        path = os.environ.get("DOCKER_HOST", "unix:///run/docker.sock").removeprefix("unix://")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        pid, _, _ = _UCRED.unpack(found)
        return cls(pid, path)

    def enter(self, *command: str | os.PathLike[str]) -> list[str]:
        """The command line that runs this in the engine's mount namespace."""
        return [
            "nsenter",
            f"--mount=/proc/{self.pid}/ns/mnt",
            f"--wd={os.getcwd()}",
            "--",
            *(os.fspath(word) for word in command),
        ]

    def run(self, *command: str | os.PathLike[str]) -> None:
        """Run a command there; it must succeed."""
        done = run(*self.enter(*command))
        assert done.returncode == 0, (command, done.stderr)

    def confkeep(
        self,
        *arguments: str | os.PathLike[str],
        variables: Mapping[str, str] | None = None,
        uid: int = 0,
        within: Sequence[str] = (),
    ) -> Done:
        """``confkeep ARGUMENTS`` there, as ``uid`` and by the command ``within``; it never shows a traceback."""
        become = () if uid == 0 else ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--")
        done = subprocess.run(
            self.enter(*become, *within, sys.executable, "-m", "confkeep", *arguments),
            capture_output=True,
            env={**os.environ, "DOCKER_HOST": f"unix://{self.socket}", **(variables or {})},
            timeout=SECONDS,
            check=False,
        )
        errors = done.stderr.decode("utf-8", "backslashreplace")
        assert "Traceback" not in errors, errors
        return Done(done.returncode, done.stdout, errors)


def commands(remedy: str) -> list[list[str]]:
    """The commands for docker that a remedy gives in backticks."""
    return [command.split() for command in re.findall(r"`(docker [^`]+)`", remedy)]


def report(done: Done) -> dict[str, Any]:
    """The report that ``confkeep doctor --format json`` printed, after a look at its exit code."""
    document: dict[str, Any] = done.json
    worst = any(finding["severity"] == "error" for finding in document["findings"])
    seen = "ok" in document["sources"].values()
    assert done.code == (3 if not seen else 1 if worst else 0), done
    return document
