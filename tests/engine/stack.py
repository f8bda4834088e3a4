"""The stacks that the project proposes (compose.yaml, docker/), brought up by the real Docker Compose."""

import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.engine.cli import run
from tests.engine.container import GROUP, OWNER, Container

TOP = Path(__file__).parents[2]
STOP_WITHIN_S = 10


def compose_command() -> tuple[str, ...] | None:
    """The Compose of requirements/compose.txt, which lies beside our interpreter, or docker's own plugin."""
    beside = Path(sys.executable).parent / "docker-compose"
    if beside.exists():
        return (str(beside),)
    if shutil.which("docker") and run("docker", "compose", "version").returncode == 0:
        return ("docker", "compose")
    return None


@dataclass(frozen=True, slots=True)
class Stack:
    """One running copy of the stack."""

    command: tuple[str, ...]
    environment: dict[str, str]

    def compose(self, *args: str, stdin: bytes = b"") -> bytes:
        """What `docker compose …` printed; it must succeed."""
        done = subprocess.run(
            (*self.command, *args), input=stdin, capture_output=True, env=self.environment, check=False
        )
        assert done.returncode == 0, (args, done.stdout.decode(), done.stderr.decode())
        return done.stdout

    def container(self, service: str) -> Container:
        """The container of one service."""
        return Container(self.compose("ps", "--all", "--quiet", service).decode().strip())


@contextmanager
def stack(
    project: str,
    command: tuple[str, ...],
    config: Path,
    images: dict[str, str],
    files: Sequence[Path] = (TOP / "compose.yaml",),
) -> Generator[Stack]:
    """`up` of these files over this configuration and, whatever happens, `down` with its volumes."""
    compose = (*command, "--project-name", project, *(f"--file={file}" for file in files))
    environment = {
        **os.environ,
        "COMPOSE_ANSI": "never",
        "CONFIG_DIR": str(config),
        "CONFKEEP_UID": str(OWNER),
        "CONFKEEP_GID": str(GROUP),
        **images,
    }
    running = Stack(compose, environment)
    try:
        # --pull never, --no-build: what is missing is an error here, not something to be fetched.
        running.compose("up", "--detach", "--no-build", "--pull=never", "--quiet-pull")
        yield running
    finally:
        running.compose("down", "--volumes", f"--timeout={STOP_WITHIN_S}")
