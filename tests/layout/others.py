"""Processes with mounts of their own: what a container is to the kernel, without an engine."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.files import mounts
from confkeep.files.place import resolve
from confkeep.files.root import ANYWHERE

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from confkeep.files.elsewhere import Bound
    from confkeep.layout.holders import Holders


@dataclass(frozen=True)
class Other:
    """A shell that runs what it is told."""

    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    def do(self, *command: str | os.PathLike[str]) -> None:
        """Run a command in it; it must succeed."""
        self._say(" ".join(f"'{os.fspath(word)}'" for word in command) + "; echo $?")

    def become(self, *command: str) -> None:
        """Go on as another one, which is the same process."""
        self._say(f"exec {' '.join(command)} -c 'echo 0; exec sh'")

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        assert self.process.stdout.readline() == b"0\n", line

    def bind(self, source: Path, at: Path, *options: str) -> Path:
        """Mount ``source`` at ``at``, which is made here; the mount is seen in there alone."""
        if not source.is_dir():
            at.touch()
        else:
            at.mkdir(exist_ok=True)
        self.do("mount", "--bind", source, at)
        if options:
            self.do("mount", "-o", f"remount,bind,{','.join(options)}", at)
        return at

    def end(self) -> None:
        """End it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@contextmanager
def shell(*command: str) -> Generator[Other]:
    """A shell, or what becomes one."""
    with subprocess.Popen(command or ("sh",), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        other = Other(process)
        try:
            other.do("true")  # it has become one
            yield other
        finally:
            if process.poll() is None:
                other.end()


def apart() -> tuple[str, ...]:
    """One with mounts of its own."""
    return "unshare", "--mount", "--propagation=private", "sh"


def asked(holders: Holders, path: Path) -> Bound:
    """What is said of ``path``, as a save asks it."""
    with resolve(ANYWHERE, str(path).lstrip("/")) as place:
        fd = place.look()
        assert fd is not None
        try:
            return holders(place, mounts.facts(fd, place.parent))
        finally:
            os.close(fd)


_CONTAINED = """
set -eu
mkdir "$0/lower" "$0/upper" "$0/work" "$0/root"
mount -t overlay -o "lowerdir=$0/lower,upperdir=$0/upper,workdir=$0/work" overlay "$0/root"
for each in bin lib lib64 usr; do
  if [ -L /$each ]; then cp -P /$each "$0/root/$each"; elif [ -d /$each ]; then
    mkdir "$0/root/$each"; mount --bind /$each "$0/root/$each"; fi
done
mkdir "$0/root/proc"
while [ $# -gt 1 ]; do
  mkdir -p "$0/root/${2%/*}"
  if [ -d "$1" ]; then mkdir -p "$0/root/$2"; else : >"$0/root/$2"; fi
  mount --bind "$1" "$0/root/$2"
  shift 2
done
exec chroot "$0/root" sh
"""


@contextmanager
def contained(base: Path, **binds: Path) -> Generator[Other]:
    """The same with a root of its own that is an overlay, as a container's: ``config_a=source`` is at /config/a.yaml.

    Its layers are in ``base``, which is made.
    """
    base.mkdir()
    words = [word for name, source in binds.items() for word in (str(source), inside(name, source))]
    with shell(*apart(), "-c", _CONTAINED, str(base), *words) as other:
        yield other


def inside(name: str, source: Path) -> str:
    """Where ``contained`` mounts a file, or a directory, which it calls so."""
    return f"/{name.replace('_', '/')}{source.suffix}"
