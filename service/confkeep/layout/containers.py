"""Containers as their engines know them: Docker and podman, through the Docker SDK, which is imported only here.

An engine that is absent, stopped or closed to us gives a reason and no exception; its version is asked for.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from confkeep.layout import contexts, inspected, loose
from confkeep.layout.model import OK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confkeep.layout.model import Container

#: Seconds that one request may take: a stopped engine keeps the connection open and says nothing.
_TIMEOUT: Final = 5
_MODIFIED, _ADDED = 0, 1  # kinds of change in a container's layer (Engine API, ContainerChanges)


class Asked(NamedTuple):
    """What the engines answered. ``state``: "ok" if at least one did, else why none."""

    containers: tuple[Container, ...]
    state: str


def containers(addresses: Iterable[str] | None = None, *, layers_of: str = "", timeout: int = _TIMEOUT) -> Asked:
    """Every container of every engine that can be reached, running or not.

    ``addresses``: of engines (``unix:///run/docker.sock``); None for those that the user's settings and the usual
    places name. ``layers_of``: the one container (name or id) whose own layer is read; that takes half a second.
    """
    found: dict[str, Container] = {}
    reasons: list[str] = []
    answered = False
    for address in contexts.addresses() if addresses is None else addresses:
        reason = contexts.unusable(address) or _ask(address, timeout, layers_of, found)
        answered |= not reason
        if reason:
            reasons.append(f"{address}: {reason}")
    state = OK if answered else "; ".join(reasons) or "no engine: neither DOCKER_HOST nor a socket in the usual places"
    return Asked(tuple(found.values()), state)


def _ask(address: str, timeout: int, layers_of: str, found: dict[str, Container]) -> str:
    """Add what this engine knows. Why it cannot be asked, "" where it can."""
    try:
        from docker.errors import DockerException, NotFound
        from requests import RequestException

        from docker import APIClient
    except ImportError as error:
        return f"the Docker SDK is not installed ({error.name}): pip install confkeep[service]"
    try:
        client: Any = APIClient(base_url=address, version="auto", timeout=timeout)
    except DockerException as error:
        return _why(error)
    try:
        for short in loose.mappings(client.containers(all=True)):
            try:
                told: dict[str, Any] = client.inspect_container(loose.text(short.get("Id")))
            except NotFound:
                continue  # removed meanwhile
            container = inspected.container(told, address)
            if layers_of and layers_of in {container.name, container.id[: len(layers_of)]}:
                container = replace(container, layer=_layer(client.diff(container.id)))
            found.setdefault(container.id, container)
    except (DockerException, RequestException) as error:
        return _why(error)
    finally:
        client.close()
    return ""


def _layer(changes: object) -> tuple[str, ...]:
    """Files that were added or changed: of what the engine lists, the paths with nothing below them."""
    kinds = {_MODIFIED, _ADDED}
    paths = sorted(loose.text(one.get("Path")) for one in loose.mappings(changes) if one.get("Kind") in kinds)
    return tuple(path for path, after in zip(paths, [*paths[1:], ""], strict=True) if not after.startswith(path + "/"))


def _why(error: Exception) -> str:
    """The innermost message: what is around it are the names of three libraries."""
    while error.__cause__ is not None or error.__context__ is not None:
        inner = error.__cause__ or error.__context__
        if not isinstance(inner, Exception):
            break
        error = inner
    return str(error) or type(error).__name__


def events(address: str) -> Iterator[None]:
    """One item for each container that starts or stops, and one when the engine begins to answer.

    Ends when the engine stops. Raises OSError where it cannot be asked.
    """
    try:
        from docker.errors import DockerException
        from requests import RequestException

        from docker import APIClient
    except ImportError as error:
        raise OSError(f"the Docker SDK is not installed ({error.name})") from error
    try:
        engine: Any = APIClient  # its stubs know of no call without a timeout; events may be hours apart
        with closing(engine(base_url=address, version="auto", timeout=None)) as client:
            yield None
            wanted = {"type": ["container"], "event": ["start", "die", "destroy"]}
            for _ in client.events(filters=wanted):
                yield None
    except (DockerException, RequestException) as error:
        raise OSError(_why(error)) from error
