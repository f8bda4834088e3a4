"""``/v1/doctor``: why saving breaks, goes stale or gets lost in the mounts as they are now, and what to change."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec
from starlette.endpoints import HTTPEndpoint

from confkeep.daemon import service
from confkeep.daemon.diagnoses import DoctorAnswer, plain
from confkeep.daemon.requests import Address, Parameters, address_of
from confkeep.errors import BadParameter

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from confkeep.layout.survey import Survey


class DoctorEndpoint(HTTPEndpoint):
    """GET only, for admins."""

    async def get(self, request: Request) -> Response:
        """Every rule over what can be seen from here; of one container, or of one file of a root."""
        daemon = service.of(request)
        parameters = Parameters(request, "container", "path", "ignore")
        root, _, relative = parameters.text("path").partition("/")
        at = address_of(root, relative, daemon.roots) if "path" in parameters.values else None
        ignored = [rule for rule in parameters.text("ignore").split(",") if rule]
        found = await daemon.run(_look, parameters.text("container"), at, ignored, daemon.settings.state)
        return service.answer(found)


def _look(container: str, at: Address | None, ignored: list[str], state: str) -> DoctorAnswer:
    from confkeep.layout.doctor import diagnose
    from confkeep.layout.here import Here
    from confkeep.layout.located import located
    from confkeep.layout.look import look
    from confkeep.layout.model import Scope
    from confkeep.layout.one_file import diagnose_file
    from confkeep.layout.processes import own_view
    from confkeep.layout.report import document

    ignore = _rules(ignored)
    path = None if at is None else os.path.realpath(at.path)
    scope = Scope(container, frozenset() if path is None else frozenset({path}), state)
    survey = look(scope)
    _check_container(container, survey)
    if path is None:
        report = diagnose(survey, scope, ignore)
    else:
        report = diagnose_file(Here.of(survey, own_view()), path, Scope(container, state=state), ignore)
    return msgspec.convert(plain(document(located(report, survey))), DoctorAnswer)


def _rules(names: list[str]) -> frozenset[str]:
    from confkeep.layout.explain import pages

    known = {word: page.rule for page in pages().values() for word in (page.rule, page.name)}
    for name in names:
        if name not in known:
            raise BadParameter(f"there is no rule {name!r}", remedy="MNT001, or its name", parameter="ignore")
    return frozenset(known[name] for name in names)


def _check_container(name: str, survey: Survey) -> None:
    """Raises BadParameter where no container is called so, but only if any could have been seen."""
    from confkeep.layout.diagnosis import Source
    from confkeep.layout.model import OK
    from confkeep.layout.survey import is_called

    can_see = OK in {survey.sources.get(Source.PROC), survey.sources.get(Source.API)}
    if name and can_see and not any(is_called(one, name) for one in survey.containers):
        seen = ", ".join(sorted(one.name for one in survey.containers if one.name)) or "none"
        raise BadParameter(
            f"there is no container {name!r}", remedy=f"those that can be seen: {seen}", parameter="container"
        )
