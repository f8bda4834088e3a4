"""confkeep stopped, killed, or never there: Home Assistant's own save (the shim's, say), or a message; nothing torn."""

from __future__ import annotations

import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.daemon.fixtures import serve
from tests.dropin.writing import SERVICE
from tests.homeassistant.documents import AUTOMATIONS, GARDEN
from tests.homeassistant.service import Stack, bind_files, launch, message

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.homeassistant.fixtures import Start
    from tests.support.mounting import Mounts

__all__ = ["serve"]


@pytest.fixture
def shim(disk: Path) -> dict[str, str]:
    """The environment in which the shim is active."""
    directory = disk / "shim"
    for name in ("atomicwrites", "confkeep"):
        shutil.copytree(SERVICE / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    return {"PYTHONPATH": str(directory), "CONFKEEP_STATE": str(disk / "shim-state")}


def test_ordinary_files(start: Start, serve: Serve, config: Path) -> None:
    """Home Assistant saves as ever; the log and a repair say so, until confkeep is there again."""
    stack = launch(start, serve, config)
    assert stack.issues() == {}
    stack.daemon.stop()
    entry = stack.home.owner.get("automation", "garden").body
    assert stack.home.owner.post("automation", "garden", entry | {"alias": "Alone"}).status == 200
    assert "alias: Alone\n" in stack.text()
    assert "automations.yaml is saved without confkeep: nobody answers at" in stack.home.log()
    stack.daemon.start()
    stack.home.owner.post("automation", "garden", entry | {"alias": "Together"})
    assert stack.history()[0]["origin"] == "api"


def test_never_there(start: Start, config: Path) -> None:
    """Home Assistant starts and saves; a repair names the socket."""
    (config / "automations.yaml").write_text(AUTOMATIONS)
    home = start(config, confkeep={"socket": "/nowhere/confkeep.sock"})
    entry = home.owner.get("automation", "garden").body
    assert home.owner.post("automation", "garden", entry | {"alias": "Alone"}).status == 200
    stack = Stack(home, None, config, config)  # type: ignore[arg-type]  # there is none
    home.until(lambda: "not_reached" in stack.issues(), "the repair is there")
    placeholders = stack.issues()["not_reached"]["translation_placeholders"]
    assert placeholders["socket"] == "/nowhere/confkeep.sock"


def test_a_file_bind_without_the_shim(start: Start, serve: Serve, config: Path, mounts: Mounts) -> None:
    """The page shows why, and what is missing, in place of a bare 500; the file stays."""
    stack = launch(start, serve, config, host=bind_files(config, mounts))
    stack.daemon.stop()
    entry = stack.home.owner.get("automation", "garden").body
    answer = stack.home.owner.post("automation", "garden", entry | {"alias": "Alone"})
    assert answer.status == 500
    for words in ("“Alone” was not saved", "nobody answers at", "Device or resource busy"):
        assert words in message(answer.body)
    assert stack.text() == AUTOMATIONS


def test_a_file_bind_with_the_shim(
    start: Start, serve: Serve, config: Path, mounts: Mounts, shim: dict[str, str]
) -> None:
    """The shim saves it; the daemon's comments come back by its history."""
    stack = launch(start, serve, config, host=bind_files(config, mounts), environ=shim)
    inode = (stack.host / "automations.yaml").stat().st_ino
    stack.daemon.stop()
    entry = stack.home.owner.get("automation", "garden").body
    assert stack.home.owner.post("automation", "garden", entry | {"alias": "Alone"}).status == 200
    assert "alias: Alone\n" in (stack.host / "automations.yaml").read_text()
    assert (stack.host / "automations.yaml").stat().st_ino == inode


def test_a_conflict_without_confkeep(start: Start, serve: Serve, config: Path) -> None:
    """What somebody else changed is refused, even if nobody is there to merge it."""
    stack = launch(start, serve, config)
    mine = stack.home.owner.get("automation", "garden").body
    other = stack.home.login()
    theirs = other.get("automation", "garden").body
    stack.daemon.stop()
    assert other.post("automation", "garden", theirs | {"mode": "single"}).status == 200
    before = stack.text()
    answer = stack.home.owner.post("automation", "garden", mine | {"alias": "Mine"})
    assert answer.status == 409
    assert "was changed by somebody else" in message(answer.body)
    assert stack.text() == before


def test_frozen(start: Start, serve: Serve, config: Path) -> None:
    """A daemon that does not answer is as one that is not there: Home Assistant starts, saves and stops."""
    (config / "automations.yaml").write_text(AUTOMATIONS)
    daemon = serve("--root", f"config={config}")
    daemon.running.send_signal(signal.SIGSTOP)
    try:
        home = start(config, confkeep={"socket": daemon.socket})
        entry = home.owner.get("automation", "garden").body
        assert home.owner.post("automation", "garden", entry | {"alias": "Alone"}).status == 200
        home.stop()
    finally:
        daemon.running.send_signal(signal.SIGCONT)
    assert "alias: Alone\n" in (config / "automations.yaml").read_text()


def test_a_root_that_comes_later(start: Start, serve: Serve, config: Path, tmp_path: Path) -> None:
    """Once confkeep is started anew with the configuration, saves go through it; Home Assistant goes on running."""
    (config / "automations.yaml").write_text(AUTOMATIONS)
    (tmp_path / "other").mkdir()
    daemon = serve("--root", f"other={tmp_path / 'other'}")
    home = start(config, confkeep={"socket": daemon.socket})
    entry = home.owner.get("automation", "garden").body
    assert home.owner.post("automation", "garden", entry | {"alias": "Alone"}).status == 200
    daemon.stop()
    daemon.arguments = ["--root", f"config={config}"]
    daemon.start()
    assert home.owner.post("automation", "garden", entry | {"alias": "Together"}).status == 200
    assert Stack(home, daemon, config, config).history()[0]["origin"] == "api"


@pytest.fixture(params=["ordinary files", "file binds"])
def host(request: pytest.FixtureRequest, config: Path, mounts: Mounts) -> Path | None:
    """Where the files are that are mounted on their own, None where there are none."""
    return bind_files(config, mounts) if request.param == "file binds" else None


@pytest.mark.crash
def test_killed_again_and_again(
    start: Start, serve: Serve, config: Path, shim: dict[str, str], host: Path | None
) -> None:
    """While somebody saves: each answer is 200, or tells; what was answered with 200 is there in the end."""
    stack = launch(start, serve, config, host=host, environ=shim)
    ended = threading.Event()

    def kill() -> int:
        times = 0
        while not ended.wait(0.15):
            stack.daemon.stop(signal.SIGKILL)
            stack.daemon.start()
            times += 1
        return times

    answers: list[int] = []
    last = ""
    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(kill)
        try:
            for turn in range(30):
                got = stack.home.owner.get("automation", "garden")
                assert got.status == 200, got
                entry = got.body | {"description": f"turn {turn}"}
                answer = stack.home.owner.post("automation", "garden", entry)
                answers.append(answer.status)
                if answer.status == 200:
                    last = entry["description"]
                else:
                    assert message(answer.body)
                    assert answer.status in {409, 503}, answer
        finally:
            ended.set()
        assert killing.result() > 1
    stack.home.until(lambda: stack.daemon.ask("GET", "/readyz").status == 200, "all is recovered")
    found = next(entry for entry in yaml.safe_load(stack.text()) if entry["id"] == "garden")
    assert answers.count(200) > 15
    assert found["description"] == last or answers[-1] != 200
    assert (stack.host / "automations.yaml").read_text() == stack.text()


def test_it_comes_back_in_time(start: Start, serve: Serve, config: Path) -> None:
    """A daemon that is started anew in the middle of a save completes it: the page sees a success."""
    stack = launch(start, serve, config)
    entry = stack.home.owner.get("automation", "garden").body
    wait = stack.freeze()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(stack.home.owner.post, "automation", "garden", entry | {"alias": "Later"})
        wait()
        stack.daemon.stop(signal.SIGKILL)
        stack.daemon.start()
        assert answer.result().status == 200
    assert GARDEN.replace("'Garden'", "'Later'") in stack.text()
