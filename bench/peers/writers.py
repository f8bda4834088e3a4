"""Those that are compared, written as a program would that uses them; each runs in a process of its own (worker.py).

**Own durability**: what it does by itself. **Equal durability**: where it leaves out a flush that the floor does (of
the file before the rename, of the directory after it), its caller adds it; its name then ends in ``+ flushes``. No
option of confkeep leaves a flush out: with those that have none it is compared on tmpfs, where none costs anything.

``flushes`` says in their order which flushes a save asks for. That is not believed: strace must see them (trace.py).
"""

from __future__ import annotations

from typing import Final

from bench.peers import ours, theirs
from bench.peers.writing import Writer

_DURABLE: Final = ("file", "rename", "directory")

FLOOR: Final = "floor: os.*"
TWIN: Final = "its twin"
SAVE: Final = "confkeep.save"
KEEPER: Final = "confkeep Keeper.save"
SAVE_BOUND: Final = "confkeep.save, mounted file"
KEEPER_BOUND: Final = "confkeep Keeper.save, mounted file"

#: In Python; programs.py has the others.
WRITERS: Final = {
    FLOOR: Writer(_DURABLE, theirs.floor),
    TWIN: Writer(_DURABLE, theirs.floor),
    "open().write": Writer((), lambda: theirs.plain(flushed=False)),
    "open().write + flush": Writer(("file",), lambda: theirs.plain(flushed=True)),
    "atomicwrites": Writer(_DURABLE, theirs.atomicwrites),
    "Home Assistant write_utf8_file_atomic": Writer(_DURABLE, theirs.home_assistant),
    "durablewrite": Writer(_DURABLE, theirs.durablewrite),
    "safer": Writer(("rename",), theirs.safer),
    "safer + flushes": Writer(_DURABLE, theirs.safer_flushed),
    "atomik": Writer(("rename",), lambda: theirs.atomik(flushed=False)),
    "atomik + flushes": Writer(_DURABLE, lambda: theirs.atomik(flushed=True)),
    SAVE: Writer(_DURABLE, ours.save),
    "confkeep drop-in for atomicwrites": Writer(_DURABLE, ours.drop_in),
    KEEPER: Writer(("file", "journal", "rename", "directory"), ours.keeper),
    SAVE_BOUND: Writer(("journal", "file"), ours.save, bound=True),
    KEEPER_BOUND: Writer(("journal", "file"), ours.keeper, bound=True),
}
