"""uvicorn on a socket of ours: no wake-ups when idle, and an exit status of 0 after SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import uvicorn

from confkeep.daemon.peer import PeerProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from socket import socket

    from starlette.types import ASGIApp

    from confkeep.daemon.settings import Settings

#: Seconds for requests under way once we are told to stop; containers are killed after ten.
_GRACE: Final = 5


class Told(NamedTuple):
    """What is called when everything listens, signals too; at SIGHUP; as soon as we are to stop."""

    ready: Callable[[], None]
    reload: Callable[[], None]
    stop: Callable[[], None]


class Server(uvicorn.Server):
    """Runs until SIGTERM or SIGINT; SIGHUP reads the settings again."""

    def __init__(
        self,
        app: ASGIApp,
        told: Told,
        settings: Callable[[], Settings],
    ) -> None:
        """Configure uvicorn for ``app``. ``settings``: those that count at the moment."""
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http=cast("type[asyncio.Protocol]", partial(PeerProtocol, settings=settings)),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,  # the app sets it; uvicorn would wake up for it each second
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._calls = told
        self._told = asyncio.Event()

    def run_on(self, listener: socket) -> None:
        """Serve on ``listener`` until told to stop."""
        asyncio.run(self.serve(sockets=[listener]))

    async def main_loop(self) -> None:
        """Wait for the signal; uvicorn's own looks around ten times a second."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._calls.reload)
        self._calls.ready()
        await self._told.wait()

    def stop(self) -> None:
        """Answer what is under way, take no further saves, and end."""
        self._calls.stop()
        self.should_exit = True
        self._told.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals to ``main_loop``: uvicorn would raise them again at the end, and PID 1 has no default."""
        yield
