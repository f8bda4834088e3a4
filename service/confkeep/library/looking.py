"""Look at a path and do something with what is there; again where somebody came in between."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from confkeep.errors import BadPath, IoError, TargetBusy
from confkeep.files.leftovers import is_temporary
from confkeep.files.place import at
from confkeep.files.target import Changed, look
from confkeep.library.state import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.files.target import Target

T = TypeVar("T")

#: How often a target that others replace at the same time is looked at again.
_ATTEMPTS: Final = 50


def on_target(path: str, act: Callable[[Target], T], *, follow: bool = True, despite_mode: bool = False) -> T:
    """What ``act`` returns of the target at ``path``; it raises Changed to be called with another look.

    What a crash left open of the file is settled before. ``follow`` as in ``at``, ``despite_mode`` as in ``look``.
    """
    done: list[T] = []
    for _ in range(_ATTEMPTS):
        try:
            with at(path, follow=follow) as place:
                if is_temporary(place.name):
                    raise BadPath(
                        f"{place.name!r} is a name of confkeep's own temporary files", remedy="choose another name"
                    )
                settle(place)
                with look(place, despite_mode=despite_mode) as target, suppress(Changed):
                    done.append(act(target))
                    return done[0]
        except OSError as error:
            if done:  # and a descriptor could not be closed
                return done[0]
            if isinstance(error, FileExistsError):  # AlreadyExists
                raise
            raise IoError(
                f"{path}: {os.strerror(error.errno or 0)}; nothing was written",
                remedy="look at the limits of this process and at the kernel log (dmesg)",
            ) from error
    raise TargetBusy(f"{path} changes faster than it can be looked at", remedy="try again")
