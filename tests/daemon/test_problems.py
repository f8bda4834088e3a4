import errno
import logging
import os

import pytest

from confkeep import errors
from confkeep.errors import ConfkeepError, OutOfSpace, ShuttingDown, TargetBusy
from tests.daemon.in_process import Failing, Provoked, ask, service
from tests.daemon.looking import Folder, problem, untouched
from tests.daemon.running import Daemon

NAMED = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ConfkeepError) and "slug" in vars(kind) and kind is not ConfkeepError
]


@pytest.mark.parametrize("kind", NAMED, ids=lambda kind: kind.slug)
def test_each_named_error_is_a_problem(kind: type[ConfkeepError]) -> None:
    """Status, slug, title, detail, remedy and further members are those of the error."""
    answer = ask(service(Failing(kind("what happened", remedy="what to do", rule="MNT001"))), "GET", "/v1/files/ha/a")
    members = problem(answer, kind.status, kind.slug)
    assert (members["title"], members["detail"], members["remedy"]) == (kind.title, "what happened", "what to do")
    assert members["rule"] == "MNT001"


def test_slugs_are_unique_and_stable() -> None:
    """Programs match on them: none is used twice, and each is a plain word of the URL kind."""
    slugs = [kind.slug for kind in NAMED]
    assert len(set(slugs)) == len(slugs)
    assert all(slug.replace("-", "").isalpha() and slug.islower() for slug in slugs)


def test_bug_is_a_problem_without_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """Our own mistake is answered like any other problem; what it was stands in the log under the request's id."""
    with caplog.at_level(logging.ERROR, "confkeep"):
        answer = ask(service(Failing(Provoked("a secret in the message"))), "GET", "/v1/files/ha/a")
    members = problem(answer, 500, "error")
    assert "secret" not in answer.body.decode()
    assert members["request_id"] in caplog.text
    assert answer.headers["Date"]


def test_failing_disk_is_a_problem() -> None:
    """What the operating system says while we read is an io-error that says that nothing was written."""
    failing = Failing(OSError(errno.EIO, os.strerror(errno.EIO), "/config/a"))
    members = problem(ask(service(failing), "GET", "/v1/files/ha/a"), 500, "io-error")
    assert "/config/a" in members["detail"]
    assert "nothing was written" in members["detail"]


def test_full_disk_is_a_problem() -> None:
    """507, as WebDAV has it."""
    problem(ask(service(Failing(OutOfSpace("full", remedy="free some"))), "GET", "/v1/files/ha/a"), 507, "out-of-space")


def test_busy_target_may_be_tried_again() -> None:
    """423 says when."""
    answer = ask(service(Failing(TargetBusy("busy", remedy="wait"))), "GET", "/v1/files/ha/a")
    problem(answer, 423, "target-busy")
    assert answer.headers["Retry-After"] == "1"


def test_stopping_takes_no_saves() -> None:
    """A daemon that was told to stop refuses further saves before it looks at anything, and is not ready."""
    stopping = service(Failing(AssertionError("the keeper was asked")))
    stopping.stop()
    members = problem(ask(stopping, "PUT", "/v1/files/ha/a", b"", if_match="*"), 503, ShuttingDown.slug)
    assert "nothing was written" in members["detail"]


def test_unknown_endpoint(house: Daemon) -> None:
    """A path we have not is a problem that says where to look."""
    for target in ("/", "/v2", "/v1/nothing", "/v1/revisions", "/favicon.ico"):
        members = problem(house.ask("GET", target), 404, "no-endpoint")
        assert target in members["detail"]


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_unknown_method(method: str, folder: Folder) -> None:
    """A method we have not is a problem that names those we have."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        answer = folder.daemon.ask(method, folder.url("a.yaml"), b"x", {"If-Match": "*"})
        problem(answer, 405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "PUT", "PATCH", "DELETE"}


LINES = ["%0aERROR%20confkeep:%20forged", "%0d%0aERROR%20forged", "%C2%85forged", "%E2%80%A8forged", "%1b[2Jforged"]


@pytest.mark.parametrize("evil", LINES)
def test_no_path_writes_lines_into_the_log(evil: str, folder: Folder) -> None:
    """Whatever a path or a root's name holds: one request, at most one line, and no control characters."""
    daemon = folder.daemon
    before = len(daemon.log)
    requests: list[tuple[str, str, dict[str, str]]] = [
        ("GET", f"/v1/files/ha/x/{evil}", {}),
        ("GET", f"/v1/files/{evil}/x", {}),
        ("GET", f"/v1/stat/ha/{evil}", {}),
        ("GET", f"/v1/{evil}", {}),
        ("GET", f"/v1/files/ha/?limit={evil}", {}),
        ("PUT", f"/v1/files/ha/{folder.path.name}/{evil}.txt", {"If-None-Match": "*"}),
        ("PUT", f"/v1/files/ha/{folder.path.name}/{evil}.txt?message={evil}", {"If-Match": "*"}),
        ("PUT", f"/v1/files/ha/{folder.path.name}/{evil}.txt", {"If-Match": '"0"'}),
    ]
    for method, target, headers in requests:
        daemon.ask(method, target, os.urandom(8) if method == "PUT" else None, headers)
    said = daemon.log[before:]
    assert said.count("\n") <= len(requests)
    assert said.replace("\n", "").isprintable()
    assert not any(line.startswith(("ERROR", "forged")) for line in said.splitlines())


def test_log_carries_the_requests_id(folder: Folder) -> None:
    """What a client was told can be found in the log."""
    saved = folder.daemon.put(folder.at("a.txt"), b"a", if_none_match="*")
    missing = folder.daemon.get(folder.at("b.txt"))
    for answer in (saved, missing):
        assert answer.headers["Request-Id"] in folder.daemon.log


def test_contents_are_never_logged(folder: Folder) -> None:
    """Neither a saved document nor a refused one leaves its secrets in the log or in the answer's detail."""
    folder.file("a.yaml")
    for document in (b"password: hunter2-a\n", b"password: [hunter2-b\n"):
        answer = folder.daemon.put(folder.at("a.yaml"), document)
        assert b"hunter2" not in answer.body, answer
    assert "hunter2" not in folder.daemon.log
