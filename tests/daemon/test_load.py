import json
import logging
import os
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.fixtures import Serve
from tests.daemon.looking import etag
from tests.daemon.running import Daemon

_log = logging.getLogger(__name__)
_SECONDS = float(os.environ.get("CONFKEEP_LOAD_SECONDS", "60"))
_WARM_UP = 5.0
_CLIENTS = 200
_FILES = 40
_MOST_GROWTH = 10 << 10  # KB


@pytest.fixture
def daemon(serve: Serve, disk: Path) -> Daemon:
    """Forty files, ten of them written in place; the history keeps everything."""
    config = disk / "config"
    config.mkdir()
    for number in range(_FILES):
        path = config / f"{number}.yaml"
        path.write_bytes(b"by: nobody\n")
        if number % 4 == 0:
            (config / f"{number}.link").hardlink_to(path)
    keep = "keep_revisions = 0\nkeep_days = 0\nkeep_bytes = 0\n"
    return serve(settings=f"[roots.ha]\npath = '{config}'\n{keep}")


def resident(daemon: Daemon) -> int:
    """VmRSS in KB."""
    for line in Path(f"/proc/{daemon.running.pid}/status").read_text("ascii", "replace").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError


def history(daemon: Daemon, address: str) -> list[dict[str, Any]]:
    """All revisions of a file, oldest first."""
    found: list[dict[str, Any]] = []
    before = ""
    while True:
        page = daemon.ask("GET", f"/v1/history/{address}?limit=1000{before}").json["revisions"]
        found += page
        if len(page) < 1000:
            return found[::-1]
        before = f"&before={page[-1]['id']}"


def load(daemon: Daemon, addresses: list[str]) -> tuple[dict[str, Any], int, int]:
    """What the clients saw, and the daemon's memory after the warm-up and in the end."""
    command = [sys.executable, "-m", "tests.daemon.load", daemon.socket, str(_CLIENTS), str(_WARM_UP + _SECONDS)]
    with subprocess.Popen([*command, *addresses], stdout=subprocess.PIPE) as clients:
        assert clients.stdout is not None
        assert clients.stdout.readline() == b"connected\n"
        time.sleep(_WARM_UP)
        before = resident(daemon)
        seen = clients.stdout.readline()
        after = resident(daemon)
    assert clients.returncode == 0
    return json.loads(seen), before, after


@pytest.mark.slow
def test_two_hundred_clients(daemon: Daemon, disk: Path) -> None:
    """No error but conflicts, every answered save in the history after the very content it named, no memory lost."""
    addresses = [f"ha/{number}.yaml" for number in range(_FILES)]
    seen, before, after = load(daemon, addresses)
    times = statistics.quantiles(seen["milliseconds"], n=100)
    _log.info("%s; p50 %.0f ms, p99 %.0f ms; %d to %d KB", seen["counts"], times[49], times[98], before, after)
    assert seen["wrong"] == []
    assert {"save 200", "save 412", "conflict 412", "read 200"} == seen["counts"].keys()

    for address in addresses:
        revisions = history(daemon, address)
        ours = {save[3]: (save[1], save[2]) for save in seen["saves"] if save[0] == address}
        chain = {new["id"]: (old["etag"], new["etag"]) for old, new in pairwise(revisions)}
        assert chain == ours, address
        assert etag((disk / "config" / address.removeprefix("ha/")).read_bytes()) == revisions[-1]["etag"]
    assert after - before <= _MOST_GROWTH, f"{before} KB after the warm-up, {after} KB in the end"
    assert daemon.open_intents() == 0
    assert daemon.stop() == 0
    assert "ERROR" not in daemon.log
