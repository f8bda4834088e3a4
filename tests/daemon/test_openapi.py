"""The document says what the application does: it is compared with routes, errors, parameters and answers."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import schemathesis
from starlette.applications import Starlette
from starlette.routing import Route

from confkeep import errors
from confkeep.daemon import app, strict
from confkeep.daemon.access import Guard, Role
from confkeep.daemon.openapi.document import build, document
from confkeep.daemon.openapi.operations import OPERATIONS, Operation
from confkeep.daemon.openapi.parameters import PARAMETERS
from confkeep.daemon.openapi.problems import ELSEWHERE, LIBRARY_ONLY, MEMBERS, PROBLEMS
from tests.daemon.in_process import Failing, service
from tests.daemon.looking import problem

if TYPE_CHECKING:
    from collections.abc import Generator

    from starlette.types import Message

    from tests.daemon.running import Daemon

CODE = Path(errors.__file__).parent
DOCUMENT = build()
METHODS = {"get", "put", "post", "patch", "delete"}
#: Asked by supervisors that add what they like.
LENIENT = {"/healthz", "/readyz"}


def routes() -> Generator[Route]:
    """Those of the application, inside its middleware, each of which holds first what it wraps."""
    inner: object = app.build(service(Failing(AssertionError())))
    while not isinstance(inner, Starlette):
        inner = next(held for held in vars(inner).values() if callable(held))
    for route in inner.routes:
        assert isinstance(route, Route)
        yield route


def test_document_is_openapi() -> None:
    """It is valid by the schema of OpenAPI 3.1, and every operation in it can be called."""
    schema: Any = schemathesis.openapi.from_dict(build())
    schema.validate()
    assert len([found.ok() for found in schema.get_all_operations()]) == sum(len(i) for i in DOCUMENT["paths"].values())


def test_every_route_and_method_is_documented() -> None:
    """And nothing else is. What has a GET has a HEAD."""
    there = {(route.path, method) for route in routes() for method in METHODS if hasattr(route.endpoint, method)}
    heads = {(path, "head") for path, method in there if method == "get"}
    said = {(_route(path), method) for path, item in DOCUMENT["paths"].items() for method in item}
    assert said == there | heads


def _route(path: str) -> str:
    """The route by which a documented path is reached."""
    return re.sub(r"\{root\}/.*", "{address:anything}", path).replace("{id}", "{number}")


def test_every_problem_is_accounted_for() -> None:
    """Each slug in the code is some request's, or that of no request in the table, or the library's alone."""
    assigned = re.compile(r'^    slug\b[^=\n]* = "([a-z-]+)"', re.MULTILINE)
    in_code = {slug for file in CODE.rglob("*.py") for slug in assigned.findall(file.read_text("utf-8"))}
    of_requests = {
        slug
        for item in DOCUMENT["paths"].values()
        for operation in item.values()
        for response in operation["responses"].values()
        for slug in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    assert of_requests.isdisjoint(LIBRARY_ONLY | ELSEWHERE)
    assert LIBRARY_ONLY.isdisjoint(ELSEWHERE)
    assert of_requests | LIBRARY_ONLY | ELSEWHERE == set(PROBLEMS)
    assert set(PROBLEMS) == in_code | ELSEWHERE


def test_problems_of_no_request(house: Daemon) -> None:
    """Another path, another method: as the document says."""
    for slug, answer in (
        ("no-endpoint", house.ask("GET", "/v2")),
        ("method-not-allowed", house.ask("POST", "/v1", b"", {"If-Match": "*"})),
    ):
        members = problem(answer, PROBLEMS[slug].status, slug)
        assert members["title"] == PROBLEMS[slug].title
    assert {"no-endpoint", "method-not-allowed"} == ELSEWHERE


def test_every_member_of_a_problem_is_documented() -> None:
    """What the code gives an error, as a keyword beside its remedy."""
    kinds = {**vars(errors), **vars(strict)}
    slugs = {name: kind.slug for name, kind in kinds.items() if hasattr(kind, "slug")}
    given = {(slugs[name], member) for name, member in _keywords() if name in slugs and member != "remedy"}
    assert given
    told = {(slug, member) for slug, member in given if slug not in LIBRARY_ONLY}
    assert told <= {(slug, member) for slug, members in MEMBERS.items() for member in members}


def _keywords() -> Generator[tuple[str, str]]:
    """What checks compose files is the command line's alone."""
    for file in {*CODE.rglob("*.py")} - {*CODE.glob("layout/compose*.py")}:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield from ((node.func.id, keyword.arg) for keyword in node.keywords if keyword.arg)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_query_parameter_is_documented(operation: Operation, house: Daemon) -> None:
    """The service itself says which it knows when it is given another."""
    target = operation.path.format(root="ha", path="a.yaml", id=1)
    answer = house.ask(operation.method.upper(), f"{target}?no-such=1", None, {"If-Match": "*"})
    parameters = [PARAMETERS[name] for name in operation.parameters]
    said = [parameter["name"] for parameter in parameters if parameter["in"] == "query"]
    if operation.path in LENIENT:
        assert (answer.status, said) == (200, [])
        return
    members = problem(answer, 422, "unknown-parameter")
    assert members["remedy"] == f"this request knows: {', '.join(said) or 'none'}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_role_that_is_needed(operation: Operation) -> None:
    """Whoever has it, or a higher one, gets through to the application, and nobody else."""
    needed = Role.NONE if operation.role is None else Role[operation.role.upper()]
    assert [role for role in Role if _gets_through(operation, role)] == [role for role in Role if role >= needed]


def _gets_through(operation: Operation, role: Role) -> bool:
    scope: dict[str, Any] = {
        "type": "http",
        "method": operation.method.upper(),
        "path": operation.path,
        "raw_path": operation.path.encode("ascii"),
        "headers": [],
        "state": {"request_id": "0"},
    }
    reached: list[object] = []
    answered: list[int] = []

    async def application(*asked: object) -> None:
        reached.append(asked)

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        answered.append(message.get("status", 403))

    asyncio.run(Guard(application, lambda _: role)(scope, receive, send))
    assert reached or set(answered) == {403}
    return bool(reached)


def _examples() -> Generator[tuple[str, dict[str, Any], object]]:
    for name, parameter in DOCUMENT["components"]["parameters"].items():
        yield name, parameter["schema"], parameter["example"]
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            bodies = {**operation["responses"], "request": operation.get("requestBody", {})}
            for status, body in bodies.items():
                for content in body.get("content", {}).values():
                    if "example" in content:
                        yield f"{method} {path} {status}", content["schema"], content["example"]
                    for slug in content.get("examples", {}):
                        value = DOCUMENT["components"]["examples"][slug]["value"]
                        yield f"{method} {path} {slug}", content["schema"], value


def test_every_example_fits_its_schema() -> None:
    """So that nobody learns from a wrong one; every answer with JSON has one."""
    checked = 0
    for name, schema, example in _examples():
        whole = {**schema, "components": DOCUMENT["components"]}
        found = [error.message for error in jsonschema_rs.Draft202012Validator(whole).iter_errors(example)]
        assert not found, (name, found)
        checked += 1
    assert checked > len(PROBLEMS)


def test_every_answer_says_what_it_carries() -> None:
    """A schema or raw bytes, a request id, and an example for all that is JSON."""
    for item in DOCUMENT["paths"].values():
        for operation in item.values():
            for response in operation["responses"].values():
                assert {"Request-Id", "Date", "X-Content-Type-Options"} <= response["headers"].keys()
                for media_type, content in response.get("content", {}).items():
                    assert not content or {"example", "examples"} & content.keys(), media_type


def test_served(house: Daemon) -> None:
    """As JSON; twice the same."""
    first, second = house.ask("GET", "/openapi.json"), house.ask("GET", "/openapi.json")
    assert (first.status, first.headers["Content-Type"]) == (200, "application/json")
    assert first.body == second.body == document()
    assert json.loads(first.body) == DOCUMENT


def test_costs_nothing_until_it_is_asked_for() -> None:
    """No module of the document is imported when the daemon starts."""
    code = "import sys, confkeep.daemon.run, confkeep.daemon.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "confkeep.daemon.endpoints.openapi" in loaded
    assert not [name for name in loaded if name.startswith("confkeep.daemon.openapi")]
