"""One life of the daemon: locks, state, recovery, socket, service, and all of it back in reverse order."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from confkeep.daemon import app
from confkeep.daemon.listening import listening, sole_holder
from confkeep.daemon.server import Server
from confkeep.daemon.service import Service
from confkeep.keeper import Keeper

if TYPE_CHECKING:
    from confkeep.daemon.settings import Settings
    from confkeep.recovery import Recovered

_log: Final = logging.getLogger("confkeep")


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsError or JournalUnavailable when it cannot begin.

    Recovery runs before the socket opens: nobody sees a file that a crash left half written.
    """
    state = Path(settings.state)
    lock_file = os.path.join(settings.state, "daemon.lock")
    with sole_holder(lock_file, f"state {settings.state}", 0o700), Keeper(state) as keeper:
        recovered = keeper.recover()
        _report(recovered)
        with listening(settings.socket) as listener:
            service = Service(settings, keeper, recovered)
            for finding in service.findings():
                _log.warning("%s: %s; %s (%s)", finding.rule, finding.message, finding.remedy, finding.evidence)
            server = Server(app.build(service), on_stop=service.stop)
            _log.info("listening on %s with roots %s", settings.socket, ", ".join(sorted(settings.roots)))
            service.maintenance.start()
            try:
                server.run_on(listener)
            finally:
                service.close()
    _log.info("stopped")


def _report(recovered: list[Recovered]) -> None:
    for item in recovered:
        level = logging.WARNING if item.settled else logging.ERROR
        _log.log(level, "recovery of %s (revision %d): %s", item.path, item.revision, item.detail)
