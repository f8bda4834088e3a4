"""What all requests that save have in common: what they ask for, and what they answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ParamSpec

from confkeep.daemon import service
from confkeep.daemon.answers import SaveAnswer
from confkeep.daemon.metrics import outcome_of
from confkeep.daemon.requests import Address, Parameters, precondition
from confkeep.documents.check import Validate
from confkeep.errors import ShuttingDown
from confkeep.files.root import OnBusy
from confkeep.history.revisions import Author, Origin
from confkeep.keeper import Request as Save

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from confkeep.daemon.peer import Peer
    from confkeep.daemon.service import Service
    from confkeep.saved import Saved

P = ParamSpec("P")


def refuse_when_stopping(daemon: Service) -> None:
    """Raises ShuttingDown."""
    if daemon.stopping:
        raise ShuttingDown("this daemon is stopping; nothing was written", remedy="try again when it is back")


def save_of(request: Request) -> Save:
    """The save that query and headers ask for, as yet of nothing. Raises BadParameter, PreconditionRequired.

    Before the body is read: who asks in a wrong way need not send it.
    """
    parameters = Parameters(request, "validate", "on_busy", "message", "dry_run")
    return Save(
        expect=precondition(request),
        validate=parameters.one_of("validate", Validate) or Validate.SYNTAX,
        on_busy=parameters.one_of("on_busy", OnBusy),
        dry_run=parameters.flag("dry_run"),
        author=author_of(request, parameters.text("message")),
        data=b"",
    )


def author_of(request: Request, message: str) -> Author:
    """Who asks."""
    peer: Peer | None = getattr(request.state, "peer", None)
    return Author(Origin.API, None if peer is None else peer.uid, message, request.state.request_id)


async def one(request: Request, work: Callable[P, Saved], *args: P.args, **kwargs: P.kwargs) -> Saved:
    """Save one file by ``work`` on a worker thread. What came of it, and how long it took, is counted."""

    def alone() -> list[Saved]:
        return [work(*args, **kwargs)]

    started = time.perf_counter()
    (saved,) = await several(request, alone)
    if saved.changed and not saved.dry_run:
        service.of(request).metrics.save_seconds.observe(saved.route.name, time.perf_counter() - started)
    return saved


async def several(request: Request, work: Callable[P, list[Saved]], *args: P.args, **kwargs: P.kwargs) -> list[Saved]:
    """The same of several files; their time says nothing of one."""
    daemon = service.of(request)
    try:
        done = await daemon.run(work, *args, **kwargs)
    except Exception as error:
        daemon.metrics.save_failed(error)
        raise
    for saved in done:
        daemon.metrics.save_done(saved)
    outcomes = [outcome_of(saved) for saved in done]
    request.state.outcome = "saved" if "saved" in outcomes else outcomes[0]  # the audit's word for it
    return done


def answer_of(daemon: Service, at: Address, saved: Saved, author: Author) -> Response:
    """200, or 201 for a new file."""
    daemon.maintenance.saved()
    headers = {} if saved.dry_run else {"ETag": f'"{saved.etag}"'}
    headers |= {} if saved.revision is None else {"Revision": str(saved.revision)}
    status = 201 if saved.created and not saved.dry_run else 200
    return service.answer(SaveAnswer.of(at, saved, author.request), status, headers)
