"""Schemathesis calls the daemon as its document says, and as it forbids: every answer is one that the document has."""

from __future__ import annotations

import asyncio
import http.client
import io
import logging
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import unquote_to_bytes

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from requests import PreparedRequest, Request
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response

from confkeep.daemon import app
from confkeep.daemon.openapi.document import build
from confkeep.daemon.service import Service
from confkeep.daemon.settings import RootSettings, Settings
from confkeep.keeper import Keeper
from tests.daemon.client import Answer, Connection, connection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import ASGIApp

    from tests.daemon.fixtures import Serve

    Ask = Callable[[str, str, bytes, dict[str, str]], Answer]

_log = logging.getLogger(__name__)
pytestmark = pytest.mark.slow

#: Random ones of each operation that takes parameters; twice that where something is saved, half of it for HEAD.
CASES = 60
#: At least so many requests over each way, in all.
ENOUGH = 1_000
#: What a request may meet that is as the document wants it: nothing there, other bytes, no precondition, no valid YAML.
CONFIG = cast("Any", SchemathesisConfig).from_dict(
    {
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "404", "409", "410", "412", "422", "428"]},
            # One route serves a root and its files: PUT of a root is 409, which says more than 405, so Allow has it.
            "allow_header_conformance": {"enabled": False},
            "negative_data_rejection": {"expected-statuses": ["400", "404", "405", "409", "410", "412", "422", "428"]},
        }
    }
)


class Case(Protocol):
    """What is used of schemathesis' own class, whose types are not complete."""

    def as_transport_kwargs(self, base_url: str) -> dict[str, Any]:
        """The request, as ``requests`` takes it."""
        ...

    def validate_response(self, response: Response) -> None:
        """Raise unless ``response`` is what the document says."""
        ...


class Operation(Protocol):
    """The same of its operation."""

    label: str
    path: str
    method: str
    definition: Any
    schema: Any

    def as_strategy(self, generation_mode: GenerationMode, **fixed: object) -> st.SearchStrategy[Case]:
        """Requests for it."""
        ...


def operations() -> list[Operation]:
    """All that the document has. Made anew for each way: it remembers which requests it has made already."""
    document: Any = schemathesis.openapi.from_dict(build(), config=CONFIG)
    document.validate()
    found = [each.ok() for each in document.get_all_operations()]
    # A stream of events does not end: tests/daemon/endpoints/test_events.py.
    return [each for each in found if each.path != "/v1/events"]


MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
#: What is there, so that most of the cases meet something; and what is not.
FILES = [("ha", "a.yaml"), ("ha", "b/c.txt"), ("single", "alone.yaml")]
NEW = ("ha", "new.yaml")
PATCHES: list[dict[str, Any]] = [{"patch": {"a": 3}}, {"patch": [{"op": "set", "path": "/a", "value": 4}]}]
REVISIONS = 20
#: What is in the files, and what was, so that some merges have no conflict.
EDITS = [b"a: 1\n", *(b"n: %d\n" % number for number in range(REVISIONS))]


def lay(directory: Path) -> None:
    """Have it so again, whatever an earlier case has saved or removed."""
    for root, name in FILES:
        file = directory / root / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"a: 1\n")
    directory.joinpath(*NEW).unlink(missing_ok=True)


def record(ask: Ask) -> None:
    """Give each file some revisions."""
    for number in range(REVISIONS):
        root, name = FILES[number % len(FILES)]
        answer = ask("PUT", f"/v1/files/{root}/{name}", b"n: %d\n" % number, {"If-Match": "*"})
        assert answer.status == 200, answer


def prepared(case: Case) -> PreparedRequest:
    """The request; between the segments of a path the slashes are sent as they are."""
    request = Request(**case.as_transport_kwargs(base_url="http://confkeep")).prepare()
    before, mark, query = str(request.url).partition("?")
    request.url = before.replace("%2F", "/") + mark + query
    return request


def answered(case: Case, ask: Ask) -> Response:
    """What ``ask`` answers, as schemathesis takes it."""
    request = prepared(case)
    body = request.body or b""
    data = body.encode() if isinstance(body, str) else body
    headers = {name: _text(value) for name, value in request.headers.items() if name != "Content-Length"}
    answer = ask(str(request.method), str(request.url).removeprefix("http://confkeep"), data, headers)
    found = {name: answer.headers.get_all(name, []) for name in answer.headers}
    return Response(answer.status, found, answer.body, request, 0.0, verify=False)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


@st.composite
def cases(draw: st.DrawFn, operation: Operation) -> Case:
    """Requests as the document wants them, and others; most of them about something that is there."""
    mode = draw(st.sampled_from(MODES))
    fixed: dict[str, Any] = {}
    if draw(st.integers(0, 3)):
        root, path = draw(st.sampled_from([*FILES, NEW]))
        there = {"root": root, "path": path, "id": draw(st.integers(1, REVISIONS))}
        fixed["path_parameters"] = {name: there[name] for name in there if f"{{{name}}}" in operation.path}
        if operation.method in {"put", "patch", "delete", "post"} and draw(st.booleans()):
            fixed["headers"] = {"If-None-Match": "*"} if (root, path) == NEW else {"If-Match": "*"}
        if operation.path == "/v1/transactions":
            fixed["body"] = {"changes": draw(st.lists(changes(), min_size=1, max_size=4))}
        if operation.path.startswith("/v1/merge/"):
            fixed |= {"query": {"base": str(draw(st.integers(1, REVISIONS)))}, "body": draw(st.sampled_from(EDITS))}
    return draw(operation.as_strategy(generation_mode=mode, **fixed))


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Any]:
    """One change of a transaction; two of one file are refused."""
    root, path = draw(st.sampled_from(FILES))
    what: dict[str, Any] = draw(
        st.sampled_from(
            [{"content": "b: 2\n"}, {"content_base64": "Yzogw78K"}, {"content": "["}, {"remove": True}, *PATCHES]
        )
    )
    return {"root": root, "path": path, "if_match": "*", **what}


def _cases_for(operation: Operation) -> int:
    if not (operation.definition.raw["parameters"] or operation.method == "post"):
        return 2  # there is but one such request
    return {"get": CASES, "head": CASES // 2}.get(operation.method, 2 * CASES)


def run(operation: Operation, ask: Ask, directory: Path) -> Counter[int]:
    """Call ``operation`` with every limit and omission that the document speaks of, then at random: the statuses."""
    seen: Counter[int] = Counter()

    def check(case: Case) -> None:
        lay(directory)
        response = answered(case, ask)
        seen[response.status_code] += 1
        case.validate_response(response)

    @seed(20260301)
    @settings(
        max_examples=_cases_for(operation),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(cases(operation))
    def check_at_random(case: Case) -> None:
        check(case)

    generation = operation.schema.config.generation_for(operation=operation)
    limits = operation.schema.iter_coverage_cases(operation, generation_modes=list(MODES), generation_config=generation)
    for case in limits:
        check(case)
    check_at_random()
    _log.info("%s: %s", operation.label, dict(sorted(seen.items())))
    return seen


def run_all(ask: Ask, directory: Path) -> None:
    """Call every operation."""
    lay(directory)
    record(ask)
    seen = {operation.label: run(operation, ask, directory) for operation in operations()}
    total = sum(counts.total() for counts in seen.values())
    _log.info("%d requests", total)
    assert total >= ENOUGH
    never = [label for label, counts in seen.items() if not any(200 <= status < 300 for status in counts)]
    assert not never, "nothing of it ever succeeded"


def test_over_the_socket(serve: Serve, disk: Path) -> None:
    """A thousand requests to a daemon of its own: every answer is as the document says, and the daemon is well."""
    lay(disk)
    daemon = serve("--root", f"ha={disk}/ha", "--root", f"single={disk}/single/alone.yaml")
    with connection(daemon.socket) as kept:
        run_all(partial(_over, kept), disk)
    assert daemon.stop() == 0, daemon.log


def _over(kept: Connection, method: str, target: str, data: bytes, headers: dict[str, str]) -> Answer:
    answer = kept.ask(method, target, data or None, headers)
    if answer.headers["Connection"] == "close":
        kept.close()
    return answer


def test_in_process(state: Path, disk: Path) -> None:
    """The same of the application alone."""
    lay(disk)
    roots = {"ha": RootSettings(f"{disk}/ha"), "single": RootSettings(f"{disk}/single/alone.yaml")}
    with Keeper(state) as keeper:
        service = Service(Settings(roots=roots), keeper, [])
        try:
            run_all(partial(_inside, app.build(service)), disk)
        finally:
            service.close()


def _inside(built: ASGIApp, method: str, target: str, data: bytes, headers: dict[str, str]) -> Answer:
    """One request by ASGI; an exception that the application lets through fails the test."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "headers": [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(cast("Any", built)(scope, receive, send))
    lines = b"".join(b"%s: %s\r\n" % pair for pair in sent[0]["headers"])
    body = b"" if method == "HEAD" else b"".join(message["body"] for message in sent[1:])
    return Answer(sent[0]["status"], http.client.parse_headers(io.BytesIO(lines + b"\r\n")), body)
