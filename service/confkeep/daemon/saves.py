"""What all requests that save have in common: what they ask for, and what they answer."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Final, ParamSpec

from confkeep.daemon import service
from confkeep.daemon.answers import SaveAnswer
from confkeep.daemon.events import EventType
from confkeep.daemon.metrics import outcome_of
from confkeep.daemon.requests import Address, Parameters, precondition
from confkeep.documents.check import Validate
from confkeep.errors import Conflict, IoError, OutOfSpace, Refused, ShuttingDown
from confkeep.files.root import OnBusy
from confkeep.history.revisions import Author, Origin
from confkeep.keeper import Request as Save

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from confkeep.daemon.peer import Peer
    from confkeep.daemon.service import Service
    from confkeep.errors import ConfkeepError
    from confkeep.saved import Saved

P = ParamSpec("P")
#: What is no caller's mistake: whoever edits the file wants to know.
_FAILURES: Final = (Refused, OutOfSpace, IoError)


class Keep(StrEnum):
    """What a save is: the ``text`` as it comes, or new data for the old text, whose ``comments`` are kept."""

    TEXT = "text"
    COMMENTS = "comments"


def refuse_when_stopping(daemon: Service) -> None:
    """Raises ShuttingDown."""
    if daemon.stopping:
        raise ShuttingDown("this daemon is stopping; nothing was written", remedy="try again when it is back")


def wishes(request: Request, *more: str) -> Parameters:
    """The parameters that each save takes, and ``more``. Raises BadParameter."""
    return Parameters(request, "validate", "on_busy", "message", "dry_run", *more)


def save_of(request: Request, parameters: Parameters) -> Save:
    """The save that query and headers ask for, as yet of nothing. Raises BadParameter, PreconditionRequired.

    Before the body is read: who asks in a wrong way need not send it.
    """
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


async def one(request: Request, at: Address, work: Callable[P, Saved], *args: P.args, **kwargs: P.kwargs) -> Saved:
    """Save the file ``at`` by ``work`` on a worker thread. What came of it is counted and told, its time is counted."""

    def alone() -> list[Saved]:
        return [work(*args, **kwargs)]

    started = time.perf_counter()
    (saved,) = await several(request, [at], alone)
    if saved.changed and not saved.dry_run:
        service.of(request).metrics.save_seconds.observe(saved.route.name, time.perf_counter() - started)
    return saved


async def several(
    request: Request, places: Sequence[Address], work: Callable[P, list[Saved]], *args: P.args, **kwargs: P.kwargs
) -> list[Saved]:
    """The same of several files; their time says nothing of one."""
    daemon = service.of(request)
    request.state.files = [f"{at.root.name}/{at.relative}" for at in places]
    try:
        done = await daemon.finish(work, *args, **kwargs)
    except Exception as error:
        daemon.metrics.save_failed(error)
        if isinstance(error, Conflict):
            _link(places, error)
        if isinstance(error, Refused):
            await daemon.run(_explain, daemon, _concerned(places, error), error)
        if isinstance(error, _FAILURES) and request.query_params.get("dry_run") != "true":
            _tell(request, _concerned(places, error), EventType.FAILED, {"slug": error.slug})
        raise
    for at, saved in zip(places, done, strict=True):
        daemon.metrics.save_done(saved)
        if saved.changed and not saved.dry_run:
            _tell_change(request, at, saved)
    outcomes = [outcome_of(saved) for saved in done]
    request.state.revisions = [saved.revision for saved in done]
    request.state.outcome = "saved" if "saved" in outcomes else outcomes[0]  # the audit's word for it
    return done


def _explain(daemon: Service, places: Sequence[Address], error: Refused) -> None:
    """Add what the doctor says of the files that were refused."""
    if findings := dict.fromkeys(one for at in places for one in daemon.surveying.findings(at.path)):
        error.members["findings"] = list(findings)


def _link(places: Sequence[Address], error: Conflict) -> None:
    """Where the history knows what was edited, say where to see what has changed since, and how to merge with it."""
    base = error.members.get("base")
    if base is None or len(places) != 1:
        return
    (at,) = places
    links = {} if at.root.is_secret(at.relative) else {"diff": f"{at.url('diff')}?from={base}"}
    if error.members.get("etag"):
        links["merge"] = f"{at.url('merge')}?base={base}"
    error.members["links"] = links


def _tell_change(request: Request, at: Address, saved: Saved) -> None:
    kind = EventType.REMOVED if saved.removed else EventType.CHANGED
    members = {"etag": saved.etag or None, "revision": saved.revision, "size": saved.size, "created": saved.created}
    origin = Origin.RESTORE if request.scope["path"].startswith("/v1/revisions/") else Origin.API
    _tell(request, [at], kind, {**members, "origin": origin.value})


def _concerned(places: Sequence[Address], error: ConfkeepError) -> Sequence[Address]:
    """Of a transaction that failed for one file: that one."""
    about = (error.members.get("root"), error.members.get("path"))
    return [at for at in places if (at.root.name, at.relative) == about] or places


def _tell(request: Request, places: Sequence[Address], kind: EventType, members: dict[str, object]) -> None:
    peer: Peer | None = getattr(request.state, "peer", None)
    who = {"uid": None if peer is None else peer.uid, "request_id": request.state.request_id}
    for at in places:
        service.of(request).events.publish(kind, at.root.name, at.relative, {**members, **who})


def answer_of(daemon: Service, at: Address, saved: Saved, author: Author) -> Response:
    """200, or 201 for a new file."""
    daemon.maintenance.saved()
    headers = {} if saved.dry_run else {"ETag": f'"{saved.etag}"'}
    headers |= {} if saved.revision is None else {"Revision": str(saved.revision)}
    status = 201 if saved.created and not saved.dry_run else 200
    return service.answer(SaveAnswer.of(at, saved, author.request), status, headers)
