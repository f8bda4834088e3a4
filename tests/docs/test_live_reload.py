"""docs/api.md, step 5: what its programs do when the connection or the daemon is gone for a while."""

from __future__ import annotations

import shutil
import signal
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.daemon.fixtures import serve
from tests.daemon.running import PATIENCE, short_directory
from tests.docs.blocks import Block, blocks_of
from tests.docs.reader import Reader
from tests.docs.terminals import Terminal
from tests.support.needs import need

if TYPE_CHECKING:
    from tests.daemon.fixtures import Serve

__all__ = ["serve"]

BLOCKS: Final = blocks_of(Path(__file__).parents[2] / "docs" / "api.md")
#: The functions that all programs in Node import.
MODULE: Final = next(block for block in BLOCKS if block.text.startswith("// confkeep.mjs"))
HEARD: Final = """\
import { events } from './confkeep.mjs'
for await (const event of events()) console.log(event.type, event.path)
"""


@pytest.mark.parametrize(
    ("name", "gone"), [("live", "changed on disk: load it, or compare\n"), ("live-python", "showing 0 bytes\n")]
)
def test_live_reload_survives_a_restart(name: str, gone: str, serve: Serve, disk: Path) -> None:
    """The daemon is killed, the file changes, the daemon comes back, the file is removed: each is noticed."""
    need(shutil.which("node"), "no node")
    (disk / "homeassistant").mkdir()
    files = [disk / "homeassistant" / file for file in ("scenes.yaml", "configuration.yaml")]
    for file in files:
        file.write_bytes(b"# short\n")
    daemon = serve("--root", f"homeassistant={disk}/homeassistant")
    with ExitStack() as stack:
        reader = Reader(disk, stack, daemon.socket)
        reader.read(MODULE)
        reader.read(next(block for block in BLOCKS if block.name == name))
        reader.read(Block("text", name, "showing 8 bytes\n", 0))
        reader.wait(name, "that was us\n")
        daemon.stop(signal.SIGKILL)
        for file in files:
            file.write_bytes(b"# by hand, meanwhile\n")
        daemon.start()
        reader.wait(name, "showing 21 bytes\n")
        for file in files:
            file.unlink()
        reader.wait(name, gone)


def test_events_in_node_go_on_where_they_were(tmp_path: Path) -> None:
    """Pieces are put together, and a stream that was cut is taken up after the last event that was seen."""
    need(shutil.which("node"), "no node")
    (tmp_path / "confkeep.mjs").write_text(MODULE.text, "utf-8")
    (tmp_path / "heard.mjs").write_text(HEARD, "utf-8")
    with short_directory() as directory, socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(PATIENCE)
        listener.bind(f"{directory}/s")
        listener.listen()
        heard = Terminal(["node", "heard.mjs"], tmp_path, {"CONFKEEP_HOST": f"unix://{directory}/s"})
        try:
            first = 'id: e-7\nevent: file.changed\ndata: {"path":"ü: 1"}\n\nid: e-8\nevent: file.ch'.encode()
            assert "last-event-id" not in stream(listener, b"retry: 2000\nid: e-6\n\n" + first)
            assert "last-event-id: e-7\r\n" in stream(listener, b"id: e-8\nevent: file.removed\ndata: {}\n\n")
            heard.until("reset undefined\nfile.changed ü: 1\n")
            heard.until("file.removed undefined\n")
        finally:
            heard.close()


def stream(listener: socket.socket, data: bytes) -> str:
    """Answer one request with this stream, byte by byte, and hang up; the request in lower case."""
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as request:
        lines = list(iter(request.readline, b"\r\n"))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for byte in data:
            connection.sendall(bytes([byte]))
    return b"".join(lines).decode().lower()
