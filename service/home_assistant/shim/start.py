"""When Home Assistant starts: where the journal of saves in place is, what a crash left open in it, and its size."""

from __future__ import annotations

import logging
import os

_LOG = logging.getLogger("confkeep")
#: Bytes of the journal from which on old contents are taken out; of each file so many, of so many days, stay.
_LARGE = 4 << 20
_REVISIONS, _DAYS = 20, 30


def begin(configuration: str) -> None:
    """Have the journal in the directory ``configuration``, if that is Home Assistant's, and settle what is open in it.

    Home Assistant imports this before it reads its files: one that a crash left half written is whole again by then.
    Raises nothing: Home Assistant shall start.
    """
    if not os.path.exists(os.path.join(configuration, "configuration.yaml")):
        return
    # The home directory is in the container's own layer: lost when the container is made anew, and the journal with it.
    state = os.environ.setdefault("CONFKEEP_STATE", os.path.join(configuration, ".confkeep"))
    try:
        if os.path.exists(f"{state}/history.db-wal"):  # SQLite removes it when nobody uses the store any more
            _settle()
        if os.path.exists(f"{state}/history.db") and os.path.getsize(f"{state}/history.db") > _LARGE:
            _shrink(state)
    except Exception as error:  # noqa: BLE001 - whatever it is
        _LOG.warning("what a crash left open could not be settled: %s (the next save tries it again)", error)


def _settle() -> None:
    from confkeep import Keeper

    with Keeper() as keeper:
        for settled in keeper.recovered:
            _LOG.warning("a crash had interrupted a save of %s: %s", settled.path, settled.detail)


def _shrink(state: str) -> None:
    """A daemon does this beside its saves; here is none."""
    from contextlib import closing
    from pathlib import Path

    from confkeep.history.retention import Policy
    from confkeep.history.store import Store
    from confkeep.history.upkeep import upkeep

    with closing(Store(Path(state))) as store:
        upkeep(store, {"/": Policy(_REVISIONS, _DAYS)}, lambda _: False)
