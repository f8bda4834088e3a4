"""Where the user may have no more watches, the root is polled, and whoever looks is told so."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import etag
from tests.watching.agreement import ROOT, await_agreement
from tests.watching.limited import limited
from tests.watching.told import told

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.root  # whoever is another user outside may be nobody inside

_log = logging.getLogger(__name__)
DIRECTORIES = 40


@pytest.mark.parametrize(
    ("limit", "most", "named"),
    [
        ("max_inotify_watches", 8, "fs.inotify.max_user_watches"),
        ("max_inotify_instances", 0, "fs.inotify.max_user_instances"),
    ],
)
def test_no_more_watches(disk: Path, state: Path, limit: str, most: int, named: str) -> None:
    """GET /v1 names the limit; each change is told all the same, once, in old directories and in new ones."""
    directory = disk / "config"
    paths = [directory / str(number) / "a.yaml" for number in range(DIRECTORIES)]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"a: 1\n")
    with limited(state, limit, most, "--root", f"{ROOT}={directory}") as daemon:
        await_agreement(daemon, directory, paths)
        (finding,) = daemon.ask("GET", "/v1").json["findings"]
        assert finding["rule"] == "STA003"
        assert named in finding["remedy"]
        slowest = 0.0
        with told(daemon.socket) as stream:
            paths.append(directory / "new" / "deep" / "a.yaml")
            paths[-1].parent.mkdir(parents=True)
            for path in paths[::5]:
                name = str(path.relative_to(directory))
                path.write_bytes(b"changed: 1\n")
                done = time.monotonic()
                assert stream.wait(partial(stream.events, ROOT, name)), daemon.log
                slowest = max(slowest, stream.events(ROOT, name)[-1].at - done)
            await_agreement(daemon, directory, paths)
            assert {event.data["etag"] for event in stream.events()} == {etag(b"changed: 1\n")}
            assert len(stream.events()) == len(paths[::5])
        assert daemon.stop() == 0
    _log.info("%s %d: polled, told after at most %.0f ms", limit, most, 1000 * slowest)
