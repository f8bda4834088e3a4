"""What a save expects to replace, as a request says it (RFC 9110, section 13.1)."""

from __future__ import annotations

import re
from typing import Final

from confkeep.errors import BadParameter
from confkeep.expect import ABSENT, ANYTHING, Expect

#: An etag, ``ABSENT`` or ``ANYTHING``.
Expected = str | Expect
#: What may stand between the quotes (RFC 9110, 8.8.3), without what is not ASCII.
_ETAG: Final = re.compile(r"[\x21\x23-\x7e]+")


def expectation(expected: Expected) -> Expect:
    """``expected`` in one form; quotes around an etag, as a header has them, do not matter. Raises BadParameter."""
    wanted = Expect(etags=frozenset({expected.strip('"')})) if isinstance(expected, str) else expected
    if wanted in {ABSENT, ANYTHING}:
        return wanted
    wrong = [etag for etag in wanted.etags if not _ETAG.fullmatch(etag)]
    if wrong or not wanted.etags or wanted.anything or wanted.absent:
        raise BadParameter(
            f"{wrong[0]!r} is no etag" if wrong else f"{wanted!r} cannot be asked for",
            remedy="give the etag of what you have read, ABSENT or ANYTHING",
        )
    return wanted


def precondition(wanted: Expect) -> dict[str, str]:
    """The header of a request."""
    if wanted.absent:
        return {"If-None-Match": "*"}
    return {"If-Match": "*" if wanted.anything else ", ".join(f'"{etag}"' for etag in sorted(wanted.etags))}


def member(wanted: Expect) -> dict[str, str]:
    """The same of a change in a transaction, which knows a single etag. Raises BadParameter."""
    if wanted.absent:
        return {"if_none_match": "*"}
    if wanted.anything:
        return {"if_match": "*"}
    if len(wanted.etags) > 1:
        raise BadParameter("a change in a transaction expects one etag", remedy="give the one that you have read")
    return {"if_match": next(iter(wanted.etags))}
