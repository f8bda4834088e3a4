"""When Home Assistant starts: where the journal of saves in place is, and what a crash has left open in it."""

from __future__ import annotations

import logging
import os

_LOG = logging.getLogger("confkeep")


def begin(configuration: str) -> None:
    """Have the journal in the directory ``configuration``, if that is Home Assistant's, and settle what is open in it.

    Home Assistant imports this before it reads its files: one that a crash left half written is whole again by then.
    Raises nothing: Home Assistant shall start.
    """
    if not os.path.exists(os.path.join(configuration, "configuration.yaml")):
        return
    # The home directory is in the container's own layer: lost when the container is made anew, and the journal with it.
    state = os.environ.setdefault("CONFKEEP_STATE", os.path.join(configuration, ".confkeep"))
    if os.path.exists(f"{state}/history.db-wal"):  # SQLite removes it when nobody uses the store any more
        try:
            _settle()
        except Exception as error:  # noqa: BLE001 - whatever it is
            _LOG.warning("what a crash left open could not be settled: %s (the next save tries it again)", error)


def _settle() -> None:
    from confkeep import Keeper

    with Keeper() as keeper:
        for settled in keeper.recovered:
            _LOG.warning("a crash had interrupted a save of %s: %s", settled.path, settled.detail)
