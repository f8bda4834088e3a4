"""What Settings, System, Repairs, System information shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN

if TYPE_CHECKING:
    from homeassistant.components import system_health

    from .status import Status


@callback
def async_register(hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:  # noqa: ARG001 - as it is called
    """Register it."""
    register.async_register_info(_info)


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    status: Status = hass.data[DOMAIN]
    return {
        "active": await hass.async_add_executor_job(status.active),
        "socket": status.client.socket_path,
        "version": await hass.async_add_executor_job(status.version) or "not reached",
    }
