"""What is to be saved, over what, and what a caller may ask besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from confkeep.client.content import Content
    from confkeep.expect import Expect

#: ``off``: not checked. ``syntax``: must be a document of its format. ``strict``: nor may anything in it be doubtful.
Validate = Literal["off", "syntax", "strict"]
#: ``refuse`` rather than let a reader see a file half done, where no write lease is to be had.
OnBusy = Literal["write", "refuse"]
#: ``comments``: the bytes are a program's dump, and the text that is there is changed to say the same.
Keep = Literal["text", "comments"]


class Options(NamedTuple):
    """``message`` is a line for the history. ``dry_run``: everything but the write. None: as the daemon has it."""

    validate: Validate | None = None
    on_busy: OnBusy | None = None
    message: str = ""
    dry_run: bool = False
    keep: Keep | None = None

    @property
    def query(self) -> dict[str, str]:
        """The parameters of a request."""
        return {
            "validate": self.validate or "",
            "on_busy": self.on_busy or "",
            "message": self.message,
            "dry_run": "true" if self.dry_run else "",
            "keep": self.keep or "",
        }


class Proposed(NamedTuple):
    """Bytes that are to be saved over what is expected; ``base``: what they began with, where the caller has it."""

    root: str
    path: str
    data: bytes
    expect: Expect
    base: Content | None = None
