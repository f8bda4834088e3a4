"""The comparison as tables, for people and for docs/performance.md."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

from bench.budget import table
from bench.peers.table import Row, Table
from bench.services import keeping
from bench.services.burden import CLIENTS
from bench.services.lanes import FLOOR, TWIN, equal

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.peers.table import Cell
    from bench.services.burden import Burden
    from bench.services.peer import Peer
    from bench.services.rounds import Kept

_USUAL: Final = 16
_SPEED_NOTE: Final = """\
The same document saved through each service on a Unix socket (Cockpit's bridge: on its standard input), one client,
interleaved. Each with its own durability; where a service leaves out a flush that the floor does, there is a second row
whose client adds it after the answer: equal durability, but after the rename, so that a crash in between may leave an
empty file, and one commit of the filesystem's journal does for both flushes, where the floor needs two. Ratios are
taken pair by pair; the band is the floor's twin.
"""
_BURDEN_NOTE: Final = """\
16 KB. Many clients: one connection each, all driven by one thread; each client its own file, or all the same one (the
last one wins). Each of Cockpit's clients has a bridge of its own, as each of its sessions. Over 100 saves in a row and
what follows them: flush commands that the disk has done, processor time of all the service's processes. Start: to the
first answer, the middle one of four.
"""
_KEPT_NOTE: Final = """\
Found by trying: flushes and renames by strace; a file of mode 0640, of another owner, behind a symbolic link, mounted
by itself as in a container; a save by a client that says it has not seen the newest content; which of the two contents
before this one is still there; reads of the file while it is saved that got neither an old nor a new content.
"""
_FLUSHES: Final = ("file", "directory", "store")
_FLOOR_FLUSHES: Final = "file, directory"


def speed(peers: list[Peer], speeds: dict[int, Kept], what: str) -> Table:
    """p50, p99 and the ratio to the floor, for each size."""
    head = ["version", "flushed at the answer"]
    for size in speeds:
        head += [f"{size} KB p50, us", f"{size} KB p99, us", f"{size} KB / floor"]

    def cells(lane: str) -> list[Cell]:
        found: list[Cell] = []
        for kept in speeds.values():
            found += [kept.p50(lane) * 1e6, kept.p99(lane) * 1e6, kept.ratio(lane)]
        return found

    rows = [Row(name, ("", _FLOOR_FLUSHES, *cells(name))) for name in (FLOOR, TWIN)]
    for peer in peers:
        rows.append(_row(peer, len(head) - 1, lambda of: [_flushes(of), *cells(of.name)]))
        added = equal(peer)
        if added is not None and peer.missing is None:
            rows.append(Row(added, (peer.version, _FLOOR_FLUSHES, *cells(added))))
    twins = speeds[_USUAL].twins()
    steady = "; ".join(f"{size} KB: {kept.what}" for size, kept in speeds.items())
    title = f"a save through a service, on {what}; {steady}"
    bars, band = f"{_USUAL} KB / floor", (min(twins), max(twins))
    return Table("services", title, _SPEED_NOTE, tuple(head), tuple(rows), bars, band)


def burden(peers: list[Peer], found: dict[str, Burden], starts: dict[str, list[float]], what: str) -> Table:
    """Saves a second by the number of clients; processor time, memory, start."""
    head = ["version", *(f"saves/s of {count}" for count in CLIENTS), "32 clients / 1"]
    head += [*(f"saves/s of {count}, one file" for count in CLIENTS)]
    head += ["flush commands a save", "processor us a save", "RSS MB", "start ms"]

    def cells(peer: Peer) -> list[Cell]:
        of = found[peer.name]
        together = [of.together.get(count) for count in CLIENTS]
        gain = together[-1] / together[0] if together[0] and together[-1] else None
        alone: list[Cell] = [of.flushes, of.processor * 1e6, of.resident / 1e6, median(starts[peer.name]) * 1e3]
        return [*together, gain, *(of.one_file[count] for count in CLIENTS), *alone]

    rows = [_row(peer, len(head) - 1, cells) for peer in peers]
    title = f"many clients, and what a save costs the service, on {what}"
    return Table("services-burden", title, _BURDEN_NOTE, tuple(head), tuple(rows))


def kept(peers: list[Peer], found: dict[str, Burden]) -> Table:
    """What is flushed and what is kept."""
    head = ("version", "calls a save", *keeping.HEADS)

    def cells(of: Burden) -> list[Cell]:
        calls = "no strace" if of.calls is None else ", ".join(f"{call} {n:.2g}" for call, n in of.calls.items())
        return [calls or "none", *of.kept]

    rows = [_row(peer, len(head) - 1, lambda of: cells(found[of.name])) for peer in peers]
    return Table("services-kept", "what a service flushes and keeps", _KEPT_NOTE, head, tuple(rows))


def _flushes(peer: Peer) -> str:
    return ", ".join(what for what in _FLUSHES if what in peer.flushes) or "nothing"


def _row(peer: Peer, width: int, cells: Callable[[Peer], list[Cell]]) -> Row:
    """One that cannot be measured is named, with the reason."""
    if peer.missing is not None:
        return Row(peer.name, (peer.missing, *[None] * width))
    return Row(peer.name, (peer.version, *cells(peer)))


def number(of: Table, name: str, head: str) -> float:
    """One cell."""
    cell = next(row for row in of.rows if row.name == name).cells[of.head.index(head)]
    assert isinstance(cell, float), f"{of.name}: {name}: {head} is {cell}"
    return cell


def show(of: Table) -> None:
    """Print it."""
    table(of.title, ["", *of.head], [[row.name, *map(_printed, row.cells)] for row in of.rows])
    print(of.note)


def _printed(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.2f}" if cell < 100 else f"{cell:.0f}"
    return str(cell)
