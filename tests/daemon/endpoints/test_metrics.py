import re
from pathlib import Path

import pytest

from confkeep.keeper import Keeper
from tests.daemon.client import Answer
from tests.daemon.exposed import parse
from tests.daemon.in_process import ask, service
from tests.daemon.looking import problem
from tests.daemon.running import Daemon

#: Every metric there is, with its kind. Dashboards and alerts rest on these names: they only ever become more.
KINDS = {
    "confkeep_saves_total": "counter",
    "confkeep_save_duration_seconds": "histogram",
    "confkeep_lease_wait_seconds": "histogram",
    "confkeep_saves_without_guarantee_total": "counter",
    "confkeep_outside_changes_total": "counter",
    "confkeep_problems_total": "counter",
    "confkeep_http_requests_total": "counter",
    "confkeep_history_readable": "gauge",
    "confkeep_history_revisions": "gauge",
    "confkeep_history_files": "gauge",
    "confkeep_history_open_intents": "gauge",
    "confkeep_history_size_bytes": "gauge",
    "confkeep_recovery_repaired_total": "counter",
    "confkeep_recovery_unsettled": "gauge",
    "confkeep_build_info": "gauge",
    "process_start_time_seconds": "gauge",
    "process_resident_memory_bytes": "gauge",
}


def in_process(state: Path) -> Answer:
    """From the application alone, over a real keeper."""
    with Keeper(state) as keeper:
        return ask(service(keeper), "GET", "/metrics")


@pytest.fixture(params=["in process", "over the socket"])
def answer(request: pytest.FixtureRequest, house: Daemon, state: Path) -> Answer:
    """One scrape."""
    return in_process(state) if request.param == "in process" else house.ask("GET", "/metrics")


def test_text_format(answer: Answer) -> None:
    """The media type of version 0.0.4, and each metric with its kind and what it means."""
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = parse(answer.body.decode())
    assert {name: family.kind for name, family in found.items()} == KINDS
    assert all(re.fullmatch(r"[A-Z0-9].*\.", family.about) for family in found.values())


def test_there_from_the_start(state: Path) -> None:
    """What alerts watch is zero before it first happens, instead of missing."""
    found = parse(in_process(state).body.decode())
    for outcome in ("conflict", "invalid", "refused", "busy", "out_of_space", "error"):
        assert found["confkeep_saves_total"].value(route="none", outcome=outcome) == 0
    for route in ("replace", "overwrite"):
        assert found["confkeep_saves_total"].value(route=route, outcome="saved") == 0
        assert found["confkeep_save_duration_seconds"].value("_count", route=route) == 0
    assert found["confkeep_lease_wait_seconds"].value("_count", route="overwrite") == 0


def test_takes_no_parameters(house: Daemon) -> None:
    """As all other requests, it refuses what it does not know."""
    problem(house.ask("GET", "/metrics?name=x"), 422, "unknown-parameter")


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_get_only(method: str, house: Daemon) -> None:
    """Nobody can set one."""
    problem(house.ask(method, "/metrics", b""), 405, "method-not-allowed")
