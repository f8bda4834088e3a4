"""Files that several containers share: MNT017, MNT018, STA002; and as whom they write: MNT019."""

import socket

import pytest

from tests.engine.doctor.live import Live

pytestmark = pytest.mark.root

FILE = "/config/a.yaml"


def test_shared_writers(live: Live) -> None:
    """Two may write: MNT017 once; with one of them `:ro` that one's note is all."""
    directory = live.file("conf/a.yaml").parent
    live.run("one", f"--volume={directory}:/config")
    live.run("two", f"--volume={directory}:/data")
    found = live.doctor()
    (key,) = found.keys
    assert key in {("one", "MNT017", "/config"), ("two", "MNT017", "/data")}
    shared = found.of("MNT017")
    assert shared["evidence"] == live.line(key[0], key[2])
    assert live.name({"one": "two", "two": "one"}[key[0]]) in shared["message"]
    assert live.doctor("--container", live.name("two")).keys == {("two", "MNT017", "/data")}
    live.run("two", f"--volume={directory}:/data:ro")
    assert live.doctor().keys == {("two", "MNT009", "/data")}


def test_mixed_granularity(live: Live) -> None:
    """What one container saves by rename through the directory goes stale in the other: MNT018 beforehand."""
    source = live.file("conf/a.yaml")
    writer = live.run("writer", f"--volume={source.parent}:/data")
    live.run("reader", f"--volume={source}:{FILE}:ro")
    before = {("reader", rule, FILE) for rule in ("MNT001", "MNT009", "MNT018")}
    found = live.doctor()
    assert found.keys == before
    assert found.of("MNT018")["evidence"] == live.line("reader", FILE)
    assert f"in {live.name('writer')} as /data/a.yaml" in found.of("MNT018")["message"]
    writer.exec("sh", "-c", "echo new >/data/new && mv /data/new /data/a.yaml")
    stale = live.doctor()
    assert stale.keys == before | {("reader", "MNT002", FILE)}
    live.apply(stale.of("MNT002"))
    assert live.doctor().keys == before
    live.run("reader", f"--volume={source.parent}:/config:ro")
    assert live.doctor().keys == {("reader", "MNT009", "/config")}


def test_socket_file_mounted(live: Live) -> None:
    """The daemon's socket by itself: STA002; its directory is right."""
    (live.base / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(live.base / "run" / "confkeep.sock"))
        daemon.listen()
        live.run("editor", f"--volume={live.base}/run/confkeep.sock:/run/confkeep/confkeep.sock")
        found = live.doctor()
        assert found.keys == {("editor", "STA002", "/run/confkeep/confkeep.sock")}
        assert found.of("STA002")["evidence"] == live.line("editor", "/run/confkeep/confkeep.sock")
        live.run("editor", f"--volume={live.base}/run:/run/confkeep")
        assert live.doctor().keys == set()


@pytest.mark.parametrize("what", ["conf", "conf/a.yaml"])
def test_uid_mismatch(live: Live, what: str) -> None:
    """The process may not write the file, or make one beside it: MNT019; chown as the remedy says, and it is gone."""
    source = live.file("conf/a.yaml")
    for path in (source.parent, source):
        live.host.run("chown", "1000:1000", path)
    live.host.run("chown", "0:0", live.base / what)
    live.run("app", "--user=1000:1000", f"--volume={source.parent}:/config")
    found = live.doctor()
    assert found.keys == {("app", "MNT019", "/config")}
    inside = "/config" + what.removeprefix("conf")
    mode = (live.base / what).stat().st_mode & 0o7777
    assert found.of("MNT019")["evidence"] == f"{inside}: mode {mode:o}, owner 0:0; process 1000:1000"
    assert "`chown 1000:1000`" in found.of("MNT019")["remedy"]
    live.host.run("chown", "1000:1000", live.base / what)
    assert live.doctor().keys == set()


def test_whole_host_mounted(live: Live) -> None:
    """Who administers the machine mounts all of it, and shares nothing by that: no finding about the others."""
    source = live.file("conf/a.yaml")
    live.run("agent", "--volume=/:/host")
    live.run("app", f"--volume={source.parent}:/config", "--volume=/etc/localtime:/etc/localtime:ro")
    assert {key for key in live.doctor().keys if key[0] == "app"} == set()
