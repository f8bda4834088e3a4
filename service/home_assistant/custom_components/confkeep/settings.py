"""What may stand under ``confkeep:`` in configuration.yaml."""

from __future__ import annotations

import os
from typing import Final

import voluptuous as vol
from homeassistant.helpers import config_validation as cv

from .const import DEFAULT_SOCKET, DOMAIN

CONF_SOCKET: Final = "socket"
CONF_FILES: Final = "files"


def below_configuration(value: object) -> str:
    """A path below the configuration directory."""
    name = os.path.normpath(str(cv.string(value)))
    if os.path.isabs(name) or name.startswith(".."):
        raise vol.Invalid(f"{value} is not below the configuration directory: write automations.yaml, for example")
    return name


def _address(value: object) -> str:
    """ROOT/PATH."""
    address = str(cv.string(value))
    root, _, path = address.partition("/")
    if not (root and path):
        raise vol.Invalid(f"{address} is no file of confkeep: write ROOT/PATH, such as automations/automations.yaml")
    return address


_OPTIONS: Final = vol.Schema(
    {
        vol.Optional(CONF_SOCKET, default=DEFAULT_SOCKET): cv.string,
        vol.Optional(CONF_FILES, default=dict): {below_configuration: _address},
    }
)
#: ``confkeep:`` alone is None.
CONFIG_SCHEMA = vol.Schema({DOMAIN: vol.All(lambda options: options or {}, _OPTIONS)}, extra=vol.ALLOW_EXTRA)
