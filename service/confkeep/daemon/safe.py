"""Which requests ask for no change: readers may send them, and the audit has no line of them."""

from __future__ import annotations

from typing import Final

#: RFC 9110, 9.2.1.
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: They are POST because they have a body.
_POSTS: Final = ("/v1/validate", "/v1/diff/", "/v1/merge/")


def is_safe(method: str, path: str) -> bool:
    """Whether a request asks for no change; ``path`` is the decoded one, by which requests are routed."""
    return method in _METHODS or (method == "POST" and path.startswith(_POSTS))
