"""confkeep.daemon.access: the role of a peer, by numeric ids."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.daemon.access import NOBODY, Role, role_of
from confkeep.daemon.peer import Peer
from confkeep.daemon.settings import AccessSettings, WhoSettings
from tests.daemon.looking import problem
from tests.support.users import run_as

if TYPE_CHECKING:
    from tests.daemon.client import Answer
    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon

SOCKET_GROUP = 4242
SETTINGS = """
[access]
group = {group}
[access.readers]
uids = [2001]
gids = [2501]
[access.editors]
uids = [2002]
gids = [2502]
[access.admins]
gids = [2503]
[roots.ha]
path = "{path}"
"""


def ask(daemon: Daemon, uid: int, groups: tuple[int, ...], method: str, target: str = "/v1/files/ha/a.yaml") -> Answer:
    """One request of another user's process, who is in these groups as well."""
    body = b"a: 2\n" if method in {"PUT", "POST", "PATCH"} else None
    return run_as(uid, lambda: daemon.ask(method, target, body, {"If-Match": "*"}), groups=groups)


@pytest.fixture
def guarded(serve: Serve, public: Path) -> Daemon:
    """A daemon whose socket everybody of one group may connect to, with roles for some ids."""
    (public / "config").mkdir()
    (public / "config" / "a.yaml").write_bytes(b"a: 1\n")
    daemon = serve(settings=SETTINGS.format(group=SOCKET_GROUP, path=public / "config"), state=public / "state")
    Path(daemon.socket).parent.chmod(0o711)  # the socket's own mode decides
    return daemon


@pytest.mark.root
def test_who_is_not_in_the_group_cannot_connect(guarded: Daemon) -> None:
    """The socket's mode says so, before anybody asks."""
    with pytest.raises(PermissionError):
        ask(guarded, 2000, (), "GET")


@pytest.mark.root
@pytest.mark.parametrize(
    ("uid", "groups", "read", "save"),
    [
        (2000, (SOCKET_GROUP,), 200, 200),  # the socket's group edits, as compose's group_add gives it
        (2001, (SOCKET_GROUP,), 200, 403),  # named as a reader: no more than that
        (2002, (SOCKET_GROUP,), 200, 200),
        (2000, (2501, SOCKET_GROUP), 200, 403),
        (2001, (2502, SOCKET_GROUP), 200, 200),  # the highest role of all ids counts
        (2001, (SOCKET_GROUP, 2503), 200, 200),
        (NOBODY, (SOCKET_GROUP,), 403, 403),  # anybody of another user namespace
        (0, (), 200, 200),
    ],
)
def test_what_a_peer_may(guarded: Daemon, uid: int, groups: tuple[int, ...], read: int, save: int) -> None:
    """By uid and by every group of the process, as the kernel saw them when it connected."""
    assert ask(guarded, uid, groups, "GET").status == read
    answer = ask(guarded, uid, groups, "PUT")
    assert answer.status == save
    if save == 403:
        members = problem(answer, 403, "forbidden")
        assert members["needed"] == "editor"
        assert str(uid) in members["detail"]
        assert "[access.editors]" in members["remedy"]


@pytest.mark.root
@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("PUT", "/v1/files/ha/a.yaml"),
        ("DELETE", "/v1/files/ha/a.yaml"),
        ("PATCH", "/v1/files/ha/a.yaml"),
        ("POST", "/v1/transactions"),
        ("POST", "/v1/revisions/1/restore"),
    ],
)
def test_a_reader_changes_nothing(guarded: Daemon, public: Path, method: str, target: str) -> None:
    """Whatever is not safe is refused before an endpoint sees it."""
    problem(ask(guarded, 2001, (SOCKET_GROUP,), method, target), 403, "forbidden")
    assert (public / "config" / "a.yaml").read_bytes() == b"a: 1\n"


@pytest.mark.root
@pytest.mark.parametrize("target", ["/v1/validate?name=a.yaml", "/v1/diff/ha/a.yaml", "/v1/merge/ha/a.yaml?base=1"])
def test_a_reader_may_compare(guarded: Daemon, public: Path, target: str) -> None:
    """What is POST only because it has a body changes nothing."""
    guarded.put("ha/a.yaml", b"a: 1\n\n")  # so that there is a revision 1
    assert ask(guarded, 2001, (SOCKET_GROUP,), "POST", target).status == 200
    assert (public / "config" / "a.yaml").read_bytes() == b"a: 1\n\n"


@pytest.mark.root
def test_liveness_is_open_to_whoever_may_connect(guarded: Daemon) -> None:
    """A health check needs no role."""
    assert ask(guarded, NOBODY, (SOCKET_GROUP,), "GET", "/healthz").status == 200
    assert ask(guarded, NOBODY, (SOCKET_GROUP,), "GET", "/readyz").status == 200
    assert ask(guarded, NOBODY, (SOCKET_GROUP,), "GET", "/v1").status == 403


def test_an_unmapped_group_is_nobodys() -> None:
    """65534 is what every id without a name looks like: naming it would let everybody in."""
    access = AccessSettings(editors=WhoSettings(uids=(NOBODY,), gids=(NOBODY,)))
    assert role_of(Peer(1, NOBODY, 7, (7,)), access, 7) is Role.NONE
    assert role_of(Peer(1, 1000, NOBODY, (NOBODY,)), access, NOBODY) is Role.NONE


def test_our_own_user_is_an_admin() -> None:
    """Also where the settings say less of it."""
    access = AccessSettings(readers=WhoSettings(uids=(os.geteuid(), 0)))
    assert role_of(Peer(1, os.geteuid(), 9, ()), access, 8) is Role.ADMIN
    assert role_of(Peer(1, 0, 9, ()), access, 8) is Role.ADMIN


def test_a_stranger_is_nobody() -> None:
    """No role without a reason."""
    assert role_of(Peer(1, 1000, 1000, (1000, 1001)), AccessSettings(), 8) is Role.NONE
