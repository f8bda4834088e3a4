"""Whether somebody else has mounted the very inode of a file: after a rename he would keep the old one, for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from confkeep.files.mounts import Facts
    from confkeep.files.place import Place

#: ``unknown``: other containers cannot be seen from here.
BoundElsewhere = Literal["unknown", "no", "yes"]


class Bound(NamedTuple):
    """``by``: who holds the inode, in words."""

    state: BoundElsewhere
    by: str = ""


UNKNOWN: Final = Bound("unknown")
NOT_BOUND: Final = Bound("no")

#: Says it of the file at a place. Never raises.
Elsewhere = Callable[["Place", "Facts"], Bound]
