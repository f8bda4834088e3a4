"""``--compose FILE``: what is wrong with the mounts of a compose file, before anything runs and without an engine.

Nothing is ever loaded from the file into objects: libyaml's events become nodes with their places in the text.
"""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from confkeep.errors import ConfkeepError, FileTooLarge, IoError, NoPermission, NotARegularFile, NotFound, shown
from confkeep.layout.compose_mount import Where
from confkeep.layout.compose_nodes import Mapping, Text, invalid
from confkeep.layout.compose_patch import Patches
from confkeep.layout.compose_rules import find
from confkeep.layout.compose_services import read_stack
from confkeep.layout.compose_tree import Builder
from confkeep.layout.compose_variables import read_env
from confkeep.layout.diagnosis import Diagnosis, Location, Report, Source

if TYPE_CHECKING:
    from collections import abc

    from confkeep.layout.compose_finding import Finding
    from confkeep.layout.compose_nodes import Node
    from confkeep.layout.compose_services import Stack

#: Those in public repositories have a few KB.
MAX_BYTES: Final = 256 * 1024
_SECONDS: Final = 5.0


def check_compose(path: str, environment: abc.Mapping[str, str] | None = None) -> Report:
    """The findings of a file and what could not be judged; sources are looked at on this host, where they are there.

    ``environment`` (this process's by default) and the ``.env`` beside the file resolve the variables. All services are
    looked at, whatever their profiles; other files (``include``, ``extends``) are not, and the report says so.
    Raises InvalidDocument with file and line where Compose would refuse the syntax, duplicate keys or mounts;
    NotFound, NotARegularFile, NoPermission, FileTooLarge (256 KiB) or IoError where it cannot be read.
    """
    where = _where(path, environment)
    stack = _stack(where)
    findings = find(stack)
    patches = Patches(stack, findings, lambda candidate: find(_stack(replace(where, text=candidate))))
    return Report(
        tuple(_diagnosis(where.text, finding, patches.patch(finding)) for finding in findings),
        tuple(dict.fromkeys(stack.skipped)),
        {Source.COMPOSE: "ok"},
    )


def places(path: str, environment: abc.Mapping[str, str] | None = None) -> dict[str, dict[str, int]]:
    """Of each service, of each path that something is mounted on, the line of its entry.

    Raises what check_compose raises.
    """
    stack = _stack(_where(path, environment))
    line = stack.where.text.line
    return {
        shown(service): {shown(target): line(mount.item.node.span) for target, mount in mounts.items()}
        for service, mounts in stack.mounts.items()
    }


def _where(path: str, environment: abc.Mapping[str, str] | None) -> Where:
    text = _decode(path, _read(path))
    directory = os.path.dirname(os.path.abspath(path))
    return Where(text, directory, _variables(directory, os.environ if environment is None else environment))


def _stack(where: Where) -> Stack:
    root, others = _documents(where.text)
    stack = read_stack(root, where)
    for other in others:
        stack.skip(other.span, "document", "only the first document of a file is looked at")
    return stack


def _diagnosis(text: Text, finding: Finding, patch: str) -> Diagnosis:
    mount = finding.mount
    at = mount.item.node.span
    return Diagnosis(
        rule=finding.rule,
        severity=finding.severity,
        container=mount.service,
        path=shown(mount.target),
        message=shown(finding.message),
        remedy=shown(finding.remedy),
        evidence=text.excerpt(at),
        host_path=shown(mount.source) if mount.source.startswith("/") else None,
        location=Location(text.name, text.line(at)),
        patch=patch,
    )


def _variables(directory: str, environment: abc.Mapping[str, str]) -> abc.Mapping[str, str]:
    try:
        return read_env(_read(os.path.join(directory, ".env")).decode("utf-8-sig", "replace"), environment)
    except ConfkeepError:
        return environment  # without the file its variables are unresolved, and each is reported as skipped


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NotARegularFile(f"{path} is not a regular file", remedy="name a compose file")
            data = file.read(MAX_BYTES + 1)
    except IsADirectoryError as error:
        raise NotARegularFile(f"{path} is a directory", remedy="name the compose file in it") from error
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist", remedy="name a compose file") from error
    except PermissionError as error:
        raise NoPermission(f"{path} cannot be read: {error.strerror}", remedy="run it as a user who may") from error
    except OSError as error:
        raise IoError(f"{path} cannot be read: {error.strerror}", remedy="name a compose file") from error
    if len(data) > MAX_BYTES:
        raise FileTooLarge(f"{path} has more than {MAX_BYTES} bytes", remedy="name a compose file")
    return data


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a FIFO would wait for its writer


def _decode(path: str, data: bytes) -> Text:
    from confkeep.documents.dialect import Dialect
    from confkeep.documents.yaml.check import check

    try:
        found = check(data, strict=True, seconds=_SECONDS, dialect=Dialect.COMPOSE)
        characters = data.decode()
    except UnicodeDecodeError as error:
        raise invalid(path, 1, "not in UTF-8") from error
    except TimeoutError as error:
        raise invalid(path, 1, "reading it takes too long") from error
    first = next((one for one in found if one.severity == "error"), None)
    if first:
        raise invalid(path, first.range.start.line + 1, first.message)
    mark = characters[: characters.startswith("\ufeff")]
    return Text(shown(path), characters.removeprefix(mark), mark)


def _documents(text: Text) -> tuple[Mapping, list[Node]]:
    """The first document and the others. Raises InvalidDocument."""
    import yaml

    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    builder = Builder(text)
    try:
        parser = cast("Any", loader)(text.characters)  # PyYAML's own stubs do not know its events
        while (event := parser.get_event()) is not None:
            builder.see(event)
    except yaml.YAMLError as error:  # the patch's own text: the user's was checked when it was read
        raise invalid(text.name, 1, "not YAML") from error
    if not builder.documents:
        raise invalid(text.name, 1, "the file is empty")
    root, *others = builder.documents
    if not isinstance(root, Mapping):
        raise text.invalid(root.span, "a compose file is a mapping")
    return root, others
