"""What a save expects to replace: the precondition of a compare-and-swap."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expect:
    """``etags``: the file holds one of these contents. ``anything``: it exists. ``absent``: it does not.

    None of them holds for nothing: a list of etags that can match none must not turn into "it does not exist".
    """

    etags: frozenset[str] = frozenset()
    anything: bool = False
    absent: bool = False

    def holds(self, etag: str | None) -> bool:
        """Whether a file with this etag (None: no file) is what the caller expects."""
        if etag is None:
            return self.absent
        return self.anything or etag in self.etags

    def unmet(self, path: str, etag: str | None) -> str:
        """Why a save to ``path``, which has this etag (None: no file), is a conflict."""
        there = "holds no file" if etag is None else f"has etag {etag}"
        return f"{path} {there}; this save expects {self}"

    def __str__(self) -> str:
        """For messages."""
        if self.anything:
            return "any existing file"
        if self.absent:
            return "no file"
        return " or ".join(sorted(self.etags)) or "a weak etag, which matches nothing"


#: The file does not exist yet (``If-None-Match: *``).
ABSENT = Expect(absent=True)
#: Whatever is there, but something (``If-Match: *``).
ANYTHING = Expect(anything=True)
