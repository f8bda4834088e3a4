"""All rules that a compose file alone can be judged by, in the order of its lines."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from confkeep.errors import shown
from confkeep.layout.compose_finding import Seen
from confkeep.layout.compose_single import EACH
from confkeep.layout.compose_sources import Shape
from confkeep.layout.compose_together import mixed_granularity, nested_mounts, readonly_rootfs, shared_writers
from confkeep.layout.diagnosis import Skipped

if TYPE_CHECKING:
    from confkeep.layout.compose_finding import Finding
    from confkeep.layout.compose_services import Stack


def find(stack: Stack) -> list[Finding]:
    """The findings; where a source may not be looked at, the stack gets to know what was skipped."""
    seen = Seen(stack)
    mounts = stack.all_mounts()
    for mount in mounts:
        look = seen.look(mount)
        if look.shape is Shape.UNKNOWN and look.reason:
            stack.skipped.append(
                Skipped("MNT008", shown(f"{mount.source}: {look.reason}"), shown(f"{mount.service}: {mount.target}"))
            )
    single = (finding for mount in mounts for rule in EACH for finding in rule(seen, mount))
    together = (rule(seen) for rule in (readonly_rootfs, nested_mounts, shared_writers, mixed_granularity))
    found = chain(single, chain.from_iterable(together))
    return sorted(found, key=lambda one: (stack.where.text.line(one.mount.item.node.span), one.rule, one.mount.service))
