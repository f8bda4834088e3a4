import os
import resource
from contextlib import ExitStack
from functools import partial
from http.client import HTTPException
from pathlib import Path

import pytest

from confkeep.daemon.limits import Admission
from tests.daemon import client
from tests.daemon.fixtures import Serve
from tests.daemon.running import Daemon
from tests.support.needs import need
from tests.support.users import STRANGER, run_as

_SOFT = 80  # half of them, 40, are for connections
_STRANGERS = 30


@pytest.fixture
def short(serve: Serve, disk: Path) -> Daemon:
    """A daemon with few descriptors, and the root ``ha``."""
    (disk / "config").mkdir()
    (disk / "config" / "a").write_bytes(b"1")
    daemon = serve("--root", f"ha={disk}/config")
    limit(daemon, _SOFT)
    return daemon


def limit(daemon: Daemon, soft: int) -> None:
    """As of now."""
    _, hard = resource.prlimit(daemon.running.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.running.pid, resource.RLIMIT_NOFILE, (soft, hard))


def served(stack: ExitStack, path: str, most: int) -> list[client.Connection]:
    """Those of ``most`` connections, opened one after another, that are answered; they stay open."""
    found: list[client.Connection] = []
    for _ in range(most):
        connection = stack.enter_context(client.connection(path))
        try:
            assert connection.ask("GET", "/healthz").status == 200
        except (HTTPException, OSError):
            continue
        found.append(connection)
    return found


def count_served(path: str, most: int) -> int:
    """How many of them are answered."""
    with ExitStack() as stack:
        return len(served(stack, path, most))


def one_gets_in(path: str) -> bool:
    """Whether one more is answered, once the daemon has seen that another has left."""
    return any(count_served(path, 1) for _ in range(100))


def test_the_soft_limit_is_raised(serve: Serve, disk: Path) -> None:
    """To the hard one, but not without end; whatever the caller's was."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
    (disk / "config").mkdir()
    try:
        daemon = serve("--root", f"ha={disk}/config")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert resource.prlimit(daemon.running.pid, resource.RLIMIT_NOFILE) == (min(hard, 65536), hard)


def test_connections_leave_descriptors_for_files(short: Daemon) -> None:
    """Half of the descriptors at most; who is in can save, whoever else knocks, and a place that is free is taken."""
    with ExitStack() as stack:
        inside = served(stack, short.socket, 60)
        assert len(inside) == _SOFT // 2
        assert inside[0].ask("PUT", "/v1/files/ha/a", b"2", {"If-Match": "*"}).status == 200
        assert not served(stack, short.socket, 3)
        inside[1].close()
        assert one_gets_in(short.socket)
    assert short.log.count("there are 40 connections, no more are taken") == 1, short.log


def test_there_is_always_room_for_some() -> None:
    """Sixteen connections, however few descriptors there are."""
    admission = Admission()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (20, hard))
    try:
        admitted = [admission.enter(0) for _ in range(20)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert admitted == [True] * 16 + [False] * 4


@pytest.mark.root
def test_one_user_cannot_take_all(short: Daemon) -> None:
    """Three quarters are one user's; the superuser (our health check) still gets in."""
    need(os.geteuid() == 0, "other users need the superuser")
    Path(short.socket).parent.chmod(0o755)
    Path(short.socket).chmod(0o666)
    with ExitStack() as stack:
        held = served(stack, short.socket, 5)
        assert run_as(STRANGER, partial(count_served, short.socket, 35)) == _STRANGERS
        assert len(held) == 5
    assert f"user {STRANGER} has {_STRANGERS} connections" in short.log
