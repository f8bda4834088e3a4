"""The evidence of running containers: stored without secrets, replayed elsewhere, as SARIF, and drawn."""

import json
import shutil
from pathlib import Path

import jsonschema_rs
import pytest

from tests.engine.doctor.live import Live
from tests.layout.test_sarif import SCHEMA

pytestmark = pytest.mark.root

FILE = "/config/a.yaml"
CANARY = "canary-5f1c"
NOWHERE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


@pytest.fixture
def layouts(live: Live) -> Live:
    """Containers with something of everything, and secrets wherever people put them."""
    source = live.file("conf/a.yaml", f"password: {CANARY}\n")
    live.file("conf/.env", f"TOKEN={CANARY}\n")
    secret = (f"--env=TOKEN={CANARY}", f"--label=traefik.auth={CANARY}", f"--hostname={CANARY}")
    live.run("writer", *secret, f"--volume={source.parent}:/data")
    live.run("stale", *secret, f"--volume={live.file('more/b.yaml')}:{FILE}", "--health-cmd", f"check {CANARY}")
    live.file("more/new", CANARY).rename(live.base / "more" / "b.yaml")
    live.run("single", *secret, f"--volume={source}:{FILE}:ro", "--tmpfs=/cache", "--volume=/anonymous")
    live.fail("broken", *secret, f"--volume={source}:/usr/share")
    return live


def test_capture_and_replay(layouts: Live, tmp_path: Path) -> None:
    """A capture that is replayed elsewhere, without this machine, gives the same findings, each word of them."""
    done = layouts.host.confkeep("doctor", "--capture", tmp_path / "captured")
    assert done.code == 0, done
    live = layouts.doctor()
    assert {rule for _, rule, _ in live.keys} >= {"MNT001", "MNT002", "MNT007", "MNT009", "MNT012", "MNT013", "MNT018"}
    elsewhere = shutil.move(tmp_path / "captured", tmp_path / "elsewhere")
    layouts.close()
    again = layouts.host.confkeep("doctor", "--format=json", "--replay", elsewhere, variables=NOWHERE)
    assert layouts.read(again.json).findings == live.findings


def test_nothing_secret_in_a_capture(layouts: Live, tmp_path: Path) -> None:
    """No value of the environment, label, command, host name or content of a file is in it; others may not read it."""
    done = layouts.host.confkeep("doctor", "--capture", tmp_path / "captured")
    assert done.code == 0, done
    files = list((tmp_path / "captured").iterdir())
    assert any(layouts.name("stale") in file.read_text() for file in files)
    assert [file.name for file in files if CANARY in file.read_text() or CANARY in file.name] == []
    assert {file.stat().st_mode & 0o77 for file in (*files, tmp_path / "captured")} == {0}


def test_sarif(layouts: Live) -> None:
    """A report about running containers is valid SARIF 2.1.0, with the same findings."""
    done = layouts.host.confkeep("doctor", "--format=sarif")
    assert done.code == 1, done
    assert [error.message for error in jsonschema_rs.validator_for(SCHEMA).iter_errors(done.json)] == []
    (run,) = done.json["runs"]
    told = {(result["properties"]["container"], result["ruleId"]) for result in run["results"]}
    ours = {(layouts.name(container), rule) for container, rule, _ in layouts.doctor().keys}
    assert ours <= told


def test_mounts(layouts: Live) -> None:
    """Each file of the host with the mounts that show it, whose container, and whether it is stale."""
    document = json.loads(layouts.host.confkeep("mounts", "--format=json").out)
    files = {(entry["host_path"], entry["stale"]): entry for entry in document["files"]}
    shared = files[str(layouts.base / "conf" / "a.yaml"), False]
    assert shared["verified"] is True
    assert shared["inode"] == (layouts.base / "conf" / "a.yaml").stat().st_ino
    (mount,) = shared["mounts"]
    assert mount == {
        "container": layouts.name("single"),
        "path": FILE,
        "read_only": True,
        "evidence": layouts.line("single", FILE),
    }
    stale = files[str(layouts.base / "more" / "b.yaml"), True]
    assert [each["container"] for each in stale["mounts"]] == [layouts.name("stale")]
    (writer,) = files[str(layouts.base / "conf"), False]["mounts"]
    assert (writer["container"], writer["path"], writer["read_only"]) == (layouts.name("writer"), "/data", False)


def test_mounts_as_a_tree(layouts: Live) -> None:
    """The file that is mounted singly is drawn below its directory, with the container behind each."""
    done = layouts.host.confkeep("mounts", variables={"PYTHONIOENCODING": "utf-8"})
    lines = done.text.splitlines()
    top = lines.index(f"{layouts.base}/conf (directory, ext4)")
    assert lines[top + 1 : top + 4] == [
        f"├─ {layouts.name('writer')}: /data",
        "└─ a.yaml (file, ext4)",
        f"   └─ {layouts.name('single')}: {FILE} (read-only)",
    ]
