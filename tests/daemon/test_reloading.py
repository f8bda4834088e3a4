"""confkeep.daemon.reloading: SIGHUP reads the settings again."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from tests.daemon.in_process import Failing, service
from tests.daemon.running import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon

ROOT = "[roots.{name}]\npath = '{path}'\n"


def reload(daemon: Daemon, settings: Path, text: str, said: str) -> None:
    """Write the settings, send the signal, and wait for what the log says then."""
    before = daemon.log.count(said)
    settings.write_text(text, "utf-8")
    daemon.running.send_signal(signal.SIGHUP)
    give_up = time.monotonic() + PATIENCE
    while daemon.log.count(said) == before:
        assert time.monotonic() < give_up, daemon.log
        time.sleep(0.01)


def roots(daemon: Daemon) -> list[str]:
    """The names of its roots."""
    found: list[str] = daemon.ask("GET", "/v1").json["roots"]
    return found


def test_new_settings_count_at_once(serve: Serve, disk: Path) -> None:
    """Roots come and go, limits and the log change; the process stays the same, and so does its socket."""
    for name in ("one", "two"):
        (disk / name).mkdir()
        (disk / name / "a.yaml").write_bytes(b"a: 1\n")
    daemon = serve(settings=ROOT.format(name="one", path=disk / "one"))
    path = daemon.state.with_name(daemon.state.name + ".toml")
    assert roots(daemon) == ["one"]
    text = "max_body = 4\n[log]\nformat = 'json'\n" + ROOT.format(name="two", path=disk / "two")
    reload(daemon, path, text, "settings read again")
    assert roots(daemon) == ["two"]
    assert daemon.get("one/a.yaml").status == 404
    assert daemon.put("two/a.yaml", b"a: 2\n").status == 413
    assert daemon.put("two/b.yaml", b"b: 2", if_none_match="*").status == 201
    assert daemon.log.rstrip().splitlines()[-1].startswith("{")
    assert daemon.stop() == 0


def test_settings_that_cannot_be_used_change_nothing(serve: Serve, disk: Path) -> None:
    """The log names the file, the line and the key; saves go on as before."""
    (disk / "one").mkdir()
    daemon = serve(settings=ROOT.format(name="one", path=disk / "one"))
    path = daemon.state.with_name(daemon.state.name + ".toml")
    good = path.read_text("utf-8")
    reload(daemon, path, good + "colour = 'red'\n", "the settings stay as they are")
    assert f"{path}:{len(good.splitlines()) + 1}: roots.one.colour" in daemon.log
    assert daemon.put("one/a.yaml", b"a: 1\n", if_none_match="*").status == 201


def test_what_needs_a_restart_says_so(serve: Serve, disk: Path) -> None:
    """Socket and state stay as they were opened."""
    (disk / "one").mkdir()
    daemon = serve(settings=ROOT.format(name="one", path=disk / "one"))
    path = daemon.state.with_name(daemon.state.name + ".toml")
    text = "[access]\ngroup = 4242\n" + ROOT.format(name="one", path=disk / "one")
    reload(daemon, path, text, "settings read again")
    assert "access.group is another than in use: that counts after a restart" in daemon.log
    assert daemon.put("one/a.yaml", b"a: 1\n", if_none_match="*").status == 201


def test_the_state_in_use_stays_closed(serve: Serve, disk: Path) -> None:
    """Settings that name another state do not open the one that is in use."""
    (disk / "one").mkdir()
    daemon = serve(settings=ROOT.format(name="one", path=disk / "one"))
    path = daemon.state.with_name(daemon.state.name + ".toml")
    text = f"state = '{disk}/elsewhere'\n" + ROOT.format(name="one", path=daemon.state)
    reload(daemon, path, text, "the settings stay as they are")
    assert daemon.get("one/history.db").status == 404


def test_what_nobody_expected_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It happens on a thread whose result nobody takes: the log has the traceback."""

    def bug() -> None:
        raise RuntimeError("of our own making")

    daemon = service(Failing(AssertionError("the keeper was asked")))
    daemon.beside(bug)
    daemon.close()
    assert "of our own making" in caplog.text
