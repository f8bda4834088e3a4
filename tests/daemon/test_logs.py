import json
import logging
import sys
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from confkeep.daemon import logs
from confkeep.daemon.settings import LogFormat, LogLevel, LogSettings
from tests.daemon.fixtures import Serve

Said = Callable[[], list[str]]
JSON = LogSettings(format=LogFormat.JSON)
_log = logging.getLogger("confkeep.test")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Generator[Said]:
    """The lines on the standard error since it was last asked; logging is in the end as it was."""
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn")
    before = list(root.handlers), root.level, uvicorn.level

    def lines() -> list[str]:
        return capsys.readouterr().err.splitlines()

    yield lines
    root.handlers[:], level, of_uvicorn = before
    root.setLevel(level)
    uvicorn.setLevel(of_uvicorn)


def test_text(said: Said) -> None:
    """Level, logger and message; members are for programs."""
    logs.configure(LogSettings())
    _log.warning("one %s", "word", extra={"confkeep": {"slug": "x"}})
    assert said() == ["WARNING confkeep.test: one word"]


def test_json(said: Said) -> None:
    """One object: when, how grave, who says it, what, and what else is known."""
    logs.configure(JSON)
    before = datetime.now(UTC)
    _log.warning("one %s", "word", extra={"confkeep": {"slug": "conflict", "uid": 0, "root": None}})
    (line,) = said()
    members: dict[str, Any] = json.loads(line)
    when = members.pop("time")
    assert list(members.items()) == [
        ("level", "warning"),
        ("logger", "confkeep.test"),
        ("message", "one word"),
        ("slug", "conflict"),
        ("uid", 0),
        ("root", None),
    ]
    assert datetime.strptime(when, "%Y-%m-%dT%H:%M:%S.%f%z").tzinfo == UTC
    assert (len(when), when[-5], when[-1]) == (24, ".", "Z")
    rounded = before.replace(microsecond=before.microsecond // 1000 * 1000)
    assert rounded <= datetime.fromisoformat(when) <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["two\nlines", "\r\x1b[2J\x85\u2028", "ü €", '"{}\\', "\udcff bad utf-8", "\0"])
def test_one_line_whatever_it_says(text: str, said: Said) -> None:
    """Neither message nor members can begin a line of their own, and both come back as they were."""
    logs.configure(JSON)
    _log.info("%s", text, extra={"confkeep": {"path": text}})
    (line,) = said()
    assert line.isascii()
    members = json.loads(line)
    assert (members["message"], members["path"]) == (text, text)


def test_exception_is_a_member(said: Said) -> None:
    """The whole traceback, in the same line."""
    logs.configure(JSON)
    try:
        _ = 1 // 0
    except ZeroDivisionError:
        _log.exception("it failed")
    (line,) = said()
    members = json.loads(line)
    assert (members["message"], members["level"]) == ("it failed", "error")
    assert members["exception"].startswith("Traceback")
    assert members["exception"].endswith("ZeroDivisionError: integer division or modulo by zero")


def test_members_hide_nothing(said: Said) -> None:
    """A member named like one of our own does not take its place."""
    logs.configure(JSON)
    _log.warning("true", extra={"confkeep": {"message": "forged", "level": "debug", "time": "", "more": 1}})
    (line,) = said()
    members = json.loads(line)
    assert (members["message"], members["level"], members["more"]) == ("true", "warning", 1)
    assert members["time"]


def test_values_that_json_does_not_know(said: Said) -> None:
    """They are written as they print: a line is never lost for them."""
    logs.configure(JSON)
    _log.warning("x", extra={"confkeep": {"kind": LogFormat.JSON, "path": sys.path.__class__, "set": {1}}})
    (line,) = said()
    assert (json.loads(line)["kind"], json.loads(line)["set"]) == ("json", "{1}")


@pytest.mark.parametrize("level", LogLevel)
def test_level(level: LogLevel, said: Said) -> None:
    """From that level on; uvicorn is heard from warnings on, or later."""
    logs.configure(LogSettings(level=level))
    for name in ("confkeep.test", "uvicorn.error"):
        for each in LogLevel:
            logging.getLogger(name).log(logging.getLevelNamesMapping()[each.upper()], "x")
    order = list(LogLevel)
    lines = said()
    ours = [each.upper() for each in order[order.index(level) :]]
    assert [line.split()[0] for line in lines if "confkeep" in line] == ours
    assert [line.split()[0] for line in lines if "uvicorn" in line] == [
        each for each in ours if each in {"WARNING", "ERROR"}
    ]


@pytest.mark.parametrize("level", LogLevel)
def test_the_audit_is_written_at_every_level(level: LogLevel, said: Said) -> None:
    """Who changed what is no matter of taste."""
    logs.configure(LogSettings(LogFormat.TEXT, level))
    logging.getLogger("confkeep.audit").info("PUT /v1/files/ha/a")
    assert said() == ["INFO confkeep.audit: PUT /v1/files/ha/a"]


def test_again(said: Said) -> None:
    """Format and level may change while we run; each line is written once."""
    logs.configure(LogSettings())
    logs.configure(JSON)
    logs.configure(LogSettings(format=LogFormat.JSON, level=LogLevel.ERROR))
    _log.warning("not this")
    _log.error("this")
    (line,) = said()
    assert json.loads(line)["message"] == "this"
    logs.configure(LogSettings())
    _log.info("that")
    assert said() == ["INFO confkeep.test: that"]


def test_other_handlers_stay(said: Said, caplog: pytest.LogCaptureFixture) -> None:
    """What else listens, of a program that holds us, still does."""
    logs.configure(JSON)
    _log.warning("heard")
    assert "heard" in caplog.text


def test_the_daemon_speaks_json(serve: Serve, disk: Path) -> None:
    """Every line of a whole life is an object, from the start to the end."""
    (disk / "config").mkdir()
    settings = f"[log]\nformat = 'json'\n[roots.ha]\npath = '{disk}/config'\n"
    daemon = serve(settings=settings)
    assert daemon.put("ha/a.yaml", b"password: hunter2\n", if_none_match="*").status == 201
    assert daemon.get("ha/none").status == 404
    assert daemon.stop() == 0
    lines = [json.loads(line) for line in daemon.log.splitlines()]
    assert [line["message"].split()[0] for line in lines[:1] + lines[-1:]] == ["listening", "stopped"]
    assert "hunter2" not in daemon.log
