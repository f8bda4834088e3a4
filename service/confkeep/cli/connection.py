"""One request to the daemon over its Unix socket; http.client, because it starts fast."""

from __future__ import annotations

import http.client
import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, urlencode

from confkeep.errors import BadPath, ConfkeepError, NoDaemon

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

_DEFAULT: Final = "unix:///run/confkeep/confkeep.sock"
_SECONDS: Final = 120.0
_FIRST_ERROR: Final = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body, a JSON object. Raises NoDaemon where it is none: then something else answers."""
        try:
            document = json.loads(self.body)
        except ValueError as error:
            raise self.no_confkeep() from error
        if not isinstance(document, dict):
            raise self.no_confkeep()
        return cast("dict[str, Any]", document)

    def no_confkeep(self) -> NoDaemon:
        """The error for an answer that no confkeep gives."""
        return NoDaemon(
            f"what answers is no confkeep: {self.status} with {self.body[:80]!r}",
            remedy="name confkeep's socket with --host or CONFKEEP_HOST",
        )


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("confkeep", timeout=_SECONDS)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def add_host(parser: argparse.ArgumentParser) -> None:
    """The flag that names the daemon."""
    parser.add_argument(
        "--host",
        default=os.environ.get("CONFKEEP_HOST") or _DEFAULT,
        metavar="unix:///PATH",
        help="the daemon's socket (default: $CONFKEEP_HOST, or %(default)s)",
    )


def split(address: str) -> tuple[str, str]:
    """``ROOT/PATH`` -> root and path. Raises BadPath."""
    root, slash, path = address.partition("/")
    if not (root and slash and path):
        raise BadPath(
            f"{address!r} is not ROOT/PATH",
            remedy="write homeassistant/automations.yaml; `confkeep ls` lists the roots",
        )
    return root, path


def url(noun: str, root: str, path: str, query: Mapping[str, str] | None = None) -> str:
    """The path of a request; a file's name may contain anything."""
    given = {name: value for name, value in (query or {}).items() if value}
    return f"/v1/{noun}/{quote(os.fsencode(root), safe='')}/{quote(os.fsencode(path))}" + (
        f"?{urlencode(given)}" if given else ""
    )


def request(
    host: str, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Ask the daemon. Raises NoDaemon, and whatever named error its problem answer stands for."""
    if not host.startswith("unix://"):
        raise NoDaemon(f"{host!r} names no Unix socket", remedy="write unix:///run/confkeep/confkeep.sock")
    path = host.removeprefix("unix://")
    connection = _Connection(path)
    try:
        # A daemon that has heard enough (413) answers and hangs up while we still send.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, target, body, dict(headers or {}))
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
    except (OSError, http.client.HTTPException) as error:
        raise NoDaemon(
            f"no daemon answers at {path}: {error}",
            remedy="start it (confkeep serve), or name its socket with --host or CONFKEEP_HOST",
        ) from error
    finally:
        connection.close()
    if answer.status >= _FIRST_ERROR:
        raise _error(answer)
    return answer


def _error(answer: Answer) -> ConfkeepError:
    """The error that the daemon raised, rebuilt from its problem."""
    members = answer.json()
    slug, detail, remedy = members.pop("slug", None), members.pop("detail", None), members.pop("remedy", "")
    if not (isinstance(slug, str) and isinstance(detail, str)):
        return answer.no_confkeep()
    known = {kind.slug: kind for kind in _all_kinds(ConfkeepError)}
    return known.get(slug, ConfkeepError)(detail, remedy=remedy, **members)


def _all_kinds(kind: type[ConfkeepError]) -> list[type[ConfkeepError]]:
    return [kind, *(below for sub in kind.__subclasses__() for below in _all_kinds(sub))]
