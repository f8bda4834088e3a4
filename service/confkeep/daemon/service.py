"""What all endpoints share: the keeper, the roots, and the threads on which files are touched."""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

import msgspec
from starlette.responses import Response

from confkeep.daemon.access import role_of
from confkeep.daemon.events import Events, EventType
from confkeep.daemon.maintenance import Maintenance
from confkeep.daemon.metrics import Metrics
from confkeep.daemon.outside import Outside
from confkeep.daemon.surveying import Surveying
from confkeep.files.root import relative_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from confkeep.daemon.access import Role
    from confkeep.daemon.peer import Peer
    from confkeep.daemon.settings import Settings
    from confkeep.files.finding import Finding
    from confkeep.files.root import Root
    from confkeep.keeper import Keeper
    from confkeep.recovery import Recovered
    from confkeep.watch.watching import Watching

_log: Final = logging.getLogger("confkeep")
P = ParamSpec("P")
T = TypeVar("T")
#: Where we listen and what we have open does not change while we run.
_FIXED: Final = ("socket", "state")
_WORKERS: Final = 64  # made when needed; one that waits for a busy file costs others nothing


class Service:
    """One running daemon. Nothing here touches a file on the event loop."""

    def __init__(self, settings: Settings, keeper: Keeper, recovered: list[Recovered]) -> None:
        """``recovered`` is what the start found open."""
        self.settings = self._started = settings
        self.keeper = keeper
        keeper.most = settings.max_body
        self.recovered = recovered
        self.roots = settings.as_roots()
        self.stopping = False
        self.metrics = Metrics()
        self.events = Events()
        for item in recovered:
            self._tell_recovered(item)
        #: Its members edit where the settings do not say otherwise; of a socket that systemd made, that one's.
        self.socket_group = os.getegid() if settings.access.group is None else settings.access.group
        self.surveying = Surveying(self.events, self.all_roots, settings.state)
        self.outside = Outside(self.events, self.metrics, self.surveying)
        keeper.elsewhere = self.surveying.elsewhere if settings.survey else None
        self._watching: Watching | None = None
        self.maintenance = Maintenance(keeper.store, settings.policies())
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="confkeep")
        self._looker = ThreadPoolExecutor(1, thread_name_prefix="confkeep-look")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``work`` on a worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self._workers, partial(work, *args, **kwargs))

    async def finish(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same of a save, whatever comes: a daemon that stops cancels what takes longer than its grace.

        But the thread goes on, and the caller must not be told that a save has failed that is going to be done.
        """
        future = asyncio.get_running_loop().run_in_executor(self._workers, partial(work, *args, **kwargs))
        while not future.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        return future.result()

    async def look(self, work: Callable[[], T]) -> T:
        """Call ``work`` on a thread that no save can keep busy: whether we live is asked every few seconds."""
        return await asyncio.get_running_loop().run_in_executor(self._looker, work)

    def beside(self, work: Callable[[], None]) -> None:
        """Call ``work`` on that thread too, in its turn, and wait for nothing; what it raises is logged."""

        def logged() -> None:
            try:
                work()
            except Exception:  # noqa: BLE001 - nobody asks the future for it
                _log.exception("confkeep itself has failed")

        self._looker.submit(logged)

    def root_states(self) -> dict[str, str]:
        """Each root: "ok", or why it cannot be served."""
        return {
            name: "ok" if os.path.exists(root.path) else f"{root.path} is missing" for name, root in self.roots.items()
        }

    def _tell_recovered(self, item: Recovered) -> None:
        members = {"revision": item.revision, "settled": item.settled, "detail": item.detail}
        for name, root in self.roots.items():
            relative = relative_to(root, item.path)
            if relative is not None:
                self.events.publish(EventType.RECOVERED, name, relative, members)

    def findings(self) -> list[Finding]:
        """What is to be known of the service's own state."""
        found = (self.keeper.state_finding, self.keeper.history_finding, *self.outside.findings.values())
        return [finding for finding in found if finding is not None]

    def all_roots(self) -> list[Root]:
        """As they are now."""
        return list(self.roots.values())

    def watch(self) -> None:
        """Watch the roots as they are now; not on the event loop. Imported here: the first answer need not wait."""
        from confkeep.watch.watching import Watching

        (self.surveying.start if self.settings.survey else self.surveying.close)()
        self.outside.findings.clear()
        if self._watching is None:
            self._watching = Watching(self.keeper, self.outside)
        self._watching.watch(self.roots.values())

    def unsettled(self) -> list[Recovered]:
        """What the start could not repair, and nobody has since."""
        return [item for item in self.recovered if not item.settled and not self.keeper.is_settled(item.revision)]

    def role_of(self, peer: Peer | None) -> Role:
        """What a peer may, by the settings as they are now."""
        return role_of(peer, self.settings.access, self.socket_group)

    def differs(self, settings: Settings) -> list[str]:
        """Which of these settings need a restart to count."""
        found = [key for key in _FIXED if getattr(settings, key) != getattr(self._started, key)]
        return found + ["access.group"] * (settings.access.group != self._started.access.group)

    def reload(self, settings: Settings) -> None:
        """From now on these settings count."""
        self.settings = settings
        self.roots = settings.as_roots()
        self.keeper.most = settings.max_body
        self.keeper.elsewhere = self.surveying.elsewhere if settings.survey else None
        self.maintenance.keep(settings.policies())

    def stop(self) -> None:
        """Take no further saves, and end the streams of events."""
        self.stopping = True
        self.events.close()

    def close(self) -> None:
        """Wait for what is under way."""
        self._workers.shutdown()
        self._looker.shutdown()
        if self._watching is not None:
            self._watching.close()
        self.surveying.close()
        self.maintenance.close()


def of(request: Request) -> Service:
    """The service behind a request."""
    service: Service = request.app.state.service
    return service


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer, with a newline for those who read it on a terminal."""
    return Response(msgspec.json.encode(body) + b"\n", status, headers, media_type="application/json")
