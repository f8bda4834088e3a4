import os
import socket
from functools import partial
from pathlib import Path

import pytest

from tests.daemon import client
from tests.daemon.fixtures import Serve
from tests.daemon.looking import Folder
from tests.support.needs import need
from tests.support.users import OTHER, STRANGER, run_as


def put(path: str, url: str) -> int:
    """Save on a connection of one's own; the status, or 0 where the socket is closed to us."""
    try:
        return client.ask(path, "PUT", url, b"a: 2\n", {"If-Match": "*"}).status
    except PermissionError:
        return 0


@pytest.fixture
def opened(serve: Serve, disk: Path) -> Folder:
    """A directory of a daemon whose socket belongs to the group of STRANGER, as the settings say."""
    need(os.geteuid() == 0, "giving a socket away needs the superuser")
    (disk / "config").mkdir()
    daemon = serve(settings=f"[access]\ngroup = {STRANGER}\n[roots.ha]\npath = '{disk}/config'\nwatch = false\n")
    Path(daemon.socket).parent.chmod(0o755)
    return Folder(daemon, disk / "config", "ha")


def uids(folder: Folder) -> list[int | None]:
    """Who made the revisions of a.yaml, newest first."""
    revisions = folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"]
    return [revision["uid"] for revision in revisions]


def test_own_uid_is_recorded(folder: Folder) -> None:
    """A revision says who saved; what was there before was nobody's through us."""
    folder.file("a.yaml")
    assert put(folder.daemon.socket, folder.url("a.yaml")) == 200
    assert uids(folder) == [os.geteuid(), None]


@pytest.mark.root
def test_uid_comes_from_the_kernel(opened: Folder) -> None:
    """Another user's uid is recorded, not ours, and not what it may claim; so it is with a supplementary group."""
    opened.file("a.yaml")
    opened.file("b.yaml")
    url = opened.url("a.yaml")
    assert run_as(STRANGER, partial(put, opened.daemon.socket, url)) == 200
    assert uids(opened) == [STRANGER, None]
    (opened.path / "a.yaml").write_bytes(b"a: 3\n")
    assert run_as(OTHER, partial(put, opened.daemon.socket, url), groups=(STRANGER,)) == 200
    assert uids(opened)[0] == OTHER


@pytest.mark.root
def test_socket_is_closed_to_others(opened: Folder) -> None:
    """A user outside the socket's group cannot even connect."""
    opened.file("a.yaml")
    assert run_as(OTHER, partial(put, opened.daemon.socket, opened.url("a.yaml"))) == 0
    assert uids(opened) == []


@pytest.mark.root
def test_each_connection_has_its_own_peer(opened: Folder) -> None:
    """While one user's connection stays open, another's requests are still another's."""
    opened.file("a.yaml")
    url = opened.url("a.yaml")
    with client.connection(opened.daemon.socket) as ours:
        for number in range(2):
            assert ours.ask("PUT", url, b"ours: %d\n" % number, {"If-Match": "*"}).status == 200
            assert run_as(STRANGER, partial(put, opened.daemon.socket, url)) == 200
    assert uids(opened) == [STRANGER, 0, STRANGER, 0, None]


def test_layout_of_the_kernels_answer() -> None:
    """The kernel's struct ucred is pid, uid, gid; a uid beyond 2^31 is no negative number."""
    from confkeep.daemon import peer

    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        raw = ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    layout = vars(peer)["_UCRED"]
    assert layout.unpack(raw) == (os.getpid(), os.geteuid(), os.getegid())
    assert layout.unpack(b"\0" * 4 + b"\xff" * 8) == (0, 2**32 - 1, 2**32 - 1)
