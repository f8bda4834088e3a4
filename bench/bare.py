"""The floor of start, memory and answers: Starlette on uvicorn on a Unix socket, no more. ``bare.py SOCKET``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


async def health(_: Request) -> PlainTextResponse:
    """Answer."""
    return PlainTextResponse("ok\n")


#: As large as the files that are read.
_BODY = b"a" * (16 << 10)


async def body(_: Request) -> Response:
    """16 KB out of memory."""
    return Response(_BODY)


app = Starlette(routes=[Route("/healthz", health), Route("/body", body)])

if __name__ == "__main__":
    uvicorn.run(app, uds=sys.argv[1], http="httptools", loop="asyncio", log_level="warning")
