"""Whether a mount still shows what its source leads to on the host: MNT002, MNT003, MNT004 and MNT022."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from confkeep.layout import mounttable
from confkeep.layout.diagnosis import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Container
    from confkeep.layout.rules.rule import Rule
    from confkeep.layout.survey import Survey


class State(Enum):
    """``GONE``: what is mounted has lost its name. ``MOVED``: it has another. ``HIDDEN``: its name leads elsewhere."""

    CURRENT = auto()
    UNKNOWN = auto()
    GONE = auto()
    MOVED = auto()
    HIDDEN = auto()


def of(survey: Survey, holding: Holding) -> State:
    """By the kernel's word where it has one ("//deleted"), else by device and inode of both ends."""
    if holding.stale:
        return State.GONE
    source = holding.declared.source if holding.declared is not None else ""
    seen, host = holding.seen, holding.container.host
    if holding.mount is None or (source and (seen is None or source not in host)):
        return State.UNKNOWN
    on_host = host.get(source)
    if seen is None or not source or (on_host is not None and on_host.inode == seen.inode):
        return State.CURRENT
    if _is_where_it_was(survey, holding, source):
        # Another filesystem's changes by others show nowhere but here: the same name, and another inode.
        return State.GONE if holding.mount.remote else State.HIDDEN
    return State.HIDDEN if on_host is not None and on_host.dev != seen.dev else State.MOVED


def unjudged(rule: Rule, survey: Survey) -> Iterator[Skipped]:
    """One for each container with mounts of which only the kernel's word was had: nobody could compare the two ends."""
    unknown: dict[int, tuple[Container, list[str]]] = {}
    for holding in survey.holdings:
        if holding.declared is not None and of(survey, holding) is State.UNKNOWN:
            unknown.setdefault(id(holding.container), (holding.container, []))[1].append(holding.path)
    for container, paths in unknown.values():
        reason = f"only mountinfo tells of {', '.join(sorted(paths))}: nobody could compare inodes at both ends"
        yield Skipped(rule.id, reason, container.name)


def _is_where_it_was(survey: Survey, holding: Holding, source: str) -> bool:
    """Whether the root field still is the source's path, or a mount of the host leads from it to the source's name."""
    mount, table = holding.mount, survey.host_table
    if table is not None and mount is not None and source in mounttable.host_paths(table, mount):
        return True
    place = mounttable.place_of(survey.host_table, source) if survey.host_table is not None else None
    if place is not None and holding.place is not None and place[0] == holding.place[0]:
        return place == holding.place
    return holding.place is not None and source.endswith(holding.place[1])
