"""SIGHUP: the settings are read again, and count from then on; those that cannot be used change nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from confkeep.daemon import logs, notify
from confkeep.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.daemon.service import Service
    from confkeep.daemon.settings import Settings

_log: Final = logging.getLogger("confkeep")


def reload(service: Service, read: Callable[[], Settings]) -> None:
    """Let ``service`` go on with what ``read`` returns; requests under way end with what they began with."""
    with notify.reloading():
        try:
            settings = read()
        except SettingsError as error:
            _log.error("the settings stay as they are: %s; %s", error.detail, error.remedy)
            notify.status(f"the settings stay as they are: {error.detail}")
            return
        for key in service.reload(settings):
            _log.warning("%s has changed: that counts after a restart", key)
        logs.configure(settings.log)
        _log.info("settings read again; roots %s", ", ".join(sorted(settings.roots)))
        notify.status(f"serving the roots {', '.join(sorted(settings.roots))}")
