"""Containers of the tests: started, asked, read from, and always removed."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tests.daemon.client import Answer, ask
from tests.engine.cli import LABEL, docker, inspect, run

# Nobody in a container of ours has a network, and the daemon has what compose.yaml leaves it.
ISOLATED = ("--network=none", f"--label={LABEL}=container")
HARDENED = ("--cap-drop=ALL", "--security-opt=no-new-privileges")
READY_WITHIN_S = 30

# Who owns the configuration: the image's own user where we may hand files to it, otherwise us.
OWNER, GROUP = (1000, 1000) if os.geteuid() == 0 else (os.getuid(), os.getgid())


def give(path: Path) -> Path:
    """Hand a file or directory of the host to the user that the daemon runs as."""
    os.chown(path, OWNER, GROUP)
    return path


@dataclass(frozen=True, slots=True)
class Container:
    """One container, by its id."""

    id: str

    def exec(self, *command: str, user: str = "") -> bytes:
        """What a command inside printed; it must succeed."""
        who = (f"--user={user}",) if user else ()
        done = run("docker", "exec", *who, self.id, *command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def python(self, program: str, *args: str, user: str = "") -> Any:  # noqa: ANN401  # whatever it printed
        """Run a program of tests/engine/inside in here, and load the JSON it prints."""
        text = (Path(__file__).parent / "inside" / f"{program}.py").read_text()
        return json.loads(self.exec("python3", "-I", "-c", text, *args, user=user))

    def read(self, path: str) -> bytes:
        """The bytes of a file as a process in this container reads them."""
        return self.exec("cat", path)

    def inode(self, path: str) -> int:
        """The inode number of a file as seen from inside."""
        return int(self.exec("stat", "--format=%i", path))

    def process(self) -> dict[str, str]:
        """The fields of its first process's status: Uid, CapBnd and so on."""
        lines = self.read("/proc/1/status").decode().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def state(self) -> dict[str, Any]:
        """The engine's record of it: Status, ExitCode, Health and so on."""
        state: dict[str, Any] = inspect(self.id)["State"]
        return state

    def logs(self) -> str:
        """Everything its process wrote."""
        done = run("docker", "logs", self.id)
        return (done.stdout + done.stderr).decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Keeper(Container):
    """A container that runs the daemon, with its socket in a directory of the host."""

    socket: str

    def ask(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request from the host."""
        return ask(self.socket, method, target, body, headers)

    def await_ready(self) -> None:
        """Return at the first 200 of /readyz; fail with its log when it ends or takes far too long."""
        deadline = time.monotonic() + READY_WITHIN_S
        said: object = None
        while time.monotonic() < deadline:
            try:
                answer = self.ask("GET", "/readyz")
            except (OSError, HTTPException) as error:
                said = error
            else:
                if answer.status == 200:
                    return
                said = answer
            if self.state["Status"] == "exited":
                break
            time.sleep(0.02)
        raise AssertionError(f"not ready ({said!r}): {self.state}\n{self.logs()}")


@contextmanager
def started(*args: str) -> Generator[Container]:
    """`docker run --detach` with these arguments; removed with its anonymous volumes at the end."""
    container = docker("create", *ISOLATED, *args)
    try:
        docker("start", container)
        yield Container(container)
    finally:
        docker("rm", "--force", "--volumes", container)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a test says about its daemon."""

    roots: Mapping[str, str]
    volumes: Sequence[str] = ()
    options: Sequence[str] = ()


@contextmanager
def serving(image: str, setup: Setup) -> Generator[Keeper]:
    """The daemon in a container of its own, ready; state and socket are in a directory of the host."""
    # Not under tmp_path: the path of a socket may have 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="confkeep-"))
    for name, mode in (("run", 0o750), ("state", 0o700)):
        (home / name).mkdir(mode=mode)
        give(home / name)
    volumes = (f"{home}/run:/run/confkeep", f"{home}/state:/var/lib/confkeep", *setup.volumes)
    container = docker(
        "create",
        *ISOLATED,
        *HARDENED,
        f"--user={OWNER}:{GROUP}",
        "--tmpfs=/tmp:size=16m,mode=1777",
        *(f"--volume={volume}" for volume in volumes),
        *setup.options,
        image,
        "serve",
        *(f"--root={name}={path}" for name, path in setup.roots.items()),
    )
    keeper = Keeper(container, f"{home}/run/confkeep.sock")
    try:
        docker("start", container)
        keeper.await_ready()
        yield keeper
    finally:
        docker("rm", "--force", "--volumes", container)
        shutil.rmtree(home)
