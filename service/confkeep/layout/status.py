"""What /proc says of a process besides its mounts: as whom it writes, its user namespace, its container's id."""

from __future__ import annotations

import re
from typing import Final

from confkeep.layout.model import Credentials, IdRange

_CONTAINER: Final = re.compile(r"(?:^|[/:-])([0-9a-f]{64})(?=\.scope|/|$)")
#: What the initial user namespace's map says (user_namespaces(7)).
_IDENTITY: Final = ((0, 0, 4294967295),)


def credentials(text: str) -> Credentials | None:
    """As whom the process accesses files (fsuid, fsgid, groups, effective capabilities: proc_pid_status(5)).

    None where it does not say.
    """
    fields = {key: value.split() for key, _, value in (line.partition(":") for line in text.splitlines())}
    try:
        return Credentials(
            uid=int(fields["Uid"][3]),
            gid=int(fields["Gid"][3]),
            groups=frozenset(int(group) for group in fields.get("Groups", ())),
            capabilities=int(fields["CapEff"][0], 16),
        )
    except (KeyError, IndexError, ValueError):
        return None


def uid_map(text: str) -> tuple[IdRange, ...]:
    """The ranges of a uid_map; empty where nothing is mapped."""
    rows = (line.split() for line in text.splitlines())
    return tuple(IdRange(*(int(number) for number in row)) for row in rows if len(row) == len(IdRange._fields))


def is_identity(ranges: tuple[IdRange, ...]) -> bool:
    """Whether numbers of users are the same inside and outside."""
    return ranges == _IDENTITY or all(one.inside == one.outside for one in ranges)


def container_id(cgroup: str) -> str:
    """The container's id out of /proc/PID/cgroup, "" where it has none (version 2 with a namespace of its own)."""
    for line in cgroup.splitlines():
        found = _CONTAINER.findall(line.split(":", 2)[-1])
        if found:
            return str(found[-1])
    return ""
