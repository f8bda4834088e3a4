import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import Command, failure
from tests.daemon.running import short_directory

SERVICE = Path(__file__).parents[2] / "service"

#: Only the standard library and confkeep's own source: what a library user has without the extra.
core = Command({"PYTHONPATH": str(SERVICE), "PYTHONNOUSERSITE": "1"}, options=("-S",))


@pytest.fixture
def config(disk: Path) -> Path:
    """A directory to be edited."""
    made = disk / "config"
    made.mkdir()
    (made / "a.yaml").write_bytes(b"a: 1\n")
    return made


def test_without_the_extra(config: Path, state: Path) -> None:
    """It says what to install, for people and for programs, and makes nothing."""
    arguments = ["serve", "--root", f"ha={config}", "--state", str(state), "--socket", f"{state}.sock"]
    done = core(*arguments)
    assert (done.code, done.out) == (2, b"")
    assert "pip install 'confkeep[service]'" in done.errors
    assert "confkeep[service]" in failure(core(*arguments, "--json"), 2, "bad-settings")["remedy"]
    assert not state.exists()


def test_the_rest_needs_no_extra(config: Path) -> None:
    """Every other command runs on the standard library alone."""
    assert core("inspect", config / "a.yaml").code == 0
    assert core("--version").code == 0
    for command in (["ls"], ["get", "ha/a"], ["stat", "ha/a"], ["history", "ha/a"], ["put", "ha/a", "--force"]):
        assert core(*command, "--host", "unix:///nowhere").code == 3


def test_wrong_settings(tmp_path: Path) -> None:
    """Exit code 2, the file and the key, also as JSON."""
    settings = tmp_path / "confkeep.toml"
    settings.write_text("max_body = 'big'\n", "utf-8")
    done = Command()("serve", "--config", settings)
    assert (done.code, done.out) == (2, b"")
    assert str(settings) in done.errors
    assert "max_body" in done.errors
    assert str(settings) in failure(Command()("serve", "--config", settings, "--json"), 2, "bad-settings")["detail"]


def test_no_roots() -> None:
    """Without a root there is nothing to serve; the remedy shows the flag."""
    done = Command()("serve")
    assert done.code == 2
    assert "--root" in done.errors


def test_socket_path_too_long(config: Path, state: Path) -> None:
    """A Unix socket's path has its limit, and the message says so instead of EINVAL."""
    arguments = ["serve", "--root", f"ha={config}", "--state", str(state), "--socket", f"{state}/{'s' * 120}"]
    assert "107 bytes" in failure(Command()(*arguments, "--json"), 2, "bad-settings")["detail"]


def test_interrupted_while_it_runs(config: Path, state: Path) -> None:
    """Ctrl-C in a terminal ends it as well as SIGTERM does: exit code 0, no traceback, no socket."""
    with short_directory() as directory:
        path = directory / "s"
        command = [sys.executable, "-m", "confkeep", "serve", "--root", f"ha={config}", "--state", str(state)]
        with subprocess.Popen([*command, "--socket", str(path)], stderr=subprocess.PIPE, text=True) as process:
            client = Command({"CONFKEEP_HOST": f"unix://{path}"})
            while client("ls").code == 3:
                assert process.poll() is None
            os.kill(process.pid, 2)
            assert process.stderr is not None
            said = process.stderr.read()
        assert (process.returncode, path.exists()) == (0, False), said
        assert "Traceback" not in said
