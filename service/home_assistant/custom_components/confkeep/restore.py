"""The action ``confkeep.restore``: an old version of a file back, and what is in it in use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service

from .client import SAVED_S, Interrupted, NotReached, Problem
from .const import DOMAIN, EDITED, LOGGER
from .places import NoPlace
from .settings import below_configuration

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant, ServiceCall

    from .client import Address, Client
    from .places import Places

_PATH: Final = "path"
_REVISION: Final = "revision"
_SCHEMA: Final = vol.Schema({vol.Required(_PATH): below_configuration, vol.Optional(_REVISION): cv.positive_int})
_LISTED: Final = 10
_NOT_FOUND: Final = 404


class Restore:
    """For admins only, as Home Assistant's own actions that change its configuration."""

    def __init__(self, hass: HomeAssistant, client: Client, places: Places) -> None:
        self._hass = hass
        self._client = client
        self._places = places

    def register(self) -> None:
        """Offer it."""
        async_register_admin_service(self._hass, DOMAIN, "restore", self._call, _SCHEMA)

    async def _call(self, call: ServiceCall) -> None:
        name: str = call.data[_PATH]
        try:
            done = await self._hass.async_add_executor_job(self._restore, name, call.data.get(_REVISION))
        except (NotReached, Interrupted, NoPlace, Problem) as error:
            self._places.forget()
            raise HomeAssistantError(f"{name} was not restored: {error}") from error
        LOGGER.info("%s is as it was in revision %s", name, done)
        if (domain := EDITED.get(name)) is not None and self._hass.services.has_service(domain, "reload"):
            await self._hass.services.async_call(domain, "reload", blocking=True)

    def _restore(self, name: str, revision: int | None) -> int:
        address = self._places.address(os.path.join(self._places.directory, name))
        etag = self._etag(address)
        revisions = self._client.ask("GET", address.at("history"), query={"limit": "1000"}).json()["revisions"]
        chosen = _newest_other(revisions, etag, name) if revision is None else _numbered(revisions, revision, address)
        self._client.ask(
            "POST",
            f"/v1/revisions/{chosen['id']}/restore",
            b"",
            query={"message": f"Home Assistant: confkeep.restore of revision {chosen['id']}"},
            match=etag,
            absent=etag is None,
            within=SAVED_S,
        )
        return int(chosen["id"])

    def _etag(self, address: Address) -> str | None:
        try:
            etag: str | None = self._client.ask("GET", address.at("stat")).json()["etag"]
        except Problem as error:
            if error.status != _NOT_FOUND:
                raise
            return None
        return etag


def _newest_other(revisions: list[dict[str, Any]], etag: str | None, name: str) -> dict[str, Any]:
    found = next((one for one in revisions if one["etag"] not in {etag, None}), None)
    if found is None:
        raise HomeAssistantError(f"the history of {name} has no other version than the one that is there")
    return found


def _numbered(revisions: list[dict[str, Any]], revision: int, address: Address) -> dict[str, Any]:
    found = next((one for one in revisions if one["id"] == revision), None)
    if found is None:
        known = ", ".join(f"{one['id']} ({one['time']})" for one in revisions[:_LISTED]) or "none"
        raise HomeAssistantError(f"{address} has no revision {revision}; the newest are {known}")
    return found
