"""Where engines may be listening: what the user's settings name, else the usual sockets."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import socket
import stat
from typing import TYPE_CHECKING, Any, Final

from confkeep.layout.loose import mapping, text

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT: Final = "default"
#: Seconds to wait for a socket to take the connection: a full backlog means a stopped engine.
_PATIENCE: Final = 2.0


def addresses(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """``DOCKER_HOST``, or else the current docker context, alone if named; or else every usual socket that is there.

    The order is docker's own: DOCKER_HOST, DOCKER_CONTEXT, currentContext in config.json.
    """
    named = environment.get("DOCKER_HOST") or _of_context(environment)
    if named:
        return (named,)
    there: dict[tuple[int, int], str] = {}
    for path in _usual(environment):
        try:
            found = os.stat(path)
        except OSError as error:
            if error.errno == errno.EACCES:
                there.setdefault((-1, hash(path)), path)  # unusable() says why
            continue
        there.setdefault((found.st_dev, found.st_ino), path)
    return tuple(f"unix://{path}" for path in there.values())


def unusable(address: str) -> str:
    """Why nobody answers at a Unix socket, "" where somebody does or the address is another kind.

    The SDK tells an absent, a closed and a dead socket by one message in three layers of quotes.
    """
    if not address.startswith("unix://"):
        return "" if "://" in address and not address.startswith("ssh://") else "only unix:// and tcp:// are understood"
    path = address.removeprefix("unix://")
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return "it is no socket"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(_PATIENCE)
            probe.connect(path)
    except OSError as error:
        return _REASONS.get(error.errno or 0) or error.strerror or str(error)
    return ""


_REASONS: Final = {
    errno.ENOENT: "nothing is there",
    errno.EACCES: "no permission: run as root, or as a member of the socket's group",
    errno.ECONNREFUSED: "nobody is listening: the engine is stopped, or was restarted behind a mounted socket file",
    errno.EAGAIN: "the engine does not answer",
}


def _usual(environment: Mapping[str, str]) -> tuple[str, ...]:
    runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return (
        "/run/docker.sock",
        "/var/run/docker.sock",
        f"{runtime}/docker.sock",
        "/run/podman/podman.sock",
        f"{runtime}/podman/podman.sock",
    )


def _of_context(environment: Mapping[str, str]) -> str:
    """The address of the docker context in use, "" for the default one or where its files tell nothing."""
    home = environment.get("DOCKER_CONFIG") or os.path.join(environment.get("HOME", "/root"), ".docker")
    name = (
        environment.get("DOCKER_CONTEXT") or _json(os.path.join(home, "config.json")).get("currentContext") or _DEFAULT
    )
    if name == _DEFAULT:
        return ""
    folder = hashlib.sha256(str(name).encode()).hexdigest()
    endpoints = mapping(_json(os.path.join(home, "contexts", "meta", folder, "meta.json")).get("Endpoints"))
    return text(mapping(endpoints.get("docker")).get("Host"))


def _json(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            return mapping(json.load(file))
    except (OSError, ValueError, RecursionError):
        return {}
