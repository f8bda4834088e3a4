"""What the pages show when a save went otherwise than its person thinks; docs/home-assistant.md explains each."""

from __future__ import annotations

from typing import Final

_MESSAGE_LENGTH: Final = 200

_CHANGED: Final = (
    "{what} was changed by somebody else after this page had loaded it, so nothing was saved{why}. Keep a copy of "
    "what you changed, reload the page, and make your change again. (To delete it from the list, open it first.)"
)
_INTERRUPTED: Final = (
    "confkeep stopped answering while it saved {what} ({error}). Nothing is lost: when it is started again it "
    "completes the save or undoes it. Then reload this page, look, and save again if need be."
)
_NEITHER: Final = "{what} was not saved: {error}. Without confkeep Home Assistant cannot save this file ({reason})."
_CONTAINER: Final = (
    "its container holds on to an older file that was mounted on its own and has been "
    "replaced on the host. Restart the container of Home Assistant; better mount the directory."
)
NOT_SEEN: Final = "{what} was saved, but Home Assistant does not see it: " + _CONTAINER
OLD_FILE: Final = (
    "{what} was not saved: somebody else has changed it, and Home Assistant does not see it: " + _CONTAINER
)
UNREADABLE: Final = (
    "Home Assistant's editor can neither show nor save anything in {path}: {error}. Change that in a text editor. What "
    "the editor is not made for, such as !secret, can stand in configuration.yaml or in a package."
)
CHANGES: Final = "{path} changes all the time: look at it, and save again."


def changed(what: str, why: str = "") -> str:
    """A conflict, and what to do now."""
    return _CHANGED.format(what=what, why=why)


def interrupted(what: str, error: Exception) -> str:
    """No answer came."""
    return _INTERRUPTED.format(what=what, error=error)


def neither(what: str, error: Exception, reason: Exception) -> str:
    """Confkeep is not reached, and Home Assistant's own save fails."""
    return _NEITHER.format(what=what, error=error, reason=reason)


def for_history(what: str, by: str | None) -> str:
    """The message of the revision: which entry, and by whom."""
    text = f"Home Assistant: {what}" if by is None else f"Home Assistant: {what} by {by}"
    return " ".join(text.split())[:_MESSAGE_LENGTH]
