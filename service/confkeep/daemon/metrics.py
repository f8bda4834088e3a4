"""What the daemon counts. No label has a value that a caller can make up: neither a path nor a uid is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.daemon.exposition import Counter, Histogram
from confkeep.errors import ConfkeepError, Conflict, InvalidDocument, OutOfSpace, Refused, TargetBusy
from confkeep.files.route import DECLARED, Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from confkeep.daemon.exposition import Family
    from confkeep.saved import Saved

_DONE: Final = ("saved", "unchanged", "dry_run")
#: The first that fits counts; what is the daemon's fault and none of these is an ``error``.
_FAILURES: Final = {
    Conflict: "conflict",
    InvalidDocument: "invalid",
    TargetBusy: "busy",
    OutOfSpace: "out_of_space",
    Refused: "refused",
}
_NO_ROUTE: Final = "none"
_GUARANTEES: Final = ("reader_atomic", "crash_safe", "compare_and_swap", "inode_kept", "metadata_kept")
_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"})
#: A save by rename takes 1 ms, one on an SD card 50; one that waits for a lease may take 20 s (settings.py).
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Since the daemon started."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self.saves = Counter(
            "confkeep_saves_total",
            "Saves by route and outcome; each file of a transaction is one, a transaction that failed is one.",
            ("route", "outcome"),
            [(route.value, outcome) for route in Route for outcome in _DONE]
            + [(_NO_ROUTE, outcome) for outcome in (*_FAILURES.values(), "error")],
        )
        self.save_seconds = Histogram(
            "confkeep_save_duration_seconds",
            "How long a save of one file took that was written, from the whole body to the settled write; "
            "on the overwrite route with the time that others held the file.",
            "route",
            [route.value for route in Route],
            _SECONDS,
        )
        self.lease_wait = Histogram(
            "confkeep_lease_wait_seconds",
            "How long a file that was saved on the overwrite route waited for its lease, because others held the file; "
            "0 where it was written without one (confkeep_saves_without_guarantee_total counts those).",
            "route",
            [Route.OVERWRITE.value],
            _SECONDS,
        )
        self.fallbacks = Counter(
            "confkeep_saves_without_guarantee_total",
            "Saves that were written without a guarantee their route declares; "
            "reader_atomic on the overwrite route: no lease was to be had.",
            ("route", "guarantee"),
            [(Route.OVERWRITE.value, "reader_atomic")],
        )
        self.outside = Counter(
            "confkeep_outside_changes_total",
            "Changes of watched files that somebody else made, by event; each is in the history.",
            ("event",),
            [(event,) for event in ("file.changed", "file.removed")],
        )
        self.problems = Counter("confkeep_problems_total", "Requests that were answered with a problem.", ("slug",))
        self.requests = Counter(
            "confkeep_http_requests_total", "Requests that were answered, by class of status.", ("method", "status")
        )

    def families(self) -> Iterator[Family]:
        """All of them."""
        yield from (self.saves, self.save_seconds, self.lease_wait, self.fallbacks, self.outside)
        yield from (self.problems, self.requests)

    def save_done(self, saved: Saved) -> None:
        """One file was saved, or need not be, or was only tried."""
        self.saves.count(saved.route.name.value, outcome_of(saved))
        if not saved.changed or saved.dry_run:
            return
        if saved.route.name is Route.OVERWRITE:
            self.lease_wait.observe(saved.route.name.value, saved.waited)
        declared = DECLARED[saved.route.name]
        for guarantee in _GUARANTEES:
            if getattr(declared, guarantee) and not getattr(saved.guarantees, guarantee):
                self.fallbacks.count(saved.route.name.value, guarantee)

    def save_failed(self, error: Exception) -> None:
        """The file is as it was, or ``error`` says what became of it."""
        self.saves.count(_NO_ROUTE, _failure(error))


def outcome_of(saved: Saved) -> str:
    """What a save that did not fail has come to."""
    if saved.dry_run:
        return "dry_run"
    return "saved" if saved.changed else "unchanged"


def _failure(error: Exception) -> str:
    for kind, outcome in _FAILURES.items():
        if isinstance(error, kind):
            return outcome
    is_the_requests = isinstance(error, ConfkeepError) and error.status < 500  # noqa: PLR2004 - RFC 9110, 15.6
    return "refused" if is_the_requests else "error"


class Measured:
    """Counts the requests that reach the application, and those that are answered with a problem."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap ``app``."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, counted when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "other"

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.requests.count(method, f"{message['status'] // 100}xx")
                problem = scope.get("state", {}).get("problem")
                if problem is not None:
                    self._metrics.problems.count(problem["slug"])
            await send(message)

        await self._app(scope, receive, counted)
