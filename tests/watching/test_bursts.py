"""Many changes at once: what is in between may be missed, the end never is."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.daemon.running import toml
from tests.support.needs import need
from tests.watching.agreement import ROOT, await_agreement, check_told
from tests.watching.inotify import Q_OVERFLOW, inotify
from tests.watching.told import told
from tests.watching.writer import path_of, writers

if TYPE_CHECKING:
    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon

_log = logging.getLogger(__name__)
FILES = 200
WRITERS = 4


def made(disk: Path) -> tuple[Path, list[Path]]:
    """A directory with the files in it."""
    directory = disk / "config"
    paths = [path_of(directory, number) for number in range(FILES)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"value: 0\n")
    return directory, paths


def watching(serve: Serve, directory: Path) -> Daemon:
    """A daemon that watches it."""
    return serve(settings=toml(roots={ROOT: {"path": str(directory)}}))


def test_a_thousand_changes_in_a_burst(serve: Serve, disk: Path) -> None:
    """Of 200 files by four processes: the final state of each is recorded and told, and nothing is told twice."""
    directory, paths = made(disk)
    daemon = watching(serve, directory)
    await_agreement(daemon, directory, paths)
    with told(daemon.socket) as stream:
        begun = time.monotonic()
        with writers(WRITERS, directory, FILES, 1_000 // WRITERS, "write", "truncate", "rename", "append") as said:
            pass
        assert said == [b""] * WRITERS
        written = time.monotonic()
        await_agreement(daemon, directory, paths)
        check_told(stream, daemon, directory, paths)
        events = stream.events()
    _log.info(
        "1,000 changes of 200 files in %.1f s: %d events, the last %.0f ms after the last change",
        written - begun,
        len(events),
        1000 * max(0.0, events[-1].at - written),
    )


def test_more_than_the_kernel_remembers(serve: Serve, disk: Path) -> None:
    """A daemon that is stopped meanwhile loses notices: it looks at everything again, also at what is new or gone."""
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    need(most <= 1 << 17, f"the kernel remembers {most} notices")
    directory, paths = made(disk)
    daemon = watching(serve, directory)
    await_agreement(daemon, directory, paths)
    with told(daemon.socket) as stream, inotify(*(directory / str(each) for each in range(4))) as ours:
        daemon.running.send_signal(signal.SIGSTOP)
        try:
            overflow(paths, most)
            (directory / "new" / "deep").mkdir(parents=True)
            paths.append(directory / "new" / "deep" / "a.yaml")
            for path in (paths[-1], paths[7]):
                path.write_bytes(b"value: last\n")
            paths[8].unlink()
            assert Q_OVERFLOW in ours.masks()
        finally:
            daemon.running.send_signal(signal.SIGCONT)
        await_agreement(daemon, directory, paths)
        check_told(stream, daemon, directory, paths[:-1])
        assert stream.wait(lambda: len(stream.events(ROOT, "new/deep/a.yaml")) == 1)


def overflow(paths: list[Path], most: int) -> None:
    """Write to one after the other, so that no two notices are alike and become one."""
    for number in range(most // len(paths) + 2):
        for path in paths:
            fd = os.open(path, os.O_WRONLY)
            os.pwrite(fd, b"value: %d\n" % number, 0)
            os.close(fd)
