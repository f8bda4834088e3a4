"""The docker client as a function."""

import json
import os
import subprocess
from typing import Any

LABEL = "dev.confkeep.test"
"""On every container, volume and image of the tests: so a person finds what an interrupted run left."""

# The classic builder needs no plugin and no network; the engine of Debian 12 has nothing else.
_ENVIRONMENT = {**os.environ, "DOCKER_BUILDKIT": "0"}


class DockerError(Exception):
    """A docker command failed; the message is what it said."""


def run(*command: str, stdin: bytes = b"", timeout: float = 300) -> subprocess.CompletedProcess[bytes]:
    """Run a client command to its end, whatever the end is."""
    return subprocess.run(command, input=stdin, capture_output=True, timeout=timeout, env=_ENVIRONMENT, check=False)


def docker(*args: str, stdin: bytes = b"") -> str:
    """What `docker …` printed, stripped. Raises DockerError unless it exits with 0."""
    done = run("docker", *args, stdin=stdin)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise DockerError(f"docker {' '.join(args[:3])} … ended with {done.returncode}: {said}")
    return done.stdout.decode().strip()


def inspect(thing: str) -> dict[str, Any]:
    """What the engine knows about a container, an image or a volume."""
    found: list[dict[str, Any]] = json.loads(docker("inspect", thing))
    return found[0]


def exists(image: str) -> bool:
    """Whether the engine holds this image."""
    return run("docker", "image", "inspect", image).returncode == 0
