"""What the doctor still sees, and what it says it cannot see, where a source of evidence is missing."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.engine.cli import docker, run
from tests.engine.doctor.host import report
from tests.engine.doctor.live import Live, Seen
from tests.support.users import STRANGER

pytestmark = pytest.mark.root

FILE = "/config/a.yaml"
NOWHERE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
#: Rules that only an engine can tell of, or that compare what it says with what the kernel says.
OF_THE_ENGINE = {"MNT005", "MNT007", "MNT008", "MNT013", "MNT014", "MNT026", "MNT027"}
#: Rules that look at both ends of a mount.
OF_ROOT = {"MNT003", "MNT006", "MNT008", "MNT014", "MNT016", "MNT019", "MNT021", "MNT022"}
PRIVATE_PIDS = ("unshare", "--pid", "--fork", "--mount-proc", "--")


def look(
    live: Live,
    *arguments: str | Path,
    variables: Mapping[str, str] | None = None,
    uid: int = 0,
    within: Sequence[str] = (),
) -> Seen:
    """What the doctor says in that environment."""
    done = live.host.confkeep("doctor", "--format=json", *arguments, variables=variables, uid=uid, within=within)
    return live.read(report(done))


@pytest.fixture
def stale(live: Live) -> Live:
    """A container whose mounted file the host has replaced; another one with a volume without a name."""
    source = live.file("conf/a.yaml")
    live.run("app", f"--volume={source}:{FILE}")
    live.file("conf/new").rename(source)
    live.run("anonymous", "--volume=/config")
    return live


STALE = {("app", "MNT001", FILE), ("app", "MNT002", FILE)}
ANONYMOUS = ("anonymous", "MNT013", "/config")


def test_everything(stale: Live) -> None:
    """With all sources both are found, and no rule but those about confkeep itself was left out."""
    seen = look(stale)
    assert seen.keys == STALE | {ANONYMOUS}
    assert {skipped["rule"] for skipped in seen.skipped} == {"MNT011", "STA001", "STA003", "STA004"}


def test_absent_engine(stale: Live) -> None:
    """Without an engine the kernel still tells of what is stale; what only an engine knows is skipped, and why."""
    seen = look(stale, variables=NOWHERE)
    assert seen.keys == STALE
    assert seen.sources["api"] == "unix:///nowhere/docker.sock: nothing is there"
    assert seen.sources["proc"] == "ok"
    assert {skipped["rule"] for skipped in seen.skipped} >= OF_THE_ENGINE
    for rule in OF_THE_ENGINE:
        assert all("nothing is there" in reason for reason in seen.why(rule)), seen.why(rule)


def test_no_permission(stale: Live) -> None:
    """A user without rights learns from the kernel what is stale, and which doors are closed."""
    seen = look(stale, uid=STRANGER)
    assert seen.keys == STALE
    assert seen.sources["api"].endswith("no permission: run as root, or as a member of the socket's group")
    assert "Permission denied" in seen.sources["root"]
    assert {skipped["rule"] for skipped in seen.skipped} >= OF_THE_ENGINE | OF_ROOT
    assert all(skipped["reason"] for skipped in seen.skipped)


def test_member_of_the_group_of_the_socket(stale: Live) -> None:
    """Who may ask the engine, and nothing else, learns what both the engine and the kernel tell."""
    group = os.stat(stale.host.socket).st_gid
    become = ("setpriv", f"--reuid={STRANGER}", f"--regid={group}", "--clear-groups", "--")
    seen = look(stale, within=become)
    assert seen.keys == STALE | {ANONYMOUS}
    assert (seen.sources["api"], seen.sources["proc"]) == ("ok", "ok")
    assert "Permission denied" in seen.sources["root"]


def test_processes_out_of_sight(stale: Live) -> None:
    """In a process namespace of its own it has the engine's word only: nothing is called stale, and nothing fine."""
    seen = look(stale, within=PRIVATE_PIDS)
    assert seen.keys == {("app", "MNT001", FILE), ANONYMOUS}
    assert seen.why("MNT002")
    assert seen.why("MNT005")


def test_neither_processes_nor_engine(stale: Live) -> None:
    """Its own mounts are all that is left: whatever concerns others is skipped, and never taken for fine."""
    seen = look(stale, variables=NOWHERE, within=PRIVATE_PIDS)
    assert seen.keys == set()
    assert seen.sources["self"] == "ok"
    assert seen.sources["proc"] != "ok"
    assert {skipped["rule"] for skipped in seen.skipped} >= {"MNT017", "MNT018", "MNT020", *OF_THE_ENGINE}


def test_nothing_at_all(stale: Live) -> None:
    """Neither /proc nor an engine: exit code 3 (which `report` compares with the sources), and each source says why."""
    without_proc = ("unshare", "--mount", "--", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh")
    seen = look(stale, variables=NOWHERE, within=without_proc)
    assert seen.keys == set()
    assert "ok" not in seen.sources.values()
    assert all(seen.sources.values())


def test_docker_context(stale: Live, tmp_path: Path) -> None:
    """The engine of the current docker context is asked; DOCKER_HOST goes first; a context to nowhere says so."""
    variables = {"DOCKER_HOST": "", "DOCKER_CONFIG": str(tmp_path)}
    for name, address in (("here", f"unix://{stale.host.socket}"), ("gone", "unix:///nowhere/docker.sock")):
        made = run(
            *("env", "--unset=DOCKER_HOST", f"DOCKER_CONFIG={tmp_path}"),
            *("docker", "context", "create", name, f"--docker=host={address}"),
        )
        assert made.returncode == 0, made.stderr
    (tmp_path / "config.json").write_text('{"currentContext": "here"}')
    assert look(stale, variables=variables).keys == STALE | {ANONYMOUS}
    gone = look(stale, variables={**variables, "DOCKER_CONTEXT": "gone"})
    assert gone.keys == STALE
    assert gone.sources["api"] == "unix:///nowhere/docker.sock: nothing is there"
    named = {**variables, "DOCKER_CONTEXT": "gone", "DOCKER_HOST": f"unix://{stale.host.socket}"}
    assert look(stale, variables=named).keys == STALE | {ANONYMOUS}


def test_a_container_that_ends_while_it_looks(live: Live) -> None:
    """Containers come and go under the doctor's eyes: it never fails for that."""
    for _ in range(3):
        live.run("app", f"--volume={live.file('conf/a.yaml')}:{FILE}")
        docker("kill", live.name("app"))
        assert look(live).keys <= {("app", "MNT001", FILE)}


@pytest.mark.parametrize("variables", [{}, NOWHERE], ids=["engine", "no engine"])
def test_namespaces_in_a_container(live: Live, variables: dict[str, str]) -> None:
    """A process in the container with mounts of its own (a browser's sandbox, systemd) is no second container."""
    app = live.run("app", "--cap-add=SYS_ADMIN", f"--volume={live.file('conf/a.yaml')}:{FILE}")
    unshared = "import ctypes, os; assert ctypes.CDLL(None).unshare(0x20000) == 0; os.mkdir('/ready'); os.read(0, 1)"
    docker("exec", "--detach", "--tty", app.id, "python3", "-c", unshared)
    app.exec("sh", "-c", "until test -d /ready; do sleep 0.01; done")
    assert look(live, variables=variables).keys == {("app", "MNT001", FILE)}
