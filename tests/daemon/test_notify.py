import logging
import os
import socket
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from confkeep.daemon import notify
from tests.daemon.running import short_directory


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[socket.socket]:
    """A service manager's socket, which NOTIFY_SOCKET names."""
    with short_directory() as directory, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        name = f"{directory}/notify" if request.param == "path" else f"@{directory}/notify"
        made.bind(name.replace("@", "\0"))
        made.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield made


def heard(manager: socket.socket) -> list[str]:
    """The assignments of one datagram."""
    return manager.recv(4096).decode("utf-8").split("\n")


def test_ready(manager: socket.socket) -> None:
    """One datagram says that we are ready and what we serve."""
    notify.ready("listening on /s")
    assert heard(manager) == ["READY=1", "STATUS=listening on /s"]


def test_stopping(manager: socket.socket) -> None:
    """The end is announced."""
    notify.stopping()
    assert heard(manager) == ["STOPPING=1", "STATUS=stopping"]


@pytest.mark.parametrize("text", ["a\nREADY=1", "a\r\nREADY=1", "a\u2028READY=1"])
def test_status_is_one_line(manager: socket.socket, text: str) -> None:
    """A line break in a text (a path may hold one) does not become an assignment of its own."""
    notify.status(text)
    assert heard(manager) == ["STATUS=a READY=1"]


def test_status_with_a_name_that_is_no_text(manager: socket.socket) -> None:
    """A path that is no UTF-8 is told with escapes: systemd drops a datagram with anything else."""
    notify.status(os.fsdecode(b"/\xff"))
    assert heard(manager) == ["STATUS=/\\udcff"]


def test_reload(manager: socket.socket) -> None:
    """The beginning carries a time of the monotonic clock in microseconds, between those before and after it."""
    before = time.monotonic_ns() // 1000
    with notify.reloading():
        began, stamp = heard(manager)
        assert began == "RELOADING=1"
        name, _, value = stamp.partition("=")
        assert name == "MONOTONIC_USEC"
        assert before <= int(value) <= time.monotonic_ns() // 1000
    assert heard(manager) == ["READY=1"]


def test_reload_that_fails(manager: socket.socket) -> None:
    """The daemon serves on with its old settings: it is ready again, and the error goes on."""
    with pytest.raises(LookupError), notify.reloading():
        raise LookupError
    assert heard(manager)[0] == "RELOADING=1"
    assert heard(manager) == ["READY=1"]


@pytest.mark.parametrize("value", [None, ""])
def test_nobody_asks(value: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Without NOTIFY_SOCKET nothing is said, nor logged."""
    if value is None:
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    else:
        monkeypatch.setenv("NOTIFY_SOCKET", value)
    with caplog.at_level(logging.DEBUG):
        notify.ready("listening")
    assert not caplog.records


@pytest.mark.parametrize("address", ["{}/none", "{}", "vsock:2:9999", "@none-{}", "{}/" + "s" * 120])
def test_manager_that_cannot_be_told(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One line in the log names the address and what could not be said; nothing is raised."""
    monkeypatch.setenv("NOTIFY_SOCKET", address.format(tmp_path))
    notify.ready("listening")
    (line,) = caplog.messages
    assert address.format(tmp_path) in line
    assert "READY=1" in line


def test_manager_that_does_not_read(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its full queue does not hold us up for ever."""
    monkeypatch.setattr(notify, "_PATIENCE", 0.01)
    for _ in range(10_000):
        notify.status("again")
        if caplog.messages:
            break
    assert len(caplog.messages) == 1
