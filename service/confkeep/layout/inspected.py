"""What an engine says of one container (`GET /containers/ID/json`), read into the model; and what of it may be kept.

Only what is listed here is read, kept in memory or captured: environment, command, networks and other labels may hold
secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from confkeep.layout.loose import mapping, mappings, strings, text
from confkeep.layout.model import CAP_DAC_OVERRIDE, Container, Credentials, Declared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KEPT: Final = ("Id", "Name", "Created", "Driver", "MountLabel")
_KEPT_STATE: Final = ("Status", "Running", "Pid", "ExitCode", "Error", "StartedAt")
_KEPT_HOST: Final = ("Binds", "Tmpfs", "ReadonlyRootfs", "UsernsMode", "CapAdd", "CapDrop", "GroupAdd", "Privileged")
_KEPT_MOUNT: Final = (
    *("Type", "Name", "Source", "Destination", "Target", "Driver", "Mode", "RW", "ReadOnly", "Propagation"),
    "BindOptions",
)
#: Labels that compose itself writes, and that lead to the line in its file.
_COMPOSE: Final = "com.docker.compose."
_KEPT_LABELS: Final = tuple(
    _COMPOSE + name for name in ("project", "service", "version", "project.config_files", "project.working_dir")
)


def kept(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an engine's answer that rules look at, and nothing else."""
    host, config = (mapping(attributes.get(key)) for key in ("HostConfig", "Config"))
    return {
        **_only(_KEPT, attributes),
        "State": _only(_KEPT_STATE, mapping(attributes.get("State"))),
        "HostConfig": {**_only(_KEPT_HOST, host), "Mounts": [_mount(mount) for mount in mappings(host.get("Mounts"))]},
        "Config": {**_only(("User",), config), "Labels": _only(_KEPT_LABELS, mapping(config.get("Labels")))},
        "Mounts": [_mount(mount) for mount in mappings(attributes.get("Mounts"))],
    }


def container(attributes: Mapping[str, Any], engine: str = "") -> Container:
    """One container out of what the engine says. Its mounts are those that the engine was told to make."""
    told = kept(attributes)
    state, host, config = (mapping(told[key]) for key in ("State", "HostConfig", "Config"))
    pid = state.get("Pid")
    return Container(
        name=text(told.get("Name")).removeprefix("/"),
        id=text(told.get("Id")),
        pid=pid if isinstance(pid, int) and pid > 0 else None,
        engine=engine,
        running=bool(state.get("Running")),
        error=text(state.get("Error")),
        declared=tuple(_declared(told)),
        read_only_root=bool(host.get("ReadonlyRootfs")),
        credentials=_credentials(text(config.get("User")), host),
        labels={key: text(value) for key, value in mapping(config.get("Labels")).items()},
        told=told,
    )


def _only(keys: tuple[str, ...], found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: found[key] for key in keys if key in found}


def _mount(mount: Mapping[str, Any]) -> dict[str, Any]:
    subpath = _only(("Subpath",), mapping(mount.get("VolumeOptions")))
    return {**_only(_KEPT_MOUNT, mount), **({"VolumeOptions": subpath} if subpath else {})}


def _declared(told: Mapping[str, Any]) -> Iterator[Declared]:
    """`Mounts`, with what only HostConfig knows: `--tmpfs`, the part of a volume, and who manages the content."""
    host = mapping(told.get("HostConfig"))
    asked = {text(mount.get("Target")): mount for mount in mappings(host.get("Mounts"))}
    by_compose = bool(mapping(mapping(told.get("Config")).get("Labels")))
    seen: set[str] = set()
    for mount in mappings(told.get("Mounts")):
        kind, destination = text(mount.get("Type")), text(mount.get("Destination"))
        seen.add(destination)
        yield Declared(
            kind=kind,
            source=_source(mount, asked.get(destination, {})),
            destination=destination,
            read_only=mount.get("RW") is False,
            volume=text(mount.get("Name")) if kind == "volume" else "",
            managed=_managed(mount, asked.get(destination, {}), by_compose=by_compose),
            autocreated=kind == "bind" and destination not in asked,
        )
    for destination in mapping(host.get("Tmpfs")):
        if destination not in seen:
            yield Declared("tmpfs", "", destination)


def _source(mount: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    source, subpath = text(mount.get("Source")), text(mapping(asked.get("VolumeOptions")).get("Subpath"))
    return f"{source}/{subpath}" if source and subpath else source


def _managed(mount: Mapping[str, Any], asked: Mapping[str, Any], *, by_compose: bool) -> str:
    """Compose mounts its configs and secrets as read-only binds; nothing calls them so.

    It makes the user's own binds either as `Binds`, or in `HostConfig.Mounts` with BindOptions; a config has none.
    """
    if mount.get("Type") != "bind" or mount.get("RW") is not False:
        return ""
    if text(mount.get("Destination")).startswith("/run/secrets/"):
        return "compose secret" if by_compose else "secret"
    return "compose config" if by_compose and asked and "BindOptions" not in asked else ""


def _credentials(user: str, host: Mapping[str, Any]) -> Credentials | None:
    """As whom it starts, where that is said in numbers and no user namespace changes them; None otherwise."""
    name, _, group = user.partition(":")
    if not (name or "0").isdecimal() or not (group or "0").isdecimal():
        return None
    uid = int(name or 0)
    groups = frozenset(int(one) for one in strings(host.get("GroupAdd")) if one.isdecimal())
    return Credentials(uid, int(group or 0), groups, 0 if uid else _capabilities(host))


def _capabilities(host: Mapping[str, Any]) -> int:
    """Of root's capabilities the one that counts here; engines give it by default."""
    added, dropped = (
        {one.upper().removeprefix("CAP_") for one in strings(host.get(key))} for key in ("CapAdd", "CapDrop")
    )
    has = added & {"ALL", "DAC_OVERRIDE"} or not dropped & {"ALL", "DAC_OVERRIDE"} or host.get("Privileged")
    return 1 << CAP_DAC_OVERRIDE if has else 0
