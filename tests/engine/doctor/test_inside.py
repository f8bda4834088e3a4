"""The doctor in a container of its own, with more or less of the host to be seen."""

import json

import pytest

from tests.engine.cli import run
from tests.engine.container import ISOLATED
from tests.engine.doctor.live import Live, Seen

pytestmark = pytest.mark.root

FILE = "/config/a.yaml"
OWN_STATE = "/var/lib/confkeep"
#: What it takes to look into other containers; AppArmor, where there is one, would keep it from that too.
RIGHTS = ("--user=0", "--cap-add=SYS_PTRACE", "--security-opt=apparmor=unconfined")


def look(live: Live, image: str, *options: str) -> tuple[Seen, set[tuple[str, str]]]:
    """What the doctor in a container with these options says: of the test's containers, and of its own."""
    done = run("docker", "run", "--rm", *ISOLATED, *options, image, "doctor", "--format=json", "--fail-on=never")
    assert done.returncode == 0, done
    document = json.loads(done.stdout)
    own = {(finding["rule"], finding["path"]) for finding in document["findings"] if not finding["container"]}
    return live.read(document), own


def socket(live: Live) -> str:
    """The option that gives a container the engine's socket."""
    return f"--volume={live.host.socket}:/var/run/docker.sock"


@pytest.fixture
def stale(live: Live) -> Live:
    """A container whose mounted file an editor on the host has replaced, keeping a backup: only inodes tell."""
    source = live.file("conf/a.yaml")
    live.run("app", f"--volume={source}:{FILE}")
    source.rename(f"{source}~")
    live.file("conf/a.yaml")
    return live


def test_only_itself(stale: Live, keeper_image: str) -> None:
    """Without anything of the host it judges its own mounts, and says what it would take to see others."""
    source = stale.file("own/a.yaml")
    options = (f"--volume={source}:{FILE}", f"--tmpfs={OWN_STATE}", "--user=0")
    seen, own = look(stale, keeper_image, *options)
    assert seen.keys == set()
    assert own >= {("MNT001", FILE), ("STA001", OWN_STATE)}
    assert "pid: host" in seen.sources["proc"]
    assert seen.sources["api"].startswith("no engine")
    mended = (f"--volume={source.parent}:/config", f"--volume={stale.volume('state')}:{OWN_STATE}", "--user=0")
    _, own = look(stale, keeper_image, *mended)
    assert own == set()


def test_with_the_socket(stale: Live, keeper_image: str) -> None:
    """The engine alone tells what it was told to mount; whether that is stale is skipped, with the reason."""
    seen, own = look(stale, keeper_image, socket(stale), "--user=0")
    assert seen.keys == {("app", "MNT001", FILE)}
    assert own == {("STA001", OWN_STATE)}  # and nothing about the socket, which is mounted as everybody does it
    assert seen.sources["api"] == "ok"
    assert seen.why("MNT002")
    assert seen.why("MNT003")


def test_with_the_processes(live: Live, keeper_image: str) -> None:
    """`pid: host` alone, without root or any capability: stale by the kernel's word."""
    source = live.file("conf/a.yaml")
    live.run("app", f"--volume={source}:{FILE}")
    live.file("conf/new").rename(source)
    seen, _ = look(live, keeper_image, "--pid=host", "--user=1000:1000", "--cap-drop=ALL")
    assert seen.keys == {("app", "MNT001", FILE), ("app", "MNT002", FILE)}
    assert seen.sources["proc"] == "ok"
    assert seen.sources["root"] != "ok"


def test_with_everything(stale: Live, keeper_image: str) -> None:
    """With the socket, the processes and root's eyes it finds what it finds on the host."""
    on_host = stale.doctor()
    assert on_host.keys == {("app", "MNT001", FILE), ("app", "MNT003", FILE)}
    seen, _ = look(stale, keeper_image, socket(stale), "--pid=host", *RIGHTS)
    assert [seen.sources[source] for source in ("self", "proc", "root", "api")] == ["ok"] * 4
    assert seen.findings == on_host.findings
