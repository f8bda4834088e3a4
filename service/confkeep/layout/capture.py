"""The evidence of one moment, as files for a bug report: what `replay` reads."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

from confkeep.errors import AlreadyExists
from confkeep.layout import captured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.model import Container
    from confkeep.layout.survey import Survey

_OWN: Final = "self"
_SHORT: Final = 12


def capture(survey: Survey, directory: str) -> tuple[str, ...]:
    """Write what the survey knows into ``directory``, which is made; the names of the files.

    Paths, owners and names of configuration files are in it; no content of any file, no environment, no command and no
    labels but compose's own. Raises AlreadyExists where something is in the directory already, and OSError.
    """
    os.makedirs(directory, mode=0o700, exist_ok=True)
    if os.listdir(directory):
        raise AlreadyExists(f"{directory} is not empty", remedy="name a new directory: a capture is one moment")
    files = dict(_files(survey))
    for name, text in files.items():
        fd = os.open(os.path.join(directory, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as file:
            file.write(os.fsencode(text))
    return tuple(sorted(files))


def _files(survey: Survey) -> Iterator[tuple[str, str]]:
    about = {"format": captured.FORMAT, "sources": dict(survey.sources), "selinux": survey.selinux}
    yield captured.CAPTURE, _document(about)
    if survey.host_table is not None:
        yield captured.HOST_TABLE, "".join(f"{mount.line}\n" for mount in survey.host_table)
    taken: set[str] = set()
    for container in survey.containers:
        if not container.contained:
            continue
        name = container.name or _OWN
        name = name if name not in taken else f"{name}.{container.id[:_SHORT]}"
        taken.add(name)
        for kind, text in _about(container):
            yield captured.file_name(kind, name), text


def _about(container: Container) -> Iterator[tuple[tuple[str, str], str]]:
    if container.told:
        yield captured.INSPECT, _document(container.told)
    if container.table is not None:
        yield captured.TABLE, "".join(f"{mount.line}\n" for mount in container.table)
    if container.id:
        yield captured.CGROUP, f"0::/{container.id}\n"
    if container.uid_map is not None:
        yield (
            captured.UID_MAP,
            "".join(f"{one.inside:10} {one.outside:10} {one.size:10}\n" for one in container.uid_map),
        )
    who = container.credentials
    if who is not None:
        groups = " ".join(str(group) for group in sorted(who.groups))
        ids = "".join(
            f"{key}:\t{number}\t{number}\t{number}\t{number}\n" for key, number in (("Uid", who.uid), ("Gid", who.gid))
        )
        yield captured.STATUS, f"{ids}Groups:\t{groups}\nCapEff:\t{who.capabilities & (1 << 64) - 1:016x}\n"
    looked = captured.Looked(dict(container.inside), dict(container.host), dict(container.image), container.layer)
    if any(looked):
        yield captured.STAT, _document(captured.written(looked))


def _document(document: Any) -> str:  # noqa: ANN401 - whatever JSON can say
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
