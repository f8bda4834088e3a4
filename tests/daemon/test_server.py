import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon import client
from tests.daemon.fixtures import Serve
from tests.daemon.looking import Folder
from tests.daemon.running import PATIENCE, Daemon


@pytest.fixture
def daemon(serve: Serve, disk: Path) -> Daemon:
    """A daemon of the test's own, over a file that is written in place."""
    (disk / "config").mkdir()
    (disk / "config" / "a.yaml").write_bytes(b"a: 1\n")
    (disk / "config" / "b.yaml").hardlink_to(disk / "config" / "a.yaml")
    return serve("--root", f"ha={disk}/config")


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that must come."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.002)


def opened(daemon: Daemon) -> list[str]:
    """What the daemon's descriptors lead to."""
    found: list[str] = []
    for path in Path(f"/proc/{daemon.running.pid}/fd").iterdir():
        try:
            found.append(os.readlink(path))
        except FileNotFoundError:
            continue
    return found


def callers(daemon: Daemon) -> int:
    """How many connections it has: all its sockets but the one that listens and the pair of its event loop."""
    return sum(name.startswith("socket:") for name in opened(daemon)) - 3


def switches(daemon: Daemon) -> int:
    """How often its threads went to sleep of their own accord, which is how often they woke up."""
    count = 0
    for status in Path(f"/proc/{daemon.running.pid}/task").glob("*/status"):
        for line in status.read_text("ascii", "replace").splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                count += int(line.split()[1])
    return count


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_well_when_told_to(number: int, daemon: Daemon) -> None:
    """The exit status is 0, the last line says so, and the socket is gone."""
    assert daemon.stop(number) == 0
    assert daemon.log.endswith("INFO confkeep: stopped\n")
    assert not os.path.exists(daemon.socket)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_well_when_told_to_at_once(number: int, daemon: Daemon) -> None:
    """From the moment that the socket is there, a signal is never lost and never deadly."""
    for _ in range(5):
        assert daemon.stop() == 0
        daemon.launch()
        wait_until(lambda: os.path.exists(daemon.socket), "no socket appears")
        assert daemon.stop(number) == 0, daemon.log
        assert not os.path.exists(daemon.socket)


def test_open_connections_do_not_hold_it(daemon: Daemon) -> None:
    """Clients that keep a connection, used or never used, are hung up on; no grace is spent on them."""
    with client.connection(daemon.socket) as used, client.connected(daemon.socket) as silent:
        assert used.ask("GET", "/healthz").status == 200
        assert daemon.stop() == 0
        assert silent.recv(1) == b""
    assert "graceful" not in daemon.log, daemon.log


def test_save_under_way_is_answered(daemon: Daemon, disk: Path) -> None:
    """SIGTERM in the middle of a save: its caller still gets the answer, and it is true."""
    target = disk / "config" / "a.yaml"
    answers: list[client.Answer] = []
    saving = threading.Thread(target=lambda: answers.append(daemon.put("ha/a.yaml", b"a: 2\n")))
    with target.open("rb"):  # as long as somebody reads, the save waits for its lease
        saving.start()
        wait_until(lambda: str(target) in opened(daemon), "the save does not begin")
        daemon.running.send_signal(signal.SIGTERM)
        saving.join(PATIENCE)
    assert [answer.status for answer in answers] == [200]
    assert daemon.stop() == 0
    assert target.read_bytes() == b"a: 2\n"
    assert daemon.open_intents() == 0


def test_stalled_upload_does_not_hold_it_for_ever(daemon: Daemon, disk: Path) -> None:
    """A client that stops in the middle of its body is waited for a while, then left; nothing of it is saved."""
    with client.connected(daemon.socket) as stalled:
        stalled.sendall(b"PUT /v1/files/ha/a.yaml HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\nContent-Length: 9\r\n\r\na: ")
        wait_until(lambda: callers(daemon) == 1, "it does not accept")
        assert daemon.stop() == 0
    assert (disk / "config" / "a.yaml").read_bytes() == b"a: 1\n"


def test_client_that_leaves_in_its_body(house: Daemon, folder: Folder) -> None:
    """Half a body is never saved, whether its length was announced or not; the daemon lives."""
    folder.file("a.yaml", b"a: 1\n")
    head = f"PUT {folder.url('a.yaml')} HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\n".encode()
    bodies = (b"Content-Length: 100\r\n\r\na: 2\n", b"Transfer-Encoding: chunked\r\n\r\n5\r\na: 2\n\r\n")
    for body in bodies:
        wait_until(lambda: callers(house) == 0, "it keeps sockets")
        with client.connected(house.socket) as leaving:
            leaving.sendall(head + body)
            wait_until(lambda: callers(house) == 1, "it does not accept")
        wait_until(lambda: callers(house) == 0, "it keeps the socket")
    assert house.get(folder.at("a.yaml")).body == b"a: 1\n"
    assert house.ask("GET", folder.url("a.yaml", "history")).json["revisions"] == []
    assert folder.names() == {"a.yaml"}


def test_sleeps_when_idle(daemon: Daemon) -> None:
    """Nothing wakes it: not uvicorn's clock, not the journal's flusher, not a pool of threads, not the survey.

    What others mount on this machine meanwhile may, so that there are several tries.
    """
    with client.connection(daemon.socket) as kept:
        for number in range(3):
            assert kept.ask("PUT", "/v1/files/ha/a.yaml", b"a: %d\n" % number, {"If-Match": "*"}).status == 200
        time.sleep(1.5)  # the journal's last flush, and uvicorn's farewell to nobody
        woken: list[int] = []
        while not woken or (woken[-1] > 3 and len(woken) < 5):
            before = switches(daemon)
            time.sleep(3)
            woken.append(switches(daemon) - before)
        assert woken[-1] <= 3, woken
        assert kept.ask("GET", "/healthz").status == 200


def test_leaks_no_descriptors(house: Daemon, folder: Folder) -> None:
    """Saves, conflicts, refusals and reads leave nothing open."""
    (folder.path / "directory").mkdir()
    folder.linked("in-place.yaml")

    def round_of_requests() -> None:
        for name, headers in (("a", {"If-Match": "*"}), ("in-place.yaml", {"If-Match": "*"}), ("b", {})):
            house.ask("PUT", folder.url(name), os.urandom(8).hex().encode(), headers)
        house.ask("PUT", folder.url("in-place.yaml"), b"", {"If-Match": '"0"'})
        house.ask("PUT", folder.url("directory"), b"", {"If-Match": "*"})
        house.ask("PUT", folder.url("in-place.yaml"), b"[", {"If-Match": "*"})
        for noun in ("files", "stat", "history"):
            house.ask("GET", folder.url("in-place.yaml", noun))
        house.ask("GET", "/v1/files/ha/")

    folder.file("a")
    for _ in range(20):  # its worker threads are started one by one
        round_of_requests()
    wait_until(lambda: callers(house) == 0, "it keeps sockets")
    before = len(opened(house))
    for _ in range(10):
        round_of_requests()
    wait_until(lambda: len(opened(house)) <= before, f"descriptors: {before} before, now {len(opened(house))}")


@pytest.mark.slow
def test_a_save_that_takes_longer_than_the_grace_is_answered(serve: Serve, disk: Path) -> None:
    """It goes on whatever we do: its caller must not be told that it failed. Others are not waited for so long."""
    (disk / "config").mkdir()
    path = disk / "config" / "a.yaml"
    path.write_bytes(b"a: 1\n")
    (disk / "config" / "b.yaml").hardlink_to(path)
    daemon = serve(settings=f"[roots.ha]\npath = '{disk}/config'\nlease_wait = 8\n")
    answers: list[client.Answer] = []
    with path.open("rb"):  # so that there is no lease to be had
        saver = threading.Thread(target=lambda: answers.append(daemon.put("ha/a.yaml", b"a: 2\n")))
        saver.start()
        wait_until(lambda: callers(daemon) == 1, "the save never arrives")
        time.sleep(0.2)  # it has arrived, and is waiting
        assert daemon.stop() == 0
        saver.join()
    (answer,) = answers
    assert (answer.status, answer.json["changed"], path.read_bytes()) == (200, True, b"a: 2\n")
