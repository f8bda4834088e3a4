"""A filesystem that does not answer, that breaks, or that goes and comes again: FUSE stands for all of them."""

from __future__ import annotations

import logging
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.daemon.running import toml
from tests.support.mounting import run
from tests.support.passthrough import passthrough
from tests.watching.agreement import ROOT, await_agreement, await_known
from tests.watching.told import Told, told

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon
    from tests.support.mounting import Mounts

_log = logging.getLogger(__name__)


class Remote(NamedTuple):
    """``behind`` is shown at the root ``point``, ``local`` is another root."""

    daemon: Daemon
    server: subprocess.Popen[bytes]
    behind: Path
    point: Path
    local: Path
    told: Told


@pytest.fixture
def remote(serve: Serve, mounts: Mounts, disk: Path) -> Generator[Remote]:
    """Both are watched, and ``a.yaml`` in them is known."""
    behind, point, local = (disk / name for name in ("behind", "point", "local"))
    for path in (behind, point, local):
        path.mkdir()
    for path in (behind, local):
        (path / "a.yaml").write_bytes(b"a: 1\n")
    with ExitStack() as stack:
        server = stack.enter_context(passthrough(behind, point))
        daemon = serve(settings=toml(roots={ROOT: {"path": str(point)}, "local": {"path": str(local)}}))
        await_known(daemon, f"{ROOT}/a.yaml", "local/a.yaml")
        stream = stack.enter_context(told(daemon.socket))
        yield Remote(daemon, server, behind, point, local, stream)


def _changes_locally(remote: Remote, content: bytes) -> None:
    """What happens elsewhere is told as ever."""
    seen = len(remote.told.events("local"))
    (remote.local / "a.yaml").write_bytes(content)
    assert remote.told.wait(lambda: len(remote.told.events("local")) > seen)


def test_a_server_that_does_not_answer(remote: Remote) -> None:
    """Only its own root waits: others are told of, the daemon answers, and when it goes on nothing was missed."""
    (remote.behind / "a.yaml").write_bytes(b"a: 2\n")
    remote.server.send_signal(signal.SIGSTOP)
    (remote.behind / "b.yaml").write_bytes(b"b: 1\n")
    time.sleep(1.5)  # until it is asked, and does not answer
    for number in range(3):
        _changes_locally(remote, b"a: %d\n" % (number + 2))
    assert remote.daemon.ask("GET", "/healthz").status == 200
    remote.server.send_signal(signal.SIGCONT)
    await_agreement(remote.daemon, remote.point, [remote.point / "a.yaml", remote.point / "b.yaml"])


def test_stopping_while_a_server_does_not_answer(remote: Remote) -> None:
    """The daemon does not wait for it."""
    remote.server.send_signal(signal.SIGSTOP)
    time.sleep(1.5)  # until it is asked, and does not answer
    begun = time.monotonic()
    assert remote.daemon.stop() == 0, remote.daemon.log
    _log.info("stopped %.1f s after the signal", time.monotonic() - begun)


def test_a_server_that_has_died(remote: Remote) -> None:
    """Its files cannot be read; that is not to say that they are gone: nothing is recorded as removed."""
    remote.server.kill()
    remote.server.wait()
    with pytest.raises(OSError, match="not connected"):
        (remote.point / "a.yaml").read_bytes()
    time.sleep(2)  # several rounds of polling
    _changes_locally(remote, b"a: 2\n")
    assert [event for event in remote.told.events(ROOT) if event.type.startswith("file.")] == []
    recorded = [row for row in remote.daemon.recorded() if row[0] == "revision"]
    assert [row[3] for row in recorded].count(None) == 0


def test_mounted_again(remote: Remote, mounts: Mounts, disk: Path) -> None:
    """The server dies, its mount is taken away, another is mounted: what it shows is told, and what changes then."""
    remote.server.kill()
    remote.server.wait()
    again = disk / "again"
    again.mkdir()
    (again / "a.yaml").write_bytes(b"a: again\n")
    run("umount", "--lazy", remote.point)
    mounts.bind(again, remote.point)
    assert remote.told.wait(lambda: remote.told.events(ROOT, "a.yaml"))
    (again / "a.yaml").write_bytes(b"a: 3\n")
    await_agreement(remote.daemon, again, [again / "a.yaml"])
