"""SIGHUP: the settings are read again, and count from then on; those that cannot be used change nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

from confkeep.daemon import logs, notify
from confkeep.errors import SettingsError

if TYPE_CHECKING:
    from confkeep.daemon.service import Service
    from confkeep.daemon.settings import Settings

_log: Final = logging.getLogger("confkeep")


class Read(Protocol):
    """Reads the settings, with ``state`` and ``socket`` over what they say. Raises SettingsError."""

    def __call__(self, *, state: str | None = None, socket: str | None = None) -> Settings:
        """Read them now."""
        ...


def reload(service: Service, read: Read) -> None:
    """Let ``service`` go on with what ``read`` returns; requests under way end with what they began with.

    State and socket stay those that are in use: what may be edited is checked against them, not against new ones.
    """
    with notify.reloading():
        try:
            wanted = read()
            settings = read(state=service.settings.state, socket=service.settings.socket)
        except SettingsError as error:
            _log.error("the settings stay as they are: %s; %s", error.detail, error.remedy)
            notify.status(f"the settings stay as they are: {error.detail}")
            return
        for key in service.differs(wanted):
            _log.warning("%s is another than in use: that counts after a restart", key)
        service.reload(settings)
        service.watch()
        logs.configure(settings.log)
        _log.info("settings read again; roots %s", ", ".join(sorted(settings.roots)))
        notify.status(f"serving the roots {', '.join(sorted(settings.roots))}")
