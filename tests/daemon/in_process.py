"""The application without a process, a socket or a disk: for what no request can provoke from outside."""

import asyncio
import http.client
import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from confkeep.daemon import app
from confkeep.daemon.service import Service
from confkeep.daemon.settings import RootSettings, Settings
from tests.daemon.client import Answer

if TYPE_CHECKING:
    from confkeep.keeper import Keeper


def service(keeper: object, root: str = "/nowhere") -> Service:
    """A service over this keeper (or what plays one), with the root ``ha``."""
    return Service(Settings(roots={"ha": RootSettings(root)}), cast("Keeper", keeper), [])


def ask(over: Service, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    """One request; an exception that the application lets through after its answer is not seen."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def run() -> None:
        scope = {
            "type": "http",
            "method": method,
            "path": target,
            "raw_path": target.encode(),
            "query_string": b"",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }
        with suppress(Provoked):
            await app.build(over)(cast("Any", scope), cast("Any", receive), cast("Any", send))

    asyncio.run(run())
    head = "".join(f"{name.decode()}: {value.decode()}\r\n" for name, value in sent[0]["headers"])
    parsed = http.client.parse_headers(io.BytesIO(head.encode() + b"\r\n"))
    return Answer(sent[0]["status"], parsed, b"".join(message["body"] for message in sent[1:]))


class Provoked(Exception):
    """A mistake that a test put into the keeper."""


class Failing:
    """Plays a keeper of which every use fails with ``error``."""

    def __init__(self, error: Exception) -> None:
        """Remember the error."""
        self._error = error

    def __getattr__(self, _: str) -> Any:  # noqa: ANN401 - whatever a keeper has
        """A call that raises."""

        def fail(*_: object) -> None:
            raise self._error

        return fail
