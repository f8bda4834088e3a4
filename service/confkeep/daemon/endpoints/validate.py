"""``/v1/validate``: the complete check of a document that is not saved, or not yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.endpoints import HTTPEndpoint

from confkeep.checking import check_document
from confkeep.daemon import service
from confkeep.daemon.comparisons import ValidateAnswer
from confkeep.daemon.requests import Address, Parameters, address_of, body
from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.errors import BadParameter, InvalidDocument
from confkeep.files.root import Root
from confkeep.kind import Kind, kind_at

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from confkeep.daemon.service import Service


class ValidateEndpoint(HTTPEndpoint):
    """POST only."""

    async def post(self, request: Request) -> Response:
        """What is wrong with the body, and what is noteworthy about it. Nothing is stored; 200 says so either way."""
        daemon = service.of(request)
        parameters = Parameters(request, "name", "root", "format", "dialect")
        format_ = parameters.one_of("format", Format)
        dialect = parameters.one_of("dialect", Dialect)
        at = _address(daemon, parameters)
        if not at.relative and format_ is None:
            raise BadParameter(
                "nothing says what the body is", remedy="give name, the file's, or format", parameter="name"
            )
        document = await body(request, daemon.settings.max_body)
        return service.answer(await daemon.run(_checked, at, document, format_, dialect))


def _address(daemon: Service, parameters: Parameters) -> Address:
    """Where the document would be: a root's settings count, whether or not there is such a file."""
    root, name = parameters.text("root"), parameters.text("name")
    if root and not name:
        raise BadParameter(
            "root says whose settings count, but not for which file",
            remedy="give name, its path below the root",
            parameter="name",
        )
    if root:
        return address_of(root, name, daemon.roots)
    return Address(Root(name="", path="/", secrets=daemon.settings.secrets), name)


def _checked(at: Address, document: bytes, format_: Format | None, dialect: Dialect | None) -> ValidateAnswer:
    found = kind_at(at.root, at.relative)
    kind = Kind(format_ or found.format, dialect or found.dialect)
    secret = at.root.is_secret(at.relative)
    what = at.relative or "the document"
    try:
        noted = check_document(what, document, kind.format, dialect=kind.dialect, strict=True, secret=secret)
    except InvalidDocument as error:
        if not error.members["diagnostics"]:  # it took too long
            raise
        return ValidateAnswer(
            valid=False, format=kind.format, dialect=kind.dialect, diagnostics=error.members["diagnostics"]
        )
    return ValidateAnswer(valid=True, format=kind.format, dialect=kind.dialect, diagnostics=noted)
