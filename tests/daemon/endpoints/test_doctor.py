"""What the daemon says of mounts of others: /v1/doctor and /v1/mounts, on stat, in refusals, as events. No engine."""

from __future__ import annotations

import re
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.daemon.looking import problem
from tests.daemon.running import PATIENCE
from tests.daemon.streams import listening
from tests.layout.others import contained
from tests.support.needs import need
from tests.test_docs_api import rows_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon
    from tests.layout.others import Other
    from tests.support.mounting import Mounts

pytestmark = pytest.mark.root


@pytest.fixture
def config(disk: Path) -> Path:
    """The directory of the root."""
    (disk / "config").mkdir()
    for name in ("a.yaml", "b.yaml"):
        (disk / "config" / name).write_bytes(b"a: 1\n")
    return disk / "config"


@pytest.fixture
def app(mounts: Mounts, disk: Path, config: Path) -> Generator[Other]:
    """What an engine would have started: it has mounted ``a.yaml`` by itself."""
    with contained(disk / "app", config_a=config / "a.yaml") as made:
        yield made


@pytest.fixture
def daemon(serve: Serve, config: Path, app: Other) -> Daemon:
    """A daemon that has looked around once."""
    made = serve("--root", f"ha={config}")
    stat_with(made, "MNT001")
    return made


def stat_with(daemon: Daemon, rule: str, name: str = "a.yaml") -> dict[str, Any]:
    """The verdict, as soon as a finding of this rule is in it."""
    give_up = time.monotonic() + PATIENCE
    while True:
        found: dict[str, Any] = daemon.ask("GET", f"/v1/stat/ha/{name}").json
        if rule in [each["rule"] for each in found["findings"]]:
            return found
        assert time.monotonic() < give_up, (found, daemon.log)
        time.sleep(0.01)


def test_verdict(daemon: Daemon, app: Other, config: Path) -> None:
    """The file is written in place, for the sake of whom it names; its neighbour is not, and has no findings."""
    found = stat_with(daemon, "MNT001")
    assert (found["bound_elsewhere"], found["route"]["name"]) == ("yes", "overwrite")
    assert found["route"]["code"] == "bound-elsewhere"
    assert f"container pid {app.pid} at /config/a.yaml" in found["route"]["reason"]
    (finding,) = found["findings"]
    assert "/config/a.yaml" in finding["evidence"]
    neighbour = daemon.ask("GET", "/v1/stat/ha/b.yaml").json
    assert (neighbour["bound_elsewhere"], neighbour["findings"]) == ("no", [])


def test_save(daemon: Daemon, app: Other, config: Path) -> None:
    """What is saved is what the other one reads, by itself and in a transaction."""
    saved = daemon.put("ha/a.yaml", b"a: 2\n").json
    assert (saved["route"]["code"], saved["bound_elsewhere"]) == ("bound-elsewhere", "yes")
    app.do("grep", "-qx", "a: 2", "/config/a.yaml")
    change = b'{"changes": [{"root": "ha", "path": "a.yaml", "if_match": "*", "content": "a: 3\\n"}]}'
    (saved,) = daemon.ask("POST", "/v1/transactions", change).json["changes"]
    assert (saved["route"]["code"], saved["bound_elsewhere"]) == ("bound-elsewhere", "yes")
    app.do("grep", "-qx", "a: 3", "/config/a.yaml")


def test_save_without_survey(serve: Serve, app: Other, config: Path) -> None:
    """The control: a rename, which the other one never sees; and the answer says that nobody knew."""
    daemon = serve(settings=f"survey = false\n[roots.ha]\npath = '{config}'\n")
    saved = daemon.put("ha/a.yaml", b"a: 2\n").json
    assert (saved["route"]["code"], saved["bound_elsewhere"]) == ("ordinary-file", "unknown")
    app.do("grep", "-qx", "a: 1", "/config/a.yaml")
    assert daemon.ask("GET", "/v1/stat/ha/a.yaml").json["findings"] == []


def test_survey_that_is_switched(serve: Serve, app: Other, config: Path, state: Path) -> None:
    """SIGHUP counts for it as for the rest, both ways."""
    text = f"survey = {{}}\n[roots.ha]\npath = '{config}'\n"
    daemon = serve(settings=text.format("true"))
    for survey, bound in (("true", "yes"), ("false", "unknown"), ("true", "yes")):
        state.with_name("state.toml").write_text(text.format(survey))
        daemon.running.send_signal(1)
        give_up = time.monotonic() + PATIENCE
        while (found := daemon.ask("GET", "/v1/stat/ha/a.yaml").json)["bound_elsewhere"] != bound:
            assert time.monotonic() < give_up, (survey, found)
            time.sleep(0.01)
    assert daemon.stop() == 0
    assert "Traceback" not in daemon.log


def test_refusal(daemon: Daemon, config: Path) -> None:
    """A save that is refused says what the doctor knows of the file; of its neighbour there is nothing to say."""
    for name in ("a.yaml", "b.yaml"):
        done = subprocess.run(["chattr", "+i", config / name], capture_output=True, check=False)
        need(done.returncode == 0, f"no immutable files here: {done.stderr.decode()}")
    try:
        members = problem(daemon.put("ha/a.yaml", b"a: 2\n"), 403, "read-only")
        (finding,) = members["findings"]
        assert finding.keys() == {"rule", "severity", "message", "remedy", "evidence"}
        assert finding["rule"] == "MNT001"
        assert "findings" not in problem(daemon.put("ha/b.yaml", b"a: 2\n"), 403, "read-only")
    finally:
        for name in ("a.yaml", "b.yaml"):
            subprocess.run(["chattr", "-i", config / name], check=True)


def test_what_goes_stale(daemon: Daemon, app: Other, config: Path) -> None:
    """The host renames over the file: an event with all that the page promises, then the verdict says so too."""
    with listening(daemon, "?types=doctor.finding") as stream:
        (config / "new").write_bytes(b"a: 2\n")
        (config / "new").rename(config / "a.yaml")
        kind, told = stream.next()
    assert kind == "doctor.finding"
    assert (told["root"], told["path"], told["rule"]) == ("ha", "a.yaml", "MNT002")
    assert (told["container"], told["container_path"]) == (f"pid {app.pid}", "/config/a.yaml")
    assert "//deleted /config/a.yaml" in told["evidence"]
    (said,) = (row[1] for row in rows_of("Events") if row[0] == "`doctor.finding`")
    assert told.keys() == set(re.findall("`([a-z_]+)`", said))
    found = stat_with(daemon, "MNT002")
    assert (found["bound_elsewhere"], found["route"]["code"]) == ("no", "ordinary-file")


def test_a_write_is_no_reason_to_look(daemon: Daemon, config: Path) -> None:
    """The next event is that of the rename, although the file was written to before."""
    with listening(daemon, "?types=doctor.finding,file.changed") as stream:
        (config / "a.yaml").write_bytes(b"a: 2\n")
        assert stream.next()[0] == "file.changed"
        (config / "new").write_bytes(b"a: 3\n")
        (config / "new").rename(config / "a.yaml")
        assert [stream.next()[0] for _ in range(2)] == ["file.changed", "doctor.finding"]


def doctor(daemon: Daemon, query: str = "") -> set[tuple[str, str]]:
    """Rule and path of what /v1/doctor finds."""
    answer = daemon.ask("GET", f"/v1/doctor{query}")
    assert answer.status == 200, answer
    assert answer.json["sources"]["proc"] == "ok"
    return {(one["rule"], one["path"]) for one in answer.json["findings"]}


def test_doctor(daemon: Daemon, app: Other, config: Path) -> None:
    """All, or of one container, or of one file, or without a rule."""
    single = ("MNT001", "/config/a.yaml")
    assert single in doctor(daemon)
    assert single in doctor(daemon, f"?container=pid%20{app.pid}")
    assert doctor(daemon, "?path=ha/a.yaml") == {single}
    assert doctor(daemon, "?path=ha/b.yaml") == set()
    assert doctor(daemon, "?path=ha/a.yaml&ignore=mixed-granularity,MNT001") == set()


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ("?container=nobody", 422, "unknown-parameter"),
        ("?ignore=MNT001,MNT999", 422, "unknown-parameter"),
        ("?path=ha", 400, "bad-path"),
        ("?path=ha/../a.yaml", 400, "bad-path"),
        ("?path=other/a.yaml", 404, "no-root"),
    ],
)
def test_doctor_that_is_asked_in_a_wrong_way(house: Daemon, app: Other, query: str, status: int, slug: str) -> None:
    """What is not there is an error, and not "nothing found"."""
    problem(house.ask("GET", f"/v1/doctor{query}"), status, slug)


def test_mounts(daemon: Daemon, app: Other, config: Path) -> None:
    """The file of the host, and who has mounted it where."""
    answer = daemon.ask("GET", "/v1/mounts").json
    (held,) = (one for one in answer["files"] if one["host_path"] == str(config / "a.yaml"))
    assert (held["verified"], held["kind"], held["stale"]) == (True, "file", False)
    assert held["inode"] == (config / "a.yaml").stat().st_ino
    (mounted,) = held["mounts"]
    assert (mounted["container"], mounted["path"], mounted["read_only"]) == (f"pid {app.pid}", "/config/a.yaml", False)
