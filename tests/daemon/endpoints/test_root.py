from pathlib import Path

import confkeep
from tests.daemon.fixtures import MAX_BODY, Serve
from tests.daemon.looking import problem
from tests.daemon.running import Daemon
from tests.support.mounting import Mounts


def test_what_this_service_is(house: Daemon) -> None:
    """Name, version, roots, capabilities and limits; nothing is wrong with its state."""
    found = house.ask("GET", "/v1").json
    assert (found["service"], found["version"]) == ("confkeep", confkeep.__version__)
    assert (found["roots"], found["limits"], found["findings"]) == (
        ["ha", "single"],
        {"max_body": MAX_BODY, "max_headers": 100, "max_header_bytes": 32768, "max_changes": 100, "max_streams": 200},
        [],
    )
    assert {"files", "listing", "stat", "history", "restore", "validate:yaml", "dry-run"} <= set(found["capabilities"])


def test_query_is_read_strictly(house: Daemon) -> None:
    """No parameter is known here."""
    problem(house.ask("GET", "/v1?verbose=true"), 422, "unknown-parameter")


def test_state_in_memory_is_found(serve: Serve, disk: Path, mounts: Mounts) -> None:
    """STA001 at the start, in the log, and on an in-place save, which is refused; a replaced file needs no journal."""
    memory = mounts.mount(disk / "memory", "-t", "tmpfs", "tmpfs")
    (disk / "config").mkdir()
    for name in ("a.yaml", "b.yaml"):
        (disk / "config" / name).write_bytes(b"a: 1\n")
    (disk / "link").hardlink_to(disk / "config" / "a.yaml")
    daemon = serve("--root", f"ha={disk}/config", state=memory / "state")
    (finding,) = daemon.ask("GET", "/v1").json["findings"]
    assert (finding["rule"], finding["severity"]) == ("STA001", "error")
    assert "tmpfs" in finding["evidence"]
    assert "STA001" in daemon.log
    members = problem(daemon.put("ha/a.yaml", b"a: 2\n"), 503, "journal-unavailable")
    assert members["rule"] == "STA001"
    assert (disk / "config" / "a.yaml").read_bytes() == b"a: 1\n"
    assert daemon.put("ha/b.yaml", b"a: 2\n").status == 200
