"""What there is to say of a history that was damaged and set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.errors import shown
from confkeep.files.finding import Finding

if TYPE_CHECKING:
    from confkeep.history.damage import Damage


def of_damage(damage: Damage) -> Finding:
    """The finding STA004."""
    kept = f"; unsettled saves of {', '.join(damage.kept)} were taken over" if damage.kept else ""
    lost = f"; LOST are unsettled saves: {', '.join(damage.lost)}" if damage.lost else ""
    return Finding(
        rule="STA004",
        severity="error",
        message=shown(f"the history was damaged; it is {damage.aside} now, and a new one has begun{kept}{lost}"),
        remedy="look for errors of the disk (dmesg); sqlite3's .recover may still read the old history; then remove it",
        evidence=shown(damage.reason),
    )
