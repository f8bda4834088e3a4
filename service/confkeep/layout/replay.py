"""A survey out of a folder that a capture wrote: to diagnose a layout on another machine than its own."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from confkeep.errors import BadParameter
from confkeep.layout import captured, inspected, status
from confkeep.layout.diagnosis import Source
from confkeep.layout.loose import mapping, text
from confkeep.layout.model import OK, Container
from confkeep.layout.mounttable import container_id, parse_table
from confkeep.layout.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_CAPTURED: Final = "not in the capture"
#: Which file of a container tells that a source was there.
_SHOWS: Final = {Source.API: captured.INSPECT, Source.PROC: captured.TABLE, Source.ROOT: captured.STAT}
_LARGEST: Final = 32 * 1024 * 1024


def replay(directory: str) -> Survey:
    """The survey of the moment that was captured in ``directory``.

    Raises BadParameter where that is no capture, or one of its files cannot be read as what its name says.
    """
    try:
        files = sorted(os.listdir(directory))
    except OSError as error:
        raise BadParameter(
            f"{directory} cannot be read: {error.strerror}",
            remedy="name a folder that `confkeep doctor --capture` wrote",
        ) from error
    names = sorted(
        {name for kind in _SHOWS.values() for file in files if (name := captured.name_in(kind, file)) is not None}
    )
    if not names and captured.CAPTURE not in files:
        raise BadParameter(
            f"{directory} holds no capture: no inspect, mountinfo or stat file",
            remedy="name a folder that `confkeep doctor --capture` wrote",
        )
    about = _json(directory, captured.CAPTURE) or {}
    selinux = about.get("selinux")
    host_table = _text(directory, captured.HOST_TABLE)
    return Survey(
        containers=tuple(_container(directory, name) for name in names),
        sources=_sources(about.get("sources"), names, files),
        host_table=None if host_table is None else parse_table(host_table),
        selinux=selinux if isinstance(selinux, bool) else None,
        live=False,
    )


def _sources(said: object, names: Iterable[str], files: Iterable[str]) -> dict[Source, str]:
    if isinstance(said, dict):
        return {source: text(mapping(cast("object", said)).get(source)) or _NOT_CAPTURED for source in Source}
    there = set(files)
    shown = {source: any(captured.file_name(kind, name) in there for name in names) for source, kind in _SHOWS.items()}
    return {source: OK if shown.get(source) else _NOT_CAPTURED for source in Source}


def _container(directory: str, name: str) -> Container:
    attributes = _json(directory, captured.file_name(captured.INSPECT, name))
    table = _text(directory, captured.file_name(captured.TABLE, name))
    looked = _json(directory, captured.file_name(captured.STAT, name))
    found = inspected.container(attributes) if attributes else Container(name=name or "captured")
    missing = {
        source: _NOT_CAPTURED for source, got in zip(_SHOWS, (attributes, table, looked), strict=True) if got is None
    }
    found = _with_proc(replace(found, missing=missing), directory, name, table)
    if looked is None:
        return found
    try:
        evidence = captured.read_looked(looked)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(directory, captured.file_name(captured.STAT, name), repr(error)) from error
    return replace(found, inside=evidence.inside, host=evidence.host, image=evidence.image, layer=evidence.layer)


def _with_proc(container: Container, directory: str, name: str, table: str | None) -> Container:
    cgroup, uid_map, told = (
        _text(directory, captured.file_name(kind, name))
        for kind in (captured.CGROUP, captured.UID_MAP, captured.STATUS)
    )
    mounts = None if table is None else parse_table(table)
    return replace(
        container,
        table=mounts,
        id=container.id or status.container_id(cgroup or "") or container_id(mounts or ()),
        uid_map=None if uid_map is None else status.uid_map(uid_map),
        credentials=status.credentials(told or "") or container.credentials,
    )


def _text(directory: str, file: str) -> str | None:
    try:
        with open(os.path.join(directory, file), "rb") as stream:
            return os.fsdecode(stream.read(_LARGEST))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(directory, file, error.strerror or "") from error


def _json(directory: str, file: str) -> dict[str, Any] | None:
    content = _text(directory, file)
    if content is None:
        return None
    try:
        document: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _unreadable(directory, file, str(error)) from error
    if not isinstance(document, dict):
        raise _unreadable(directory, file, "it is no JSON object")
    return mapping(cast("object", document))


def _unreadable(directory: str, file: str, reason: str) -> BadParameter:
    return BadParameter(
        f"{os.path.join(directory, file)} is not what a capture holds: {reason}",
        remedy="capture again, or leave the file out: what it would tell is then skipped",
    )
