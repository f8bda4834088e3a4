"""confkeep.errors: one tree of named errors."""

from __future__ import annotations

import pickle
import re

import pytest

from confkeep import errors
from confkeep.daemon import strict
from confkeep.errors import ConfkeepError, Conflict


def tree(of: type[ConfkeepError]) -> list[type[ConfkeepError]]:
    """A class and all below it."""
    return [of, *(one for child in of.__subclasses__() for one in tree(child))]


ALL = [one for one in tree(ConfkeepError) if one not in {ConfkeepError, errors.Refused}]


def test_every_public_error_is_in_the_tree() -> None:
    """Nothing else is raised on purpose."""
    public = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)}
    elsewhere = {one for one in ALL if one.__module__ == strict.__name__}  # of HTTP itself: no library caller sees them
    assert public == {*ALL, ConfkeepError, errors.Refused} - elsewhere
    assert len(elsewhere) == 4


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_each_has_a_name_a_status_and_an_exit_code(error: type[ConfkeepError]) -> None:
    """A slug for programs, a title for people, a status for HTTP, an exit code for shells."""
    assert re.fullmatch("[a-z]+(-[a-z]+)*", error.slug)
    assert error.title
    assert 400 <= error.status <= 599
    assert 1 <= error.exit_code <= 125
    assert error.__doc__


def test_no_two_share_a_slug() -> None:
    """Programs match on it."""
    slugs = [error.slug for error in ALL]
    assert len(set(slugs)) == len(slugs)


def test_the_published_slugs() -> None:
    """They are stable for ever, each with its status."""
    assert {
        "bad-path": 400, "no-root": 404, "not-found": 404, "read-only": 403, "not-a-regular-file": 409,
        "stale-mount": 409, "conflict": 412, "body-too-large": 413, "invalid-document": 422,
        "precondition-required": 428, "unknown-parameter": 422, "target-busy": 423, "out-of-space": 507,
        "io-error": 500, "journal-unavailable": 503, "shutting-down": 503,
    }.items() <= {error.slug: error.status for error in ALL}.items()  # fmt: skip


def test_an_error_carries_what_it_knows() -> None:
    """Detail, remedy, and typed members; also through a pickle."""
    error = Conflict("the detail", remedy="do this", etag="aa")
    for one in (error, pickle.loads(pickle.dumps(error))):  # noqa: S301 - our own
        assert str(one) == one.detail == "the detail"
        assert one.remedy == "do this"
        assert one.members == {"etag": "aa"}
