"""One tree of named errors; the layer that speaks HTTP only translates them.

Every error names the thing, the reason and the remedy. ``slug`` is stable for ever: programs match on it.
``status`` is the HTTP status of the daemon's answer, ``exit_code`` that of the command line.
"""

from __future__ import annotations

from errno import EEXIST
from typing import Any, ClassVar


class ConfkeepError(Exception):
    """Root of everything confkeep raises on purpose.

    ``detail`` says what happened to what, ``remedy`` what the reader can do, ``members`` are typed extras for
    programs (a 412 carries the current etag there).
    """

    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "confkeep could not do this"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str, *, remedy: str = "", **members: Any) -> None:
        self.detail = shown(detail)
        super().__init__(self.detail)
        self.remedy = remedy
        self.members: dict[str, Any] = members


def shown(text: str) -> str:
    """``text`` with bytes that are no UTF-8 (lone surrogates, as ``os.fsdecode`` makes them) written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class BadPath(ConfkeepError):
    """The path cannot name a file below a root: empty, ``.``, ``..``, NUL, or not UTF-8."""

    slug, title, status, exit_code = "bad-path", "The path cannot name a file", 400, 2


class BadParameter(ConfkeepError):
    """A query parameter or header that this service does not know, or a value it does not take."""

    slug, title, status, exit_code = "unknown-parameter", "A parameter was not understood", 422, 2


class NoRoot(ConfkeepError):
    """No root of that name is configured."""

    slug, title, status, exit_code = "no-root", "No such root", 404, 6


class NotFound(ConfkeepError):
    """Nothing is there, or the directory it would be in does not exist."""

    slug, title, status, exit_code = "not-found", "Not found", 404, 6


class Pruned(ConfkeepError):
    """The revision was there once: what the settings keep of a root's history no longer includes it."""

    slug, title, status, exit_code = "pruned", "The revision is no longer kept", 410, 6


class NoContent(ConfkeepError):
    """The revision records that the file was removed: there are no bytes to be had."""

    slug, title, status, exit_code = "no-content", "The revision is a removal", 409, 6


class Forbidden(ConfkeepError):
    """Who asks may connect, but not do this."""

    slug, title, status, exit_code = "forbidden", "This peer may not do that", 403, 7


class PreconditionRequired(ConfkeepError):
    """A save must say what it replaces: ``If-Match`` or ``If-None-Match: *`` (RFC 6585, section 3)."""

    slug, title, status, exit_code = "precondition-required", "Say what this save replaces", 428, 2


class BodyTooLarge(ConfkeepError):
    """More bytes than the daemon accepts for one file."""

    slug, title, status, exit_code = "body-too-large", "The body is too large", 413, 2


class Conflict(ConfkeepError):
    """The file is not what the caller believes it is. Nothing was written."""

    slug, title, status, exit_code = "conflict", "The file has changed meanwhile", 412, 4


class AlreadyExists(Conflict, FileExistsError):
    """Something is there already, and the caller does not want it replaced. Nothing was written."""

    slug, title = "already-exists", "Something is there already"
    errno = EEXIST


class InvalidDocument(ConfkeepError):
    """The bytes are not a valid document of their format. Nothing was written."""

    slug, title, status, exit_code = "invalid-document", "The document is not valid", 422, 5


class BadPatch(ConfkeepError):
    """What was sent as a patch is none (RFC 6902, RFC 7396). Nothing was written."""

    slug, title, status, exit_code = "bad-patch", "The patch was not understood", 400, 2


class UnsupportedMediaType(ConfkeepError):
    """The body's Content-Type is none that this resource takes (RFC 5789, section 2.2)."""

    slug, title, status, exit_code = "unsupported-media-type", "The type of the body is not supported", 415, 2


class PatchTestFailed(ConfkeepError):
    """A ``test`` of a patch found another value in the document. Nothing was written."""

    slug, title, status, exit_code = "patch-test-failed", "A test of the patch failed", 409, 4


class PointerNotFound(ConfkeepError):
    """A JSON Pointer leads to nothing in the document (RFC 6901). Nothing was written."""

    slug, title, status, exit_code = "pointer-not-found", "The pointer leads nowhere", 422, 6


class NotRepresentable(ConfkeepError):
    """The change cannot be written into this document without touching something else. Nothing was written."""

    slug, title, status, exit_code = "not-representable", "The change cannot be written there", 422, 5


class MergeConflict(ConfkeepError):
    """Both sides changed the same thing. ``members`` carry the text with both, marked. Nothing was written."""

    slug, title, status, exit_code = "merge-conflict", "Both sides changed the same thing", 409, 4


class Refused(ConfkeepError):
    """The target cannot be written, seen before the first byte. ``members`` carry evidence and a doctor's rule."""

    exit_code = 7


class ReadOnly(Refused):
    """A read-only mount or filesystem, an immutable file, or no permission."""

    slug, title, status = "read-only", "The target is read-only", 403


class NoPermission(Refused):
    """The process's user may not read or write the target."""

    slug, title, status = "no-permission", "No permission", 403


class NotARegularFile(Refused):
    """A directory, FIFO, socket or device."""

    slug, title, status = "not-a-regular-file", "Not a regular file", 409


class FileTooLarge(Refused):
    """More bytes than the daemon reads into memory: no configuration, but a database or a recording beside it."""

    slug, title, status = "file-too-large", "The file is too large", 409


class NotADirectory(Refused):
    """Something other than a directory is where a folder is to be."""

    slug, title, status = "not-a-directory", "Not a directory", 409


class MountedFile(Refused):
    """A mount point cannot be removed (unlink(2), EBUSY)."""

    slug, title, status = "mounted-file", "The file is mounted", 409


class StaleMount(Refused):
    """The mount still shows an inode that no longer has a name: what is written there is lost."""

    slug, title, status = "stale-mount", "The mount is stale", 409


class OutsideRoot(Refused):
    """A symbolic link leads out of the root."""

    slug, title, status = "outside-root", "The path leads out of its root", 403


class TargetBusy(Refused):
    """Others hold the target, and the caller asked not to write under their eyes. Nothing was written."""

    slug, title, status = "target-busy", "Others are using the target", 423


class JournalUnavailable(Refused):
    """The save would need a durable journal and none is to be had. The target was not touched."""

    slug, title, status = "journal-unavailable", "No durable journal", 503


class OutOfSpace(ConfkeepError):
    """The filesystem of the target (or of the state directory) is full. The old content is intact."""

    slug, title, status = "out-of-space", "No space left", 507


class TooManyStreams(ConfkeepError):
    """One user has as many streams of events open as the settings allow (RFC 6585, section 4)."""

    slug, title, status, exit_code = "too-many-streams", "Too many streams", 429, 1


class IoError(ConfkeepError):
    """The operating system failed. ``detail`` says what became of the file."""

    slug, title, status = "io-error", "The operating system failed", 500


class HistoryDamaged(IoError):
    """The history is not what was written to it. The file that was to be saved was not touched."""

    slug, title = "history-damaged", "The history is damaged"


class ShuttingDown(ConfkeepError):
    """The daemon is stopping and takes no further saves."""

    slug, title, status = "shutting-down", "The daemon is shutting down", 503


class SettingsError(ConfkeepError):
    """The settings cannot be used; ``detail`` names the file and the key."""

    slug, title, exit_code = "bad-settings", "The settings cannot be used", 2


class NoDaemon(ConfkeepError):
    """Nobody listens on the socket."""

    slug, title, exit_code = "no-daemon", "The daemon cannot be reached", 3
