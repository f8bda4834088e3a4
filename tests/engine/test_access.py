"""Who may do what over the socket, from containers of other users: the socket's group, and roles by numeric ids."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.engine.cli import run
from tests.engine.container import GROUP, HARDENED, ISOLATED, OWNER, Container, give, started

if TYPE_CHECKING:
    import subprocess

pytestmark = [pytest.mark.engine, pytest.mark.root]

SOCKET_GROUP = 2000
READER, EDITOR = 2001, 2002
SETTINGS = f"[access.readers]\nuids = [{READER}]\n[roots.config]\npath = '/config'\n"
OLD, NEW = b"a: 1\n", b"a: 2\n"
READY_WITHIN_S = 30
#: Of the command line: forbidden (as all refusals), and nobody to talk to.
REFUSED, NO_DAEMON = 7, 3


@pytest.fixture
def home(keeper_image: str) -> Iterator[Path]:
    """The directory of a daemon that runs in a container: its socket's directory hands its group on."""
    home = Path(tempfile.mkdtemp(prefix="confkeep-"))
    for name, mode in (("run", 0o2750), ("state", 0o700), ("config", 0o755)):
        (home / name).mkdir()
        give(home / name)
        if name == "run":
            os.chown(home / name, OWNER, SOCKET_GROUP)
        (home / name).chmod(mode)
    home.chmod(0o755)
    (home / "config" / "a.yaml").write_bytes(OLD)
    give(home / "config" / "a.yaml")
    (home / "settings.toml").write_text(SETTINGS)
    volumes = [f"--volume={home}/{name}" for name in ("run:/run/confkeep", "state:/var/lib/confkeep", "config:/config")]
    settings = f"--volume={home}/settings.toml:/settings.toml:ro"
    daemon = (f"--user={OWNER}:{GROUP}", *volumes, settings, keeper_image, "serve", "--config=/settings.toml")
    with started(*HARDENED, *daemon) as container:
        _await(container, home / "run" / "confkeep.sock")
        yield home


def _await(container: Container, socket: Path) -> None:
    give_up = time.monotonic() + READY_WITHIN_S
    while not socket.exists():
        assert time.monotonic() < give_up, container.logs()
        time.sleep(0.02)


def ask(home: Path, image: str, user: int, *command: str, member: bool = True) -> "subprocess.CompletedProcess[bytes]":
    """Run the command line in a container of ``user``, with the socket's group by group_add or without."""
    group = (f"--group-add={SOCKET_GROUP}",) if member else ()
    who = (*ISOLATED, *HARDENED, f"--user={user}:{user}", *group, f"--volume={home}/run:/run/confkeep")
    (home / "new.yaml").write_bytes(NEW)
    volume = f"--volume={home}/new.yaml:/new.yaml:ro"
    return run("docker", "run", "--rm", *who, volume, image, *command)


PUT = ("put", "config/a.yaml", "/new.yaml", "--force")


def test_a_member_of_the_sockets_group_saves(home: Path, keeper_image: str) -> None:
    """Another uid, with compose's group_add: only SO_PEERGROUPS shows that."""
    done = ask(home, keeper_image, EDITOR, *PUT)
    assert done.returncode == 0, done.stderr
    assert (home / "config" / "a.yaml").read_bytes() == NEW


def test_a_reader_reads_and_does_not_save(home: Path, keeper_image: str) -> None:
    """403, with what to write into the settings."""
    assert ask(home, keeper_image, READER, "get", "config/a.yaml").stdout == OLD
    done = ask(home, keeper_image, READER, *PUT)
    assert done.returncode == REFUSED, done
    assert b"[access.editors]" in done.stderr
    assert (home / "config" / "a.yaml").read_bytes() == OLD


def test_who_is_not_in_the_group_does_not_connect(home: Path, keeper_image: str) -> None:
    """The directory and the socket are closed."""
    done = ask(home, keeper_image, EDITOR, "get", "config/a.yaml", member=False)
    assert done.returncode == NO_DAEMON, done
