import asyncio
import json
import logging
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from confkeep.daemon.audit import Audit
from confkeep.errors import ConfkeepError, Conflict, OutOfSpace
from tests.daemon import client
from tests.daemon.client import Answer
from tests.daemon.fixtures import Serve
from tests.daemon.in_process import Failing, Provoked, ask, service
from tests.daemon.looking import Folder
from tests.daemon.running import Daemon
from tests.support.fixtures import AsUser


@pytest.fixture
def config(disk: Path) -> Path:
    """A root's directory with one file."""
    (disk / "config").mkdir()
    (disk / "config/a.yaml").write_bytes(b"a: 1\n")
    return disk / "config"


@pytest.fixture
def daemon(serve: Serve, config: Path) -> Daemon:
    """A daemon that writes its log as JSON."""
    return serve(settings=f"[log]\nformat = 'json'\n[roots.ha]\npath = '{config}'\n")


def audit(daemon: Daemon) -> list[dict[str, Any]]:
    """The lines of the audit so far."""
    lines = [json.loads(line) for line in daemon.log.splitlines()]
    return [line for line in lines if line["logger"] == "confkeep.audit"]


def only(daemon: Daemon, answer: Answer) -> dict[str, Any]:
    """The one line of the request that ``answer`` is of; it is there as soon as the answer is."""
    (line,) = [line for line in audit(daemon) if line["request_id"] == answer.headers["Request-Id"]]
    return line


def test_a_save(daemon: Daemon) -> None:
    """Who by numbers and role, what by method and path, what came of it, and the request's id."""
    answer = daemon.put("ha/a.yaml", b"a: 2\n", "?message=why")
    said = only(daemon, answer)
    assert said.pop("time")
    message = said.pop("message")
    who = f"uid {os.getuid()} gid {os.getgid()} pid {os.getpid()} role admin"
    assert message == f"PUT /v1/files/ha/a.yaml: 200 saved revision 2; {who} {said['request_id']}"
    assert said == {
        "level": "info",
        "logger": "confkeep.audit",
        "request_id": answer.json["request_id"],
        "uid": os.getuid(),
        "gid": os.getgid(),
        "pid": os.getpid(),
        "role": "admin",
        "method": "PUT",
        "path": "/v1/files/ha/a.yaml",
        "status": 200,
        "outcome": "saved",
        "files": ["ha/a.yaml"],
        "revisions": [answer.json["revision"]],
    }


def test_what_came_of_it(daemon: Daemon) -> None:
    """A save that changed nothing, one that was only tried, a removal, a restore and a transaction are told apart."""
    daemon.put("ha/a.yaml", b"a: 2\n")
    change = b'{"changes": [{"root": "ha", "path": "b.yaml", "content": "b: 1", "if_none_match": "*"}]}'
    answers = [
        daemon.put("ha/a.yaml", b"a: 2\n"),
        daemon.put("ha/a.yaml", b"a: 3\n", "?dry_run=true"),
        daemon.ask("POST", "/v1/revisions/1/restore", b"", {"If-Match": "*"}),
        daemon.ask("DELETE", "/v1/files/ha/a.yaml", None, {"If-Match": "*"}),
        daemon.ask("POST", "/v1/transactions", change),
    ]
    told = [only(daemon, answer) for answer in answers]
    assert [(each["method"], each["status"], each["outcome"]) for each in told] == [
        ("PUT", 200, "unchanged"),
        ("PUT", 200, "dry_run"),
        ("POST", 200, "saved"),
        ("DELETE", 204, "saved"),
        ("POST", 200, "saved"),
    ]


def test_failures(daemon: Daemon) -> None:
    """The problem's slug and detail, wherever it was found: by a save, before it, or by nobody."""
    answers = [
        daemon.put("ha/a.yaml", b"a: 2\n", if_match='"0"'),
        daemon.put("ha/a.yaml", b"a: [\n"),
        daemon.put("ha/../x", b""),
        daemon.ask("PUT", "/v1/files/ha/a.yaml", b""),
        daemon.ask("POST", "/v1/files/ha/a.yaml", b""),
        daemon.ask("DELETE", "/none"),
    ]
    told = [only(daemon, answer) for answer in answers]
    assert [(each["status"], each["slug"]) for each in told] == [
        (412, "conflict"),
        (422, "invalid-document"),
        (400, "bad-path"),
        (428, "precondition-required"),
        (405, "method-not-allowed"),
        (404, "no-endpoint"),
    ]
    assert [each["detail"] for each in told] == [answer.json["detail"] for answer in answers]
    assert "revisions" not in told[0]


def test_requests_that_ask_for_no_change(daemon: Daemon) -> None:
    """They are not in the audit, whether or not they succeed; if they fail the log has a line of them."""
    daemon.get("ha/a.yaml")
    failed = daemon.get("ha/none")
    for method in ("HEAD", "OPTIONS"):
        daemon.ask(method, "/v1")
    assert audit(daemon) == []
    (line,) = [line for line in daemon.log.splitlines() if failed.headers["Request-Id"] in line]
    assert "not-found" in line


def test_no_content_in_it(daemon: Daemon) -> None:
    """Neither what was saved nor what was refused."""
    for data in (b"password: hunter2\n", b"password: [hunter2\n", b"hunter2: &a [*a, *b]\n"):
        only(daemon, daemon.put("ha/a.yaml", data))
        only(daemon, daemon.put("ha/secrets.yaml", data, if_none_match="*"))
    assert "hunter2" not in daemon.log


def test_one_line_in_text_too(folder: Folder) -> None:
    """For people: one line a request, that no path or message can break or forge."""
    before = len(folder.daemon.log)
    evil = "%0aINFO%20confkeep.audit:%20forged"
    answers = [
        folder.daemon.ask("PUT", f"/v1/files/{folder.address}/{evil}", b"x", {"If-None-Match": "*"}),
        folder.daemon.ask("PUT", f"/v1/files/{evil}/x", b"x", {"If-None-Match": "*"}),
        folder.daemon.ask("PUT", f"/v1/files/ha/x?message={evil}&{evil}=1", b"x", {"If-None-Match": "*"}),
    ]
    lines = folder.daemon.log[before:].splitlines()
    assert [line.split()[-1] for line in lines] == [answer.headers["Request-Id"] for answer in answers]
    assert all(line.startswith("INFO confkeep.audit: PUT /v1/files/") for line in lines)
    assert "".join(lines).isprintable()


def test_reader_who_wants_to_save(serve: Serve, config: Path, as_user: AsUser) -> None:
    """Who is turned away for its role is named with it."""
    daemon = serve(
        settings="[log]\nformat = 'json'\n[access.readers]\nuids = [4711]\n"
        f"[access]\ngroup = {os.getgid()}\n[roots.ha]\npath = '{config}'\n"
    )
    Path(daemon.socket).chmod(0o666)
    Path(daemon.socket).parent.chmod(0o755)

    def save() -> int:
        return client.ask(daemon.socket, "PUT", "/v1/files/ha/a.yaml", b"a: 2\n", {"If-Match": "*"}).status

    assert as_user(4711, save) == 403
    (line,) = audit(daemon)
    assert (line["uid"], line["role"], line["status"], line["slug"]) == (4711, "reader", 403, "forbidden")


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Generator[list[dict[str, Any]]]:
    """The members of each line of the audit, of an application without a socket."""
    told: list[dict[str, Any]] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(vars(record)["confkeep"])

    listener = Listener()
    logger = logging.getLogger("confkeep.audit")
    logger.addHandler(listener)
    with caplog.at_level(logging.INFO, "confkeep.audit"):
        yield told
    logger.removeHandler(listener)


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (Conflict("x"), 412, "conflict"),
        (OutOfSpace("x"), 507, "out-of-space"),
        (ConfkeepError("x"), 500, "error"),
        (OSError(5, "x"), 500, "io-error"),
        (Provoked("x"), 500, "error"),
    ],
)
def test_whatever_fails(error: Exception, status: int, slug: str, said: list[dict[str, Any]]) -> None:
    """Our own mistakes as well."""
    ask(service(Failing(error)), "PUT", "/v1/files/ha/a", b"", if_match="*")
    (line,) = said
    assert (line["status"], line["slug"], line["path"]) == (status, slug, "/v1/files/ha/a")


def test_detail_of_several_lines(said: list[dict[str, Any]], caplog: pytest.LogCaptureFixture) -> None:
    """It stays one line for people, and is as it was for programs."""
    ask(service(Failing(Conflict("two\nlines"))), "PUT", "/v1/files/ha/a", b"", if_match="*")
    (record,) = [each for each in caplog.records if each.name == "confkeep.audit"]
    assert record.getMessage().isprintable()
    assert said[0]["detail"] == "two\nlines"


def test_without_an_answer(said: list[dict[str, Any]]) -> None:
    """A request that was ended before it was answered is in the audit, without a status."""

    async def ended(*_: object) -> NoReturn:
        raise asyncio.CancelledError

    async def run() -> None:
        scope = {
            "type": "http",
            "method": "PUT",
            "path": "/v1/files/ha/\ufffd",
            "raw_path": b"/v1/files/ha/\xff",
            "state": {"request_id": "0123"},
        }
        await Audit(ended)(scope, ended, ended)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    assert said == [{"request_id": "0123", "method": "PUT", "path": "/v1/files/ha/\\xff"}]


def test_several_files_are_named(folder: Folder) -> None:
    """A transaction's path names no file: its line does, where it is done and where it is not."""
    root, _, path = folder.at("").partition("/")
    names = [f"{path}{name}" for name in ("a.yaml", "b.yaml")]
    for condition, status in (("if_none_match", 200), ("if_none_match", 412)):
        changes = [{"root": root, "path": name, "content": "a: 1\n", condition: "*"} for name in names]
        body = json.dumps({"changes": [*changes[:1], {**changes[1], "content": f"a: {status}\n"}]}).encode()
        answer = folder.daemon.ask("POST", "/v1/transactions", body)
        assert answer.status == status
        (line,) = [each for each in folder.daemon.log.splitlines() if answer.headers["Request-Id"] in each]
        assert f"of '{root}/{names[0]}', '{root}/{names[1]}'" in line
