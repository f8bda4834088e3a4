"""Keeps over Home Assistant's restarts what each client has been shown, beside what it keeps itself (``.storage``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .seen import Seen

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

_VERSION: Final = 1
#: Seconds that changes are gathered; what is open when Home Assistant stops is written then.
_DELAY: Final = 5.0


async def remembered(hass: HomeAssistant) -> Seen:
    """What was known when Home Assistant ran last."""
    store: Any = Store(hass, _VERSION, f"{DOMAIN}.seen", private=True)
    seen = Seen()
    stored = await store.async_load()
    if stored is not None:
        seen.restore(stored["shown"])

    def write() -> None:
        store.async_delay_save(lambda: {"shown": seen.stored()}, _DELAY)

    seen.changed = lambda: hass.loop.call_soon_threadsafe(write)
    return seen
