"""Processes with mounts of their own, which look like containers to whoever reads /proc: no engine is needed."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

#: Mounts what it is told, says so, and stays; a second process stays with it.
_SCRIPT = """
set -e
while [ $# -gt 0 ]; do mount --bind "$1" "$2"; shift 2; done
sleep 1000 &
trap "kill $!" TERM
echo ready
wait
"""


@contextmanager
def box(directory: Path, *binds: tuple[Path, Path], ident: str = "") -> Generator[int]:
    """A process in a mount namespace of its own with these binds (source, mount point); its number.

    With ``ident`` it has what tells a container's id: an /etc/hosts that comes from the engine's directory.
    """
    if ident:
        hosts = directory / "containers" / ident / "hosts"
        hosts.parent.mkdir(parents=True)
        hosts.touch()
        binds = (*binds, (hosts, Path("/etc/hosts")))
    command = ("unshare", "--mount", "--propagation", "private", "sh", "-c", _SCRIPT, "box")
    arguments = (str(path) for bind in binds for path in bind)
    with subprocess.Popen((*command, *arguments), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process.pid
        finally:
            process.terminate()
