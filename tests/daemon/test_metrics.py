import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from confkeep import errors
from confkeep.daemon.exposition import text
from confkeep.daemon.metrics import Metrics
from confkeep.errors import ConfkeepError
from confkeep.files.route import DECLARED, Choice, Route
from confkeep.keeper import Keeper
from confkeep.recovery import Recovered
from confkeep.saved import Saved
from tests.daemon.exposed import Family, parse
from tests.daemon.fixtures import Serve
from tests.daemon.in_process import Failing, Provoked, ask, service
from tests.daemon.looking import Folder, etag
from tests.daemon.running import Daemon
from tests.support.saving import promise

Difference = Callable[..., float]

OUTCOMES = {
    "already-exists": "conflict",
    "conflict": "conflict",
    "invalid-document": "invalid",
    "target-busy": "busy",
    "out-of-space": "out_of_space",
    "read-only": "refused",
    "stale-mount": "refused",
    "journal-unavailable": "refused",
    "not-found": "refused",
    "io-error": "error",
    "history-damaged": "error",
}


def scrape(daemon: Daemon) -> dict[str, Family]:
    """What ``daemon`` says now."""
    return parse(daemon.ask("GET", "/metrics").body.decode())


def since(daemon: Daemon) -> Difference:
    """How much a sample has grown since now."""
    before = scrape(daemon)

    def grown(name: str, suffix: str = "", **labels: str) -> float:
        key = (suffix, frozenset(labels.items()))
        after = scrape(daemon)
        return after[name].samples.get(key, 0) - before[name].samples.get(key, 0)

    return grown


def test_saves_by_route_and_outcome(folder: Folder) -> None:
    """Each way a save can end well, on both routes."""
    folder.file("a.yaml")
    folder.linked("b.yaml")
    for name, route in (("a.yaml", "replace"), ("b.yaml", "overwrite")):
        grown = since(folder.daemon)
        folder.daemon.put(folder.at(name), b"a: 2\n")
        folder.daemon.put(folder.at(name), b"a: 2\n")
        folder.daemon.put(folder.at(name), b"a: 3\n", "?dry_run=true")
        for outcome in ("saved", "unchanged", "dry_run"):
            assert grown("confkeep_saves_total", route=route, outcome=outcome) == 1, (route, outcome)
        assert grown("confkeep_save_duration_seconds", "_count", route=route) == 1  # of what was written
        assert grown("confkeep_save_duration_seconds", "_sum", route=route) > 0


def test_wait_for_a_lease(folder: Folder) -> None:
    """Each file that was written in place has one, also in a transaction; what was renamed or not written has none."""
    for name in "ab":
        folder.linked(name)
    root, _, path = folder.address.partition("/")
    wanted = [{"root": root, "path": f"{path}/{name}", "content": "x", "if_match": "*"} for name in "abc"]
    folder.file("c")
    grown = since(folder.daemon)
    wait = "confkeep_lease_wait_seconds"
    for _ in range(2):
        assert folder.daemon.put(folder.at("a"), b"a: 2\n").status == 200
    assert folder.daemon.put(folder.at("a"), b"a: 3\n", "?dry_run=true").status == 200
    assert grown(wait, "_count", route="overwrite") == 1
    for _ in range(2):
        assert folder.daemon.ask("POST", "/v1/transactions", json.dumps({"changes": wanted}).encode()).status == 200
    assert grown(wait, "_count", route="overwrite") == 3
    assert grown(wait, "_sum", route="overwrite") > 0


def test_saves_that_fail(folder: Folder) -> None:
    """They are counted without a route, for it may not be known, and have no duration."""
    folder.file("a.yaml")
    grown = since(folder.daemon)
    folder.daemon.put(folder.at("a.yaml"), b"a: 2\n", if_match=f'"{etag(b"else")}"')
    folder.daemon.put(folder.at("a.yaml"), b"a: [\n")
    (folder.path / "directory").mkdir()
    folder.daemon.put(folder.at("directory"), b"a\n")
    for outcome in ("conflict", "invalid", "refused"):
        assert grown("confkeep_saves_total", route="none", outcome=outcome) == 1, outcome
    assert grown("confkeep_save_duration_seconds", "_count", route="replace") == 0


def test_busy_and_without_a_lease(folder: Folder) -> None:
    """A file that somebody keeps open: refused as busy, or written without the guarantee; both are to be seen."""
    folder.linked("a.yaml")
    grown = since(folder.daemon)
    with (folder.path / "a.yaml").open("rb"):
        assert folder.daemon.put(folder.at("a.yaml"), b"a: 2\n", "?on_busy=refuse").status == 423
        assert folder.daemon.put(folder.at("a.yaml"), b"a: 2\n").status == 200
    assert grown("confkeep_saves_total", route="none", outcome="busy") == 1
    assert grown("confkeep_problems_total", slug="target-busy") == 1
    without = "confkeep_saves_without_guarantee_total"
    assert grown(without, route="overwrite", guarantee="reader_atomic") == 1
    folder.daemon.put(folder.at("a.yaml"), b"a: 3\n")
    assert grown(without, route="overwrite", guarantee="reader_atomic") == 1


@pytest.mark.parametrize(("changed", "dry_run", "counted"), [(True, False, 1), (False, False, 0), (True, True, 0)])
def test_only_what_was_written_can_lack_a_guarantee(*, changed: bool, dry_run: bool, counted: int) -> None:
    """A root without a durable journal says so of each answer; it matters where something was written."""
    metrics = Metrics()
    declared = DECLARED[Route.OVERWRITE]
    saved = Saved(
        path="/a", etag="", revision=1, size=0, changed=changed, created=False, checked=None, dry_run=dry_run,
        route=Choice(Route.OVERWRITE, "", ""), guarantees=replace(declared, crash_safe=False),
        notes=(), findings=(), diagnostics=(),
    )  # fmt: skip
    metrics.save_done(saved)
    found = parse(text(metrics.families()))["confkeep_saves_without_guarantee_total"].samples
    grown = {key: value for key, value in found.items() if value}
    labels = frozenset({("route", "overwrite"), ("guarantee", "crash_safe")})
    assert grown == ({("", labels): 1} if counted else {})


def test_removal_and_restore_are_saves(folder: Folder) -> None:
    """Both by the route they took."""
    folder.file("a.yaml")
    daemon = folder.daemon
    saved = daemon.put(folder.at("a.yaml"), b"a: 2\n").json
    grown = since(daemon)
    restored = daemon.ask("POST", f"/v1/revisions/{saved['revision'] - 1}/restore", b"", {"If-Match": "*"})
    removed = daemon.ask("DELETE", folder.url("a.yaml"), None, {"If-Match": "*"})
    assert (restored.status, removed.status) == (200, 204)
    assert grown("confkeep_saves_total", route="replace", outcome="saved") == 2


def test_transaction(folder: Folder) -> None:
    """Each of its files is a save; one that failed as a whole is one failure."""
    root, _, path = folder.address.partition("/")
    changes = ", ".join(
        f'{{"root": "{root}", "path": "{path}/{name}", "content": "x", "if_match": "*"}}' for name in "ab"
    )
    folder.file("a")
    folder.file("b")
    grown = since(folder.daemon)
    body = f'{{"changes": [{changes}]}}'.encode()
    assert [folder.daemon.ask("POST", "/v1/transactions", body).status for _ in range(2)] == [200, 200]
    assert grown("confkeep_saves_total", route="replace", outcome="saved") == 2
    assert grown("confkeep_saves_total", route="replace", outcome="unchanged") == 2
    other = body.replace(b'"if_match"', b'"if_none_match"').replace(b'"x"', b'"y"')
    assert folder.daemon.ask("POST", "/v1/transactions", other).status == 412
    assert grown("confkeep_saves_total", route="none", outcome="conflict") == 1


@pytest.mark.parametrize(("slug", "outcome"), OUTCOMES.items())
def test_outcome_of_each_error(slug: str, outcome: str) -> None:
    """What others caused is told apart from what failed here."""
    known = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ConfkeepError)]
    (kind,) = [kind for kind in known if kind.slug == slug]
    failing = service(Failing(kind("what happened")))
    ask(failing, "PUT", "/v1/files/ha/a", b"", if_match="*")
    found = parse(text(failing.metrics.families()))
    failed = {key: value for key, value in found["confkeep_saves_total"].samples.items() if value}
    assert failed == {("", frozenset({("route", "none"), ("outcome", outcome)})): 1}


@pytest.mark.parametrize("error", [Provoked("x"), OSError(5, "x")])
def test_what_nobody_foresaw_is_an_error(error: Exception) -> None:
    """A failed save is counted whatever failed."""
    failing = service(Failing(error))
    ask(failing, "PUT", "/v1/files/ha/a", b"", if_match="*")
    found = parse(text(failing.metrics.families()))
    assert found["confkeep_saves_total"].value(route="none", outcome="error") == 1
    assert found["confkeep_http_requests_total"].value(method="PUT", status="5xx") == 1
    assert sum(found["confkeep_problems_total"].samples.values()) == 1


def test_problems_by_slug(house: Daemon) -> None:
    """Ours, those of unknown paths and methods, and those of parameters."""
    grown = since(house)
    house.ask("GET", "/none")
    house.ask("PUT", "/healthz", b"")
    house.ask("GET", "/v1?x=1")
    house.ask("PUT", "/v1/files/ha/a", b"")
    for slug in ("no-endpoint", "method-not-allowed", "unknown-parameter", "precondition-required"):
        assert grown("confkeep_problems_total", slug=slug) == 1, slug


def test_requests_by_method_and_class(house: Daemon) -> None:
    """A method that is none of ours is ``other``: callers cannot make labels."""
    grown = since(house)
    house.ask("GET", "/v1/nothing")
    house.ask("GET", "/v1/nowhere")
    house.ask("PROPFIND", "/v1")
    house.ask("HEAD", "/healthz")
    requests = "confkeep_http_requests_total"
    assert grown(requests, method="GET", status="4xx") == 2
    assert grown(requests, method="other", status="4xx") == 1
    assert grown(requests, method="HEAD", status="2xx") == 1


def test_no_label_is_made_by_a_caller(folder: Folder) -> None:
    """Neither paths, nor messages, nor roots, nor ids become labels: the number of series does not grow with use."""
    folder.daemon.put(folder.at("first.yaml"), b"a: 1\n", if_none_match="*")
    before = {name: set(family.samples) for name, family in scrape(folder.daemon).items()}
    for number in range(20):
        folder.daemon.put(folder.at(f"{number}.yaml"), b"a: 1\n", f"?message={number}", if_none_match="*")
        folder.daemon.ask("PUT", folder.url(f"{number}.yaml"), b"a: 2\n", {"If-Match": "*", "User-Agent": f"u{number}"})
    assert {name: set(family.samples) for name, family in scrape(folder.daemon).items()} == before


def test_history(folder: Folder) -> None:
    """Revisions, files and bytes as they are in the store."""
    daemon = folder.daemon
    folder.file("a.yaml")
    grown = since(daemon)
    daemon.put(folder.at("a.yaml"), b"a: 2\n")
    daemon.put(folder.at("b.yaml"), b"b: 2\n", if_none_match="*")
    assert grown("confkeep_history_revisions") == 3  # the old content of the first is one
    assert grown("confkeep_history_files") == 2
    assert daemon.open_intents() == 0  # waits until the last save's is closed
    found = scrape(daemon)
    assert (found["confkeep_history_readable"].value(), found["confkeep_history_open_intents"].value()) == (1, 0)
    size = found["confkeep_history_size_bytes"]
    assert size.value(file="database") == (daemon.state / "history.db").stat().st_size
    assert size.value(file="log") == (daemon.state / "history.db-wal").stat().st_size


def test_unreadable_history(state: Path) -> None:
    """The scrape goes on without its numbers, and says so: everything else is needed most then."""
    with Keeper(state) as keeper:
        (state / "history.db").rename(state / "aside")
        (state / "history.db").mkdir()
        over = service(keeper)
        over.recovered = [Recovered("/a", 1, None, settled=False, detail="")]
        answer = ask(over, "GET", "/metrics")
        (state / "history.db").rmdir()
        (state / "aside").rename(state / "history.db")
    found = parse(answer.body.decode())
    assert (answer.status, found["confkeep_history_readable"].value()) == (200, 0)
    assert found["confkeep_history_revisions"].samples == found["confkeep_recovery_unsettled"].samples == {}
    assert found["process_resident_memory_bytes"].value() > 0


def test_recovery(serve: Serve, disk: Path) -> None:
    """What the start repaired, and what is left until a save has repaired it."""
    config = disk / "config"
    config.mkdir()
    for name in ("a.yaml", "b.yaml"):
        (config / name).write_bytes(b"a: 1\n")
    daemon = serve("--root", f"ha={config}")
    daemon.stop()
    with Keeper(daemon.state) as keeper:
        for name in ("a.yaml", "b.yaml"):
            promise(keeper, config / name, b"a: 1\n", b"b: 2\n")
    for name in ("a.yaml", "b.yaml"):
        (config / name).write_bytes(b"a: 2\n")
    (config / "b.yaml").rename(disk / "kept")
    (config / "b.yaml").mkdir()
    found = scrape(daemon.start())
    assert found["confkeep_recovery_repaired_total"].value() == 1
    assert found["confkeep_recovery_unsettled"].value() == 1
    (config / "b.yaml").rmdir()
    (disk / "kept").rename(config / "b.yaml")
    assert daemon.put("ha/b.yaml", b"a: 3\n").status == 200
    assert scrape(daemon)["confkeep_recovery_unsettled"].value() == 0


def test_process(house: Daemon) -> None:
    """Memory as the kernel shows it of this very process, and a start between what was made before and after it."""
    found = scrape(house)
    resident = int(Path(f"/proc/{house.running.pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert found["process_resident_memory_bytes"].value() == pytest.approx(resident, rel=0.2)
    before, after = house.state.with_name("state.toml").stat().st_mtime, (house.state / "daemon.lock").stat().st_mtime
    assert before - 2 <= found["process_start_time_seconds"].value() <= after + 2  # the kernel rounds its boot time
    version, python = house.ask("GET", "/v1").json["version"], ".".join(map(str, sys.version_info[:3]))
    assert found["confkeep_build_info"].value(version=version, python=python) == 1
