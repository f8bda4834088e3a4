"""Which file or directory of the host is mounted where: the picture of a survey, as a tree or as one JSON document."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from confkeep.layout.mounttable import IN_MEMORY, contains, is_below, root_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confkeep.layout.holdings import Holding
    from confkeep.layout.survey import Survey

#: Of the document below. It only changes with a meaning: members that are added do not count.
VERSION: Final = 1


class Strokes(NamedTuple):
    """What a tree is drawn with."""

    branch: str
    last: str
    past: str


BOXES: Final = Strokes("├─ ", "└─ ", "│  ")
ASCII: Final = Strokes("|- ", "`- ", "|  ")


@dataclass(frozen=True, slots=True)
class _Held:
    """One file or directory, and everybody who has it mounted. ``below``: those that lie in it on the host."""

    holdings: list[Holding]
    below: list[_Held] = field(default_factory=list["_Held"])

    @property
    def first(self) -> Holding:
        return self.holdings[0]

    @property
    def name(self) -> str:
        """The path of the host; what has none that can be seen is called what the kernel calls it."""
        one = self.first
        if one.host_path is not None:
            return one.host_path
        if one.mount is None:
            return one.evidence
        return "in memory" if one.mount.fs_type in IN_MEMORY else f"{one.mount.source}:{one.mount.root}"

    @property
    def notes(self) -> list[str]:
        """What kind of thing it is, on which filesystem, and whether its name still leads to it."""
        one = self.first
        notes = [one.kind, one.mount.fs_type if one.mount else ""]
        if one.declared is not None and one.declared.volume:
            notes.append(f"volume {one.declared.volume}")
        if one.stale:
            notes.append("replaced or removed on the host")
        elif one.mount is not None and one.host_path is not None and not one.verified:
            root = root_of(one.mount)
            if posixpath.basename(root) != posixpath.basename(one.host_path):
                notes.append(f"really {root}")  # renamed since, or bound somewhere by the options of its volume
        return [note for note in notes if note]


def document(survey: Survey) -> dict[str, Any]:
    """The picture for programs. docs/doctor/README.md lists the members."""
    return {
        "version": VERSION,
        "files": [_file(held) for held in _held(survey.holdings)],
        "unmounted": _unmounted(survey),
        "sources": {source.value: state for source, state in survey.sources.items()},
    }


def lines(survey: Survey, strokes: Strokes) -> Iterator[str]:
    """The picture for people: what lies in a mounted directory and is mounted by itself, too, is drawn below it."""
    tops: list[_Held] = []
    above: list[_Held] = []
    for held in _held(survey.holdings):
        while above and not contains(above[-1].name, held.name):
            above.pop()
        outer = next((each for each in reversed(above) if is_below(held.name, each.name)), None)
        (outer.below if outer else tops).append(held)
        if not held.first.stale:  # nothing lies in what has lost its name
            above.append(held)
    for top in tops:
        yield _title(top, top.name)
        yield from _tree(top, strokes)
    unmounted = _unmounted(survey)
    if unmounted:
        yield f"no mounts: {', '.join(map(_called, unmounted))}"


def _held(holdings: Iterable[Holding]) -> list[_Held]:
    """The same place of the same filesystem is the same file; what has lost its name there is another one."""
    groups: dict[object, _Held] = {}
    for holding in holdings:
        key = (holding.place or holding.inode or holding.evidence, holding.stale)
        groups.setdefault(key, _Held([])).holdings.append(holding)
    return sorted(groups.values(), key=lambda held: (held.name.split("/"), held.first.stale))


def _tree(held: _Held, strokes: Strokes) -> Iterator[str]:
    blank = " " * len(strokes.past)
    entries: list[tuple[str, list[str]]] = [(_mount(holding), []) for holding in held.holdings]
    entries += [(_title(each, _within(each, held)), list(_tree(each, strokes))) for each in held.below]
    for number, (title, subtree) in enumerate(entries, 1):
        is_last = number == len(entries)
        yield (strokes.last if is_last else strokes.branch) + title
        for line in subtree:
            yield (blank if is_last else strokes.past) + line


def _within(held: _Held, outer: _Held) -> str:
    return held.name.removeprefix(outer.name).lstrip("/")


def _title(held: _Held, name: str) -> str:
    """``/srv/app/a.yaml (file, ext4)``."""
    notes = ", ".join(held.notes)
    return f"{name} ({notes})" if notes else name


def _mount(holding: Holding) -> str:
    """``app: /config/a.yaml (read-only)``."""
    return f"{_called(holding.container.name)}: {holding.path}{' (read-only)' if holding.read_only else ''}"


def _called(container: str) -> str:
    return container or "here"


def _file(held: _Held) -> dict[str, Any]:
    one = held.first
    return {
        "host_path": one.host_path,
        "verified": all(holding.verified for holding in held.holdings),
        "kind": one.kind,
        "stale": one.stale,
        "device": one.inode[0] if one.inode else None,
        "inode": one.inode[1] if one.inode else None,
        "mounts": [
            {
                "container": holding.container.name,
                "path": holding.path,
                "read_only": holding.read_only,
                "evidence": holding.evidence,
            }
            for holding in held.holdings
        ],
    }


def _unmounted(survey: Survey) -> list[str]:
    return [container.name for container in survey.containers if container.contained and not survey.of(container)]
