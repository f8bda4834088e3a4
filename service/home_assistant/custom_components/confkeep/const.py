"""What the integration's parts share."""

from __future__ import annotations

import logging
from typing import Final

DOMAIN: Final = "confkeep"
LOGGER: Final = logging.getLogger(__package__)
DEFAULT_SOCKET: Final = "/run/confkeep/confkeep.sock"
#: What Home Assistant's own editor writes (homeassistant/config.py), and the domain that reads it again.
EDITED: Final = {"automations.yaml": "automation", "scripts.yaml": "script", "scenes.yaml": "scene"}
