import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.daemon.fixtures import Serve
from tests.daemon.running import Daemon, short_directory
from tests.support.needs import need
from tests.support.users import STRANGER


@pytest.fixture
def config(disk: Path) -> Path:
    """A directory to be edited."""
    made = disk / "config"
    made.mkdir()
    return made


@pytest.fixture
def elsewhere() -> Generator[str]:
    """The path of another socket."""
    with short_directory() as directory:
        yield str(directory / "s")


def refused(state: Path, path: str, config: Path) -> str:
    """Start a daemon that cannot begin; what it says. It is a matter of settings: exit code 2."""
    command = [sys.executable, "-m", "confkeep", "serve", "--socket", path, "--state", str(state)]
    done = subprocess.run([*command, "--root", f"ha={config}"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    return done.stderr


def test_second_on_the_state_is_told_who_holds_it(serve: Serve, config: Path, elsewhere: str) -> None:
    """Two daemons on one journal would recover each other's living saves."""
    first = serve("--root", f"ha={config}")
    said = refused(first.state, elsewhere, config)
    assert str(first.state) in said
    assert f"process {first.running.pid}" in said
    assert not os.path.exists(elsewhere)
    assert first.ask("GET", "/readyz").status == 200


def test_second_on_the_socket_is_told_who_holds_it(serve: Serve, config: Path, disk: Path) -> None:
    """The first goes on answering at its place."""
    first = serve("--root", f"ha={config}")
    said = refused(disk / "another", first.socket, config)
    assert first.socket in said
    assert f"process {first.running.pid}" in said
    assert first.ask("GET", "/readyz").status == 200


def test_starts_again_after_kill(serve: Serve, config: Path) -> None:
    """The socket and the locks that a killed daemon left are no obstacle."""
    daemon = serve("--root", f"ha={config}")
    assert daemon.stop(signal.SIGKILL) == -signal.SIGKILL
    assert os.path.exists(daemon.socket)
    daemon.start()
    assert daemon.ask("GET", "/readyz").status == 200


def test_starts_again_after_a_stop(serve: Serve, config: Path) -> None:
    """A stop leaves no socket; the next life knows the history of the last one."""
    daemon = serve("--root", f"ha={config}")
    assert daemon.put("ha/a.yaml", b"a: 1\n", if_none_match="*").status == 201
    assert daemon.stop() == 0
    assert not os.path.exists(daemon.socket)
    daemon.start()
    assert len(daemon.ask("GET", "/v1/history/ha/a.yaml").json["revisions"]) == 1


@pytest.mark.root
def test_socket_belongs_to_the_group_of_the_settings(serve: Serve, config: Path) -> None:
    """``access.group`` may connect; the lock file beside the socket stays ours."""
    need(os.geteuid() == 0, "giving the socket away needs the superuser")
    settings = f"roots.ha.path = '{config}'\naccess.group = {STRANGER}\n"
    daemon = serve(settings=settings)
    assert os.stat(daemon.socket).st_gid == STRANGER
    assert os.stat(daemon.socket + ".lock").st_gid == os.getegid()


def test_state_that_is_no_directory(disk: Path, config: Path, elsewhere: str) -> None:
    """It is named, and the socket never opens."""
    (disk / "file").touch()
    assert str(disk / "file") in refused(disk / "file", elsewhere, config)
    assert not os.path.exists(elsewhere)


def test_damaged_store(serve: Serve, state: Path, config: Path) -> None:
    """It is set aside whole, log and /readyz say where it is, and saving goes on; the next start is as any other."""
    state.mkdir()
    (state / "history.db").write_bytes(b"this is no database" * 100)
    daemon = serve("--root", f"ha={config}")
    (aside,) = state.glob("history.db.corrupt-*")
    assert aside.read_bytes() == b"this is no database" * 100
    assert "STA004" in daemon.log
    assert str(aside) in daemon.log
    answer = daemon.ask("GET", "/readyz")
    (finding,) = answer.json["findings"]
    assert (answer.status, finding["rule"], str(aside) in finding["message"]) == (200, "STA004", True)
    assert daemon.ask("GET", "/v1").json["findings"] == [finding]
    assert daemon.put("ha/a.yaml", b"a: 1\n", if_none_match="*").status == 201
    assert daemon.stop() == 0
    daemon.start()
    assert daemon.ask("GET", "/readyz").json["findings"] == []
    assert len(daemon.ask("GET", "/v1/history/ha/a.yaml").json["revisions"]) == 1


def test_state_is_closed_to_others(serve: Serve, config: Path) -> None:
    """The history holds every secret that was ever in a file: 0700 and 0600."""
    daemon = serve("--root", f"ha={config}")
    assert daemon.put("ha/a.yaml", b"a: 1\n", if_none_match="*").status == 201
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in daemon.state.iterdir()}
    assert set(modes.values()) == {"0o600"}, modes
    assert daemon.state.stat().st_mode & 0o777 == 0o700


def test_nothing_listens_on_the_network(house: Daemon) -> None:
    """The Unix socket is the only one that listens."""
    inodes = {
        target.removeprefix("socket:[").removesuffix("]")
        for target in (os.readlink(path) for path in Path(f"/proc/{house.running.pid}/fd").iterdir())
        if target.startswith("socket:[")
    }
    assert inodes
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        path = Path(f"/proc/{house.running.pid}/net/{table}")
        lines = path.read_text("ascii").splitlines()[1:] if path.exists() else []
        assert not inodes & {line.split()[9] for line in lines}, table
