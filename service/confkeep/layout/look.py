"""The live survey: engines, /proc and our own view, each of which may be missing, merged into one picture."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from confkeep.layout.containers import containers
from confkeep.layout.diagnosis import Source
from confkeep.layout.evidence import Eyes
from confkeep.layout.model import OK, Scope
from confkeep.layout.processes import own_view, processes
from confkeep.layout.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confkeep.layout.model import Container

_EVERYTHING = Scope()


def look(scope: Scope = _EVERYTHING, *, addresses: Iterable[str] | None = None, proc: str = "/proc") -> Survey:
    """What is to be seen from here, now. Never raises for a source that is not there: the survey says what it lacks.

    ``scope``: the container whose own layer is read, and paths to look at besides the mounts. ``addresses``: of
    engines; None for the usual ones, () for none.
    """
    own = own_view(proc)
    others = processes(own, proc)
    asked = containers(addresses, layers_of=scope.container)
    selinux = _selinux(proc)
    host_root = "" if not own.contained else _host_door(proc) if others.host_table is not None else None
    eyes = Eyes(host_root, others.host_table, labelled=selinux is not False, proc=proc)
    merged = [
        eyes.look(one, scope.paths) if one.contained else one for one in merge(asked.containers, others.found, own)
    ]
    sources = {
        Source.SELF: own.missing.get(Source.SELF, OK),
        Source.PROC: others.state,
        Source.ROOT: _of_root(merged, others.state),
        Source.API: asked.state,
        Source.COMPOSE: "no compose file was named",
    }
    return Survey(tuple(merged), sources, others.host_table, selinux)


def merge(known: Iterable[Container], seen: Iterable[Container], own: Container) -> Iterator[Container]:
    """Each container once: what its engine knows, with what /proc shows of it; then what /proc alone shows.

    They are the same by id. A process whose files tell no id is the one that the engine names by number. A container
    may have several mount namespaces: the one of its first process counts.
    """
    left = list(seen)
    if own.contained:
        left.append(own)
    ids: set[str] = set()
    for container in known:
        ids.add(container.id)
        matches = [one for one in left if one.id == container.id or _is_named(one, container)]
        match = next((one for one in matches if one.pid == container.pid), matches[0] if matches else None)
        if match is None:
            why = "its processes are not to be seen" if container.running else "it does not run"
            yield replace(container, missing={**container.missing, Source.PROC: why})
            continue
        left.remove(match)
        yield replace(
            container,
            pid=match.pid,
            table=match.table,
            uid_map=match.uid_map,
            credentials=match.credentials or container.credentials,
        )
    for one in left:
        yield replace(one, inner=True) if one.id and one.id in ids else one
        ids.add(one.id)


def _is_named(process: Container, container: Container) -> bool:
    return not process.id and process.pid is not None and process.pid == container.pid


def _of_root(containers: Iterable[Container], proc: str) -> str:
    """Whether stat worked for one other container at least, else why not for the first, or why ``proc`` shows none."""
    reasons = [one.missing.get(Source.ROOT, OK) for one in containers if one.contained and one.name]
    return OK if OK in reasons else reasons[0] if reasons else proc


def _host_door(proc: str) -> str | None:
    """The root of process 1, or of another one in its mount namespace where that is protected even from root."""
    host = _first_mount(proc, "1")
    for pid in sorted((name for name in os.listdir(proc) if name.isdecimal()), key=int):
        with suppress(OSError):
            if host and _first_mount(proc, pid) == host and os.lstat(f"{proc}/{pid}/root/"):
                return f"{proc}/{pid}/root"
    return None


def _first_mount(proc: str, pid: str) -> bytes:
    """Its number is no other mount's, in any namespace."""
    with suppress(OSError), open(f"{proc}/{pid}/mountinfo", "rb") as file:
        return file.readline()
    return b""


def _selinux(proc: str) -> bool | None:
    """Whether SELinux is enforcing (selinux(8)); None where it is there and a container does not see how."""
    try:
        with open("/sys/fs/selinux/enforce", encoding="ascii") as file:
            return file.read().strip() == "1"
    except OSError:
        pass
    try:
        with open(f"{proc}/self/attr/current", encoding="ascii", errors="replace") as file:
            return None if file.read().count(":") > 1 else False
    except OSError:
        return False
