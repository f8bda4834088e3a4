"""Other processes' mounts, out of /proc: no engine is needed, and with ``pid: host`` no privilege either."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.layout import status
from confkeep.layout.diagnosis import Source
from confkeep.layout.model import OK, Container
from confkeep.layout.mounttable import container_id, device, parse_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.files.mounts import Mount

#: The initial process namespace (PROC_PID_INIT_INO of include/linux/proc_ns.h).
_INITIAL: Final = "pid:[4026531836]"
_SHORT: Final = 12  # digits of an id, as engines print it


class Processes(NamedTuple):
    """One process of each mount namespace but our own; ``state``: "ok", or why others are not to be seen."""

    found: tuple[Container, ...]
    state: str
    host_table: tuple[Mount, ...] | None


def processes(own: Container, proc: str = "/proc") -> Processes:
    """Look at every process once. ``host_table``: the mounts of process 1, where that is the host's."""
    found = tuple(_what_differs(one, own) for one in _one_of_each(proc))
    initial = _link(f"{proc}/self/ns/pid") == _INITIAL
    host_table = own.table if not own.contained else _table(proc, "1") if initial else None
    if initial or found:
        return Processes(found, OK, host_table)
    if not own.contained:
        why = "other processes are not to be seen: this one has a process namespace of its own"
        return Processes((), why if own.table else f"{proc} cannot be read", host_table)
    return Processes((), "only our own container's processes are to be seen: start this one with `pid: host`", None)


def own_view(proc: str = "/proc") -> Container:
    """What this process sees: name "", and its container's id where it is in one."""
    return _read(proc, "self", "") or Container(name="", missing={Source.SELF: f"{proc}/self/mountinfo cannot be read"})


def _what_differs(process: Container, own: Container) -> Container:
    """Of a process without a container (systemd makes hundreds) only the mounts that we do not have ourselves."""
    if process.contained:
        return process
    ours = {(device(mount), mount.root, mount.mount_point) for mount in own.table or ()}
    table = (m for m in process.table or () if (device(m), m.root, m.mount_point) not in ours)
    return replace(process, table=tuple(table))


def _one_of_each(proc: str) -> Iterator[Container]:
    """The first process of each mount namespace is the one that the others come from."""
    seen = {*_marks(proc, "self")}
    try:
        pids = sorted((name for name in os.listdir(proc) if name.isdecimal()), key=int)
    except OSError:
        return
    for pid in pids:
        if _link(f"{proc}/{pid}/ns/mnt") in seen:
            continue
        marks = _marks(proc, pid)
        known = bool(seen & marks)
        seen |= marks
        if marks and not known and (found := _read(proc, pid, f"pid {pid}")) is not None:
            yield found


def _marks(proc: str, pid: str) -> set[str]:
    """What tells its mount namespace from others: the kernel's number where it may be read, and its first mount."""
    first, _, _ = (_text(f"{proc}/{pid}/mountinfo") or "").partition("\n")
    return {mark for mark in (_link(f"{proc}/{pid}/ns/mnt"), first) if mark}


def _read(proc: str, pid: str, name: str) -> Container | None:
    table = _table(proc, pid)
    if not table:
        return None  # gone meanwhile, or a zombie
    told = {file: _text(f"{proc}/{pid}/{file}") for file in ("cgroup", "uid_map", "status")}
    ident = status.container_id(told["cgroup"] or "") or container_id(table)
    uid_map = told["uid_map"]
    return Container(
        name=ident[:_SHORT] if ident and name else name,
        id=ident,
        pid=int(pid) if pid.isdecimal() else None,
        table=table,
        uid_map=None if uid_map is None else status.uid_map(uid_map),
        credentials=status.credentials(told["status"] or ""),
        missing={Source.API: "no engine knows it, or none could be asked"} if ident else {},
    )


def _table(proc: str, pid: str) -> tuple[Mount, ...] | None:
    text = _text(f"{proc}/{pid}/mountinfo")
    return None if text is None else parse_table(text)


def _text(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read())
    except OSError:
        return None


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None
