"""``/v1``: what this service is and can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.endpoints import HTTPEndpoint

from confkeep import __version__
from confkeep.daemon import service
from confkeep.daemon.answers import ServiceAnswer
from confkeep.daemon.requests import Parameters
from confkeep.documents.format import Format

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_CAPABILITIES: Final = [
    "files",
    "listing",
    "stat",
    "history",
    "restore",
    "transactions",
    *(f"validate:{format_}" for format_ in Format if format_ is not Format.TEXT),
    "validate",
    "patch",
    "keep-comments",
    "diff",
    "merge",
    "dry-run",
    "on-busy",
    "roots",
    "remove",
    "events",
    "doctor",
    "mounts",
]
_LIMITS: Final = ("max_body", "max_headers", "max_header_bytes", "max_changes", "max_streams")


class ServiceEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, request: Request) -> Response:
        """Name, version, roots, capabilities, limits, and findings about the service's own state."""
        Parameters(request)
        daemon = service.of(request)
        return service.answer(
            ServiceAnswer(
                service="confkeep",
                version=__version__,
                roots=sorted(daemon.roots),
                capabilities=_CAPABILITIES,
                limits={key: getattr(daemon.settings, key) for key in _LIMITS},
                findings=daemon.findings(),
            )
        )
