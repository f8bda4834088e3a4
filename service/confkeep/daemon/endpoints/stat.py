"""``/v1/stat/{root}/{path}``: the verdict that an editor shows before anybody types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.endpoints import HTTPEndpoint

from confkeep.daemon import service
from confkeep.daemon.answers import StatAnswer
from confkeep.daemon.requests import Parameters, address
from confkeep.errors import NotARegularFile, NotFound

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from confkeep.daemon.requests import Address
    from confkeep.daemon.service import Service


class StatEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, request: Request) -> Response:
        """What is there, and whether and how it can be written."""
        daemon = service.of(request)
        at = address(request, "/v1/stat/", daemon.roots)
        Parameters(request)
        if not at.relative:
            raise NotARegularFile(f"/{at.root.name} is a root", remedy="name a file below it")
        return service.answer(await daemon.run(_stat, daemon, at))


def _stat(daemon: Service, at: Address) -> StatAnswer:
    verdict = daemon.keeper.verdict(at.root, at.relative)
    found = StatAnswer.of(at, verdict)
    if found is None:
        raise NotFound(f"{verdict.path} does not exist", remedy="save it with If-None-Match: *")
    told = {finding.rule for finding in found.findings}  # of our own mounts the look itself has said them
    found.findings += tuple(one for one in daemon.surveying.findings(verdict.path) if one.rule not in told)
    return found
