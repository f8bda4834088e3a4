"""How a line of the log is written: for people, or as JSON for programs. It never holds the content of a file."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TextIO

from confkeep.daemon.settings import LogFormat

if TYPE_CHECKING:
    from confkeep.daemon.settings import LogSettings

_TEXT: Final = "%(levelname)s %(name)s: %(message)s"


def configure(wanted: LogSettings) -> None:
    """From now on, on the standard error. May be called again: no line is lost or written twice meanwhile."""
    root = logging.getLogger()
    handler = next((each for each in root.handlers if isinstance(each, _StandardError)), None)
    if handler is None:
        handler = _StandardError()
        root.addHandler(handler)
    handler.setFormatter(_JsonLines() if wanted.format is LogFormat.JSON else logging.Formatter(_TEXT))
    root.setLevel(wanted.level.upper())
    logging.getLogger("uvicorn").setLevel(
        max(root.level, logging.WARNING)
    )  # it tells of each start and stop of its own
    logging.getLogger("confkeep.audit").setLevel(logging.INFO)  # who changed what is told at every level


class _StandardError(logging.StreamHandler[TextIO]):
    """Ours among the handlers of others; process-wide, as logging is."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)


class _JsonLines(logging.Formatter):
    """One object a line: ``time`` (RFC 3339, UTC), ``level``, ``logger``, ``message``, ``exception`` if there is one.

    What is logged with ``extra={"confkeep": {…}}`` becomes further members. All of it ASCII: no character that a file
    name holds ends the line.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        own: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            own["exception"] = self.formatException(record.exc_info)
        members: dict[str, Any] = getattr(record, "confkeep", {})
        return json.dumps({**own, **members, **own}, default=str)  # the first decides the order, the last the value
