"""What confkeep's doctor finds about the mounts of the configuration, as Home Assistant's repairs."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import callback
from homeassistant.helpers import issue_registry
from homeassistant.helpers.event import async_track_time_interval

from .client import Interrupted, NotReached, Problem
from .const import DOMAIN, EDITED, LOGGER
from .places import NoPlace

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.core import HomeAssistant

    from .client import Client
    from .places import Places

_EVERY: Final = timedelta(minutes=5)
_FORBIDDEN: Final = 403
_SEVERITIES: Final = {
    "error": issue_registry.IssueSeverity.ERROR,
    "warning": issue_registry.IssueSeverity.WARNING,
}
_NOT_REACHED: Final = "not_reached"
_NO_PLACE: Final = "no_place"
_CHANGED_INSIDE: Final = "changed_inside"


class Findings:
    """Looks when Home Assistant starts, and every few minutes."""

    def __init__(self, hass: HomeAssistant, client: Client, places: Places, missing: list[str]) -> None:
        self._hass = hass
        self._client = client
        self._places = places
        self._missing = missing
        self._shown: set[str] = set()

    @callback
    def start(self) -> None:
        """Look now, and again and again; nothing waits for it."""
        self._hass.async_create_background_task(self._look(), f"{DOMAIN} findings")
        async_track_time_interval(self._hass, self._look, _EVERY)

    async def _look(self, _now: datetime | None = None) -> None:
        wanted = await self._hass.async_add_executor_job(self._wanted)
        if wanted is None:
            return
        if self._missing:
            wanted[_CHANGED_INSIDE] = _issue(_CHANGED_INSIDE, what=", ".join(self._missing))
        for gone in self._shown - wanted.keys():
            issue_registry.async_delete_issue(self._hass, DOMAIN, gone)
        for name, issue in wanted.items():
            issue_registry.async_create_issue(self._hass, DOMAIN, name, **issue)
        self._shown = set(wanted)

    def _wanted(self) -> dict[str, dict[str, Any]] | None:
        """The issues there should be; None: it cannot be told now."""
        self._places.forget()  # it may have been started anew, with other roots
        try:
            self._client.check_alive()
            issues = {_name(found): _of(found) for found in self._found() if found["severity"] in _SEVERITIES}
            if (missing := self._without_place()) is not None:
                issues[_NO_PLACE] = _issue(_NO_PLACE, error=str(missing))
        except NotReached as error:
            return {_NOT_REACHED: _issue(_NOT_REACHED, socket=self._client.socket_path, error=str(error))}
        except (Interrupted, Problem) as error:
            LOGGER.warning("the doctor was not heard: %s", error)
            return None
        return issues

    def _without_place(self) -> NoPlace | None:
        """What is said of the first file that confkeep does not have."""
        for name in EDITED:
            if os.path.exists(path := os.path.join(self._places.directory, name)):
                try:
                    self._places.address(path)
                except NoPlace as error:
                    return error
        return None

    def _found(self) -> list[dict[str, Any]]:
        """Those about the configuration: as an admin of all containers', else of confkeep's own view of the files."""
        try:
            report = self._client.ask("GET", "/v1/doctor").json()
        except Problem as error:
            if error.status != _FORBIDDEN:
                raise
            return self._of_files()
        return [finding for finding in report["findings"] if self._is_ours(finding["path"])]

    def _of_files(self) -> list[dict[str, Any]]:
        roots = self._places.roots()
        return [finding for root in roots for finding in root["findings"]]

    def _is_ours(self, path: str) -> bool:
        ours = [self._places.directory, *(root["path"] for root in self._places.roots())]
        return any(path == one or path.startswith(one.rstrip("/") + "/") for one in ours)


def _name(finding: dict[str, Any]) -> str:
    return f"{finding['rule']} {finding.get('container') or ''} {finding.get('path') or ''}"


def _of(finding: dict[str, Any]) -> dict[str, Any]:
    return _issue(
        "finding",
        severity=_SEVERITIES[finding["severity"]],
        rule=finding["rule"],
        path=finding.get("path") or "",
        container=finding.get("container") or "",
        message=finding["message"],
        remedy=finding["remedy"],
    )


def _issue(key: str, severity: issue_registry.IssueSeverity | None = None, **placeholders: str) -> dict[str, Any]:
    return {
        "is_fixable": False,
        "severity": severity or issue_registry.IssueSeverity.WARNING,
        "translation_key": key,
        "translation_placeholders": placeholders,
    }
