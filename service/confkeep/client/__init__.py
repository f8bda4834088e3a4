"""``from confkeep.client import Client``: what an editor needs of a running daemon. Standard library only, blocking."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from confkeep.client.client import Client
from confkeep.expect import ABSENT, ANYTHING, Expect

if TYPE_CHECKING:
    from confkeep.client.changes import Change
    from confkeep.client.comparison import Difference, Differences, Merged, Validation
    from confkeep.client.conflicts import Edits
    from confkeep.client.content import Content
    from confkeep.client.entry import Entry
    from confkeep.client.events import Event, Events
    from confkeep.client.opened import Opened
    from confkeep.client.revision import Revision
    from confkeep.client.saved import Diagnostic, Saved
    from confkeep.client.service import RootInfo, Service
    from confkeep.client.stat import Stat
    from confkeep.client.verdict import Refusal, Verdict

__all__ = [
    "ABSENT",
    "ANYTHING",
    "Change",
    "Client",
    "Content",
    "Diagnostic",
    "Difference",
    "Differences",
    "Edits",
    "Entry",
    "Event",
    "Events",
    "Expect",
    "Merged",
    "Opened",
    "Refusal",
    "Revision",
    "RootInfo",
    "Saved",
    "Service",
    "Stat",
    "Validation",
    "Verdict",
]

#: Imported when first asked for: a command line pays for what it uses.
_WHERE: Final = {
    "Change": "changes",
    "Content": "content",
    "Diagnostic": "saved",
    "Difference": "comparison",
    "Differences": "comparison",
    "Edits": "conflicts",
    "Entry": "entry",
    "Event": "events",
    "Events": "events",
    "Merged": "comparison",
    "Opened": "opened",
    "Refusal": "verdict",
    "Revision": "revision",
    "RootInfo": "service",
    "Saved": "saved",
    "Service": "service",
    "Stat": "stat",
    "Validation": "comparison",
    "Verdict": "verdict",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever has that name
    if name not in _WHERE:
        raise AttributeError(f"module 'confkeep.client' has no attribute {name!r}")
    found = getattr(import_module(f"confkeep.client.{_WHERE[name]}"), name)
    globals()[name] = found
    return found
