"""The floor of start and memory: Starlette on uvicorn on a Unix socket, and nothing else. ``bare.py SOCKET``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


async def health(_: Request) -> PlainTextResponse:
    """Answer."""
    return PlainTextResponse("ok\n")


app = Starlette(routes=[Route("/healthz", health)])

if __name__ == "__main__":
    uvicorn.run(app, uds=sys.argv[1], http="httptools", loop="asyncio", log_level="warning")
