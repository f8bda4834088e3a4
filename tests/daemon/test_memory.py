"""confkeep.daemon.memory: what was large is given back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.daemon import client

if TYPE_CHECKING:
    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon

SIZE = 16 << 20
READERS = 8


def resident(daemon: Daemon) -> int:
    """Bytes."""
    status = Path(f"/proc/{daemon.running.pid}/status").read_text("ascii", "replace")
    return int(status.partition("VmRSS:")[2].split()[0]) << 10


def test_large_answers_leave_nothing_behind(serve: Serve, disk: Path) -> None:
    """Several at once, on several threads, some of them never read: afterwards it is about as large as before."""
    (disk / "config").mkdir()
    (disk / "config" / "a.bin").write_bytes(bytes(SIZE))
    daemon = serve("--root", f"ha={disk}/config")
    daemon.get("ha/a.bin")
    before = resident(daemon)
    for _ in range(3):
        kept = [client.Connection(daemon.socket) for _ in range(READERS)]
        for one in kept:
            one.request("GET", "/v1/files/ha/a.bin")
        for one in kept:
            one.close()
        assert len(daemon.get("ha/a.bin").body) == SIZE
    assert daemon.get("ha/none").status == 404
    assert resident(daemon) < before + 3 * SIZE
