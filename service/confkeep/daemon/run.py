"""One life of the daemon: locks, state, recovery, socket, service, and all of it back in reverse order."""

from __future__ import annotations

import logging
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from confkeep.daemon import app, memory, notify
from confkeep.daemon.limits import raise_open_files
from confkeep.daemon.listening import listening, sole_holder
from confkeep.daemon.reloading import reload
from confkeep.daemon.server import Server, Told
from confkeep.daemon.service import Service
from confkeep.keeper import Keeper

if TYPE_CHECKING:
    from confkeep.daemon.reloading import Read
    from confkeep.daemon.settings import Settings
    from confkeep.recovery import Recovered

_log: Final = logging.getLogger("confkeep")


def run(settings: Settings, read: Read) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsError or JournalUnavailable when it cannot begin.

    SIGHUP: go on with what ``read`` returns.

    Recovery runs before the socket opens: nobody sees a file that a crash left half written. (On a socket that systemd
    hands over, callers wait that long.) A service manager that wants to be told is told (daemon/notify.py).
    """
    memory.give_back_large_blocks()
    raise_open_files()
    state = Path(settings.state)
    lock_file = os.path.join(settings.state, "daemon.lock")
    with sole_holder(lock_file, f"state {settings.state}", 0o700), Keeper(state) as keeper:
        notify.status("completing what a crash left open")
        recovered = keeper.recover()
        _report(recovered)
        with listening(settings.socket, settings.access.group) as listener:
            service = Service(settings, keeper, recovered)
            service.socket_group = os.stat(listener.getsockname()).st_gid
            for finding in service.findings():
                _log.warning("%s: %s; %s (%s)", finding.rule, finding.message, finding.remedy, finding.evidence)
            serving = f"listening on {listener.getsockname()} with roots {', '.join(sorted(settings.roots))}"
            told = Told(
                ready=partial(_ready, serving, service),
                # It looks where the roots lead: a mount that does not answer must not stop the event loop.
                reload=partial(service.beside, partial(reload, service, read)),
                stop=partial(_stop, service),
            )
            service.maintenance.start()
            try:
                Server(app.build(service), told, lambda: service.settings).run_on(listener)
            finally:
                service.close()
    _log.info("stopped")


def _ready(serving: str, service: Service) -> None:
    _log.info("%s", serving)
    notify.ready(serving)
    service.beside(service.watch)


def _stop(service: Service) -> None:
    service.stop()
    notify.stopping()


def _report(recovered: list[Recovered]) -> None:
    for item in recovered:
        level = logging.WARNING if item.settled else logging.ERROR
        _log.log(level, "recovery of %r (revision %d): %s", item.path, item.revision, item.detail)
