"""The document, put together from the table, the types and the errors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from inspect import cleandoc
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import msgspec

from confkeep import __version__
from confkeep.daemon.openapi import examples, problems
from confkeep.daemon.openapi.operations import OPERATIONS, Operation, Success
from confkeep.daemon.openapi.parameters import PARAMETERS
from confkeep.daemon.openapi.problems import PROBLEMS
from confkeep.daemon.patches import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkeep.daemon.openapi.patches import Media

    Body = type[msgspec.Struct] | tuple[str | type[msgspec.Struct], ...] | Mapping[str, Media]

_ABOUT: Final = """\
HTTP/1.1 over a Unix socket: `curl --unix-socket /run/confkeep/confkeep.sock http://confkeep/v1`.

Changes only add: clients ignore members of answers that they do not know. What a request names and this document does
not is refused (422 `unknown-parameter`). A `HEAD` is answered wherever a `GET` is. A path that is not here is 404
`no-endpoint`, another method 405 `method-not-allowed` with `Allow`; both are problems like all others (RFC 9457).
`x-role` is the role that a peer of the socket needs: it has it by its uid and groups, as the settings say."""

#: Of every answer.
_ALWAYS: Final = ("Request-Id", "Date", "X-Content-Type-Options")
#: What any request may be answered; those for which a role is needed also ``forbidden``.
_ANYWHERE: Final = ("bad-request", "request-timeout", "expectation-failed", "headers-too-large", "error")
_HEADERS: Final[dict[str, tuple[str, str]]] = {
    "Request-Id": ("The request's name in the log and in problems.", examples.REQUEST_ID),
    "Date": ("When it was answered (RFC 9110, 6.6.1).", "Sun, 01 Mar 2026 12:00:00 GMT"),
    "X-Content-Type-Options": ("No browser is to guess another type.", "nosniff"),
    "ETag": ("The SHA-256 of the bytes, in double quotes: always strong.", f'"{examples.ETAG}"'),
    "Last-Modified": ("When the file was changed; not to be compared, that is what etags are for.",
                      "Sun, 01 Mar 2026 12:00:00 GMT"),
    "Cache-Control": ("How long the answer stays true.", "no-cache"),
    "Revision": ("The revision that has this content, where the history knows it.", "43"),
    "Accept-Patch": ("The types of patches that are taken (RFC 5789, 3.1).", ", ".join(Kind)),
    "Merged-By": ("`structure`: both sides' changes of the data; `lines`: line by line.", "structure"),
    "Retry-After": ("Seconds after which the same request may succeed.", "1"),
}  # fmt: skip


@cache
def document() -> bytes:
    """The document as JSON, with a newline."""
    return msgspec.json.encode(build()) + b"\n"


def build() -> dict[str, Any]:
    """The document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "confkeep",
            "version": __version__,
            "summary": "Configuration files, saved so that they are never torn, lost or overwritten unseen",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "On the socket; any name of a host will do."}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "parameters": PARAMETERS,
            "headers": {name: _header(name) for name in _HEADERS},
            "examples": {problem.slug: {"value": problems.example_of(problem)} for problem in _of_requests()},
        },
    }


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        item = paths.setdefault(operation.path, {})
        item[operation.method] = _operation(operation)
        if operation.method == "get":
            item["head"] = _head(operation)
    return paths


def _operation(operation: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in operation.parameters],
        "responses": _responses(operation),
    }
    if operation.role is not None:
        made["x-role"] = operation.role
    if operation.body is not None:
        made["requestBody"] = {"content": _content(operation.body), "required": not isinstance(operation.body, tuple)}
    return made


def _head(operation: Operation) -> dict[str, Any]:
    made = _operation(operation)
    made["operationId"] += "Head"
    made["summary"] = f"The headers of {operation.name}"
    for response in made["responses"].values():
        response.pop("content", None)
    return made


def _responses(operation: Operation) -> dict[str, Any]:
    made = {str(answer.status): _success(answer) for answer in operation.answers}
    slugs = {*operation.problems, *_ANYWHERE, *(("forbidden",) if operation.role else ())}
    found = sorted((PROBLEMS[slug] for slug in slugs), key=lambda problem: (problem.status, problem.slug))
    for status, several in groupby(found, key=lambda problem: problem.status):
        _merge(made.setdefault(str(status), {}), _problem(status, list(several)))
    return dict(sorted(made.items()))


def _merge(into: dict[str, Any], response: dict[str, Any]) -> None:
    """A status may be an answer's and a problem's at once."""
    if not into:
        into.update(response)
        return
    into["description"] += f" Or: {response['description']}"
    into["content"] |= response["content"]


def _success(answer: Success) -> dict[str, Any]:
    made: dict[str, Any] = {"description": answer.about, "headers": _headers(answer.headers)}
    if answer.kind is not None:
        made["content"] = _content(answer.kind)
    return made


def _content(kind: Body) -> dict[str, Any]:
    if isinstance(kind, tuple):
        return {name: content for each in kind for name, content in _content_of(each).items()}
    if isinstance(kind, Mapping):
        return {name: {"schema": media.schema, "example": media.example} for name, media in kind.items()}
    return _content_of(kind)


def _content_of(kind: str | type[msgspec.Struct]) -> dict[str, Any]:
    if isinstance(kind, str):
        return {kind: {}}
    schema = {"$ref": f"#/components/schemas/{kind.__name__}"}
    return {"application/json": {"schema": schema, "example": examples.example_of(kind)}}


def _problem(status: int, several: list[problems.Problem]) -> dict[str, Any]:
    schemas = [{"$ref": f"#/components/schemas/{problems.schema_name(problem.slug)}"} for problem in several]
    headers: tuple[str, ...] = ()
    if status in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}:
        headers = ("ETag?",)
    if status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        headers = ("Accept-Patch",)
    if status == HTTPStatus.LOCKED:
        headers = ("Retry-After",)
    return {
        "description": " · ".join(f"`{problem.slug}`: {problem.title}" for problem in several),
        "headers": _headers(headers),
        "content": {
            "application/problem+json": {
                "schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas},
                "examples": {one.slug: {"$ref": f"#/components/examples/{one.slug}"} for one in several},
            }
        },
    }


def _headers(names: Iterable[str]) -> dict[str, Any]:
    """Those of every answer and these; one that ends in ``?`` may be missing."""
    made: dict[str, Any] = {}
    for name in (*_ALWAYS, *names):
        plain = name.removesuffix("?")
        made[plain] = _header(plain, required=False) if plain != name else {"$ref": f"#/components/headers/{plain}"}
    return made


def _header(name: str, *, required: bool = True) -> dict[str, Any]:
    about, example = _HEADERS[name]
    return {"description": about, "required": required, "schema": {"type": "string"}, "example": example}


def _schemas() -> dict[str, Any]:
    """The types of all bodies, with what they are made of, and the problems."""
    bodies = [answer.kind for operation in OPERATIONS for answer in operation.answers]
    wanted = [*bodies, *(operation.body for operation in OPERATIONS)]
    each = [one for kind in wanted for one in (kind if isinstance(kind, tuple) else (kind,))]
    kinds = list(dict.fromkeys(kind for kind in each if isinstance(kind, type)))
    _, found = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    for schema in found.values():
        if "description" in schema:
            schema["description"] = cleandoc(schema["description"]).replace("``", "`")
    named = {problems.schema_name(problem.slug): problems.schema_of(problem) for problem in _of_requests()}
    return {**found, "Problem": problems.BASE, **named}


def _of_requests() -> list[problems.Problem]:
    return [problem for slug, problem in PROBLEMS.items() if slug not in problems.LIBRARY_ONLY]
