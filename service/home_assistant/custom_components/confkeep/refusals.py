"""Why nothing was saved, as answers that Home Assistant's pages show: they look for ``message`` in the body."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from .client import Problem

_CONFLICTS = frozenset({HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})


def conflict(message: str) -> web.HTTPException:
    """Somebody else has changed it: 409."""
    return _with(web.HTTPConflict, message)


def not_saved(message: str) -> web.HTTPException:
    """It cannot be saved now: 503."""
    return _with(web.HTTPServiceUnavailable, message)


def failed(message: str) -> web.HTTPException:
    """It cannot be saved: 500, with the reason."""
    return _with(web.HTTPInternalServerError, message)


def refused(problem: Problem, what: str) -> web.HTTPException:
    """What confkeep has refused, in its words.

    Not with its status: 401 and 403 would be taken for Home Assistant's own, and a page would log out.
    """
    message = f"{what} was not saved: {problem}"
    if problem.status in _CONFLICTS:
        return conflict(message)
    if problem.status == HTTPStatus.INSUFFICIENT_STORAGE:
        return _with(web.HTTPInsufficientStorage, message)
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return not_saved(message)
    return (
        failed(message)
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        else _with(web.HTTPUnprocessableEntity, message)
    )


def _with(kind: type[web.HTTPException], message: str) -> web.HTTPException:
    return kind(text=json.dumps({"message": message}), content_type="application/json")
