"""Home Assistant saves through confkeep: comments stay, nobody's edit is lost, and file mounts work.

What its own editor saves (automations, scripts, scenes) goes over confkeep's Unix socket; what the doctor finds about
the mounts becomes a repair; ``confkeep.restore`` brings an old version back. docs/home-assistant.md tells more.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .client import Client, Interrupted, NotReached, Problem
from .const import DOMAIN, EDITED, LOGGER
from .findings import Findings
from .hooks import Hooks, module
from .memory import remembered
from .places import NoPlace, Places
from .restore import Restore
from .saving import Saving
from .settings import CONF_FILES, CONF_SOCKET, CONFIG_SCHEMA
from .status import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant

__all__ = ["CONFIG_SCHEMA", "async_setup"]


async def async_setup(hass: HomeAssistant, config: Mapping[str, Any]) -> bool:
    """Hook Home Assistant's editor. Nothing depends on confkeep's being there already."""
    options = config.get(DOMAIN)
    if options is None:
        return True
    client = Client(options[CONF_SOCKET])
    places = Places(client, hass.config.config_dir, options[CONF_FILES])
    editor = await hass.async_add_executor_job(module)
    missing = [] if editor is not None else ["homeassistant.components.config"]
    if editor is not None:
        seen = await remembered(hass)
        missing = Hooks(editor, lambda write: Saving(client, places, seen, write)).missing
    for name in missing:
        LOGGER.warning(
            "%s is not as it was in the versions of Home Assistant that are known: the editor saves without confkeep, "
            "or without knowing who has seen what. A newer version of the integration may know it",
            name,
        )
    hass.data[DOMAIN] = Status(client, hooked="_write(path, data)" not in missing and editor is not None)
    Restore(hass, client, places).register()
    Findings(hass, client, places, missing).start()
    hass.async_create_background_task(_in_background(hass, client, places), f"{DOMAIN} places")
    return True


async def _in_background(hass: HomeAssistant, client: Client, places: Places) -> None:
    await hass.async_add_executor_job(_say_where, client, places)


def _say_where(client: Client, places: Places) -> None:
    for name in EDITED:
        try:
            client.check_alive()
            address = places.address(os.path.join(places.directory, name))
        except (NotReached, Interrupted, Problem, NoPlace) as error:
            LOGGER.warning("%s is saved by Home Assistant itself for now: %s", name, error)
            if isinstance(error, NotReached | Interrupted):
                return  # the others neither
        else:
            LOGGER.info("%s is saved by confkeep at %s as %s", name, client.socket_path, address)
