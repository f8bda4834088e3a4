"""A container engine of a test's own: it is stopped, started again, made to hang, and told to map users."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

from confkeep.layout.mounttable import is_below, parse_table
from tests.engine.cli import run

_READY_WITHIN_S = 60
_STOPPED_WITHIN_S = 30
#: As .ci/engine starts it: nothing of the machine's networks is touched.
_FLAGS = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false")


class Engine:
    """Everything it owns is in one directory; its path is short, because a socket's may have 107 bytes."""

    def __init__(self, directory: Path, *options: str) -> None:
        (directory / "daemon.json").write_text("{}")
        self.directory = directory
        self.socket = str(directory / "docker.sock")
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = (
            *("dockerd", f"--config-file={self.directory}/daemon.json", f"--host=unix://{self.socket}"),
            *(f"--{name}={self.directory}/{name}" for name in ("data-root", "exec-root", "pidfile")),
            *("--userland-proxy=false", *_FLAGS, *self._options),
        )
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + _READY_WITHIN_S
        while run("docker", "--host", f"unix://{self.socket}", "version").returncode != 0:
            ended = self._process.poll() is not None or time.monotonic() > deadline
            assert not ended, (self.directory / "log").read_text()[-2000:]
            time.sleep(0.05)

    def stop(self) -> None:
        """End it; with --live-restore its containers go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(_STOPPED_WITHIN_S)
            self._process = None

    def hang(self) -> None:
        """It answers nobody any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It answers again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def docker(self, *arguments: str, stdin: bytes = b"") -> str:
        """What the client printed; it must succeed."""
        done = run("docker", "--host", f"unix://{self.socket}", *arguments, stdin=stdin)
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout.decode().strip()

    def close(self) -> None:
        """End it, and remove what it owned: also its mounts, which an engine whose containers go on leaves."""
        self.stop()
        points = [mount.mount_point for mount in parse_table(Path("/proc/self/mountinfo").read_text())]
        for point in reversed([point for point in points if is_below(point, str(self.directory))]):
            subprocess.run(["umount", "--lazy", point], check=True)
        shutil.rmtree(self.directory)
