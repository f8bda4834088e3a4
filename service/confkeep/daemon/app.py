"""The ASGI application: which path goes where, and what every answer carries."""

from __future__ import annotations

import secrets
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from confkeep.daemon import problems, strict
from confkeep.daemon.access import Guard
from confkeep.daemon.audit import Audit
from confkeep.daemon.endpoints import (
    diff,
    doctor,
    events,
    files,
    history,
    merge,
    metrics,
    mounts,
    openapi,
    revisions,
    root,
    roots,
    stat,
    status,
    transactions,
    validate,
)
from confkeep.daemon.metrics import Measured
from confkeep.errors import ConfkeepError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from confkeep.daemon.service import Service


class _Anything(Convertor[str]):
    """A file's name may hold line breaks too, which Starlette's own ``path`` does not match."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", _Anything())


def build(service: Service) -> ASGIApp:
    """The application over ``service``. The path of a file comes last in each URL: it may contain anything."""
    app = Starlette(
        routes=[
            Route("/v1", root.ServiceEndpoint),
            Route("/v1/roots", roots.RootsEndpoint),
            Route("/v1/files/{address:anything}", files.FileEndpoint),
            Route("/v1/stat/{address:anything}", stat.StatEndpoint),
            Route("/v1/diff/{address:anything}", diff.DiffEndpoint),
            Route("/v1/merge/{address:anything}", merge.MergeEndpoint),
            Route("/v1/validate", validate.ValidateEndpoint),
            Route("/v1/history/{address:anything}", history.HistoryEndpoint),
            Route("/v1/revisions/{number}", revisions.RevisionEndpoint),
            Route("/v1/revisions/{number}/content", revisions.ContentEndpoint),
            Route("/v1/revisions/{number}/restore", revisions.RestoreEndpoint),
            Route("/v1/events", events.EventsEndpoint),
            Route("/v1/doctor", doctor.DoctorEndpoint),
            Route("/v1/mounts", mounts.MountsEndpoint),
            Route("/v1/transactions", transactions.TransactionEndpoint),
            Route("/healthz", status.HealthEndpoint),
            Route("/readyz", status.ReadyEndpoint),
            Route("/metrics", metrics.MetricsEndpoint),
            Route("/openapi.json", openapi.OpenApiEndpoint),
        ],
        exception_handlers={
            ConfkeepError: problems.on_named_error,
            ClientDisconnect: problems.on_disconnect,
            OSError: problems.on_os_error,
            HTTPException: problems.on_http_exception,
            Exception: problems.on_bug,
        },
    )
    app.state.service = service
    app.router.redirect_slashes = False  # what is not there is a problem like all others
    return Stamp(Audit(Measured(strict.Refusing(Guard(app, service.role_of)), service.metrics)))


class Stamp:
    """Gives every request an id, and every answer that id and a date (RFC 9110, 6.6.1)."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Request-Id"] = request_id
                headers["Date"] = formatdate(time.time(), usegmt=True)
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self.app(scope, receive, stamped)
