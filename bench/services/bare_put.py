"""The least service that saves: Starlette on uvicorn, PUT of raw bytes.

``bare_put.py SOCKET FOLDER durable|inline|fast``. No precondition, no lock, no metadata, no history. A worker thread
writes, because a flush blocks; ``inline``: the event loop does, and everybody waits. ``fast``: no flush.
"""

from __future__ import annotations

import os
import sys
from secrets import token_hex

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002  Starlette looks at the annotation
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_FOLDER = os.open(sys.argv[2], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
_DURABLE = sys.argv[3] != "fast"
_INLINE = sys.argv[3] == "inline"


def write(name: str, data: bytes) -> None:
    """Temporary file, flush, rename, flush of the directory."""
    temporary = f"{name}.{token_hex(4)}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=_FOLDER)
    os.write(fd, data)
    if _DURABLE:
        os.fsync(fd)
    os.close(fd)
    os.rename(temporary, name, src_dir_fd=_FOLDER, dst_dir_fd=_FOLDER)
    if _DURABLE:
        os.fsync(_FOLDER)


async def put(request: Request) -> Response:
    """Save the body."""
    name, data = request.path_params["name"], await request.body()
    if _INLINE:
        write(name, data)
    else:
        await run_in_threadpool(write, name, data)
    return Response(status_code=204)


async def health(_: Request) -> PlainTextResponse:
    """Answer."""
    return PlainTextResponse("ok\n")


app = Starlette(routes=[Route("/healthz", health), Route("/{name}", put, methods=["PUT"])])

if __name__ == "__main__":
    uvicorn.run(app, uds=sys.argv[1], http="httptools", loop="asyncio", log_level="warning")
