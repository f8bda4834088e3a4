from email.utils import parsedate_to_datetime

from tests.daemon import client
from tests.daemon.looking import Folder
from tests.daemon.running import Daemon

REQUESTS = [
    ("GET", "/v1", 200),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/v1/files/ha/", 200),
    ("GET", "/v1/files/ha/none", 404),
    ("HEAD", "/v1/files/ha/none", 404),
    ("GET", "/v1/files/ha/..", 400),
    ("DELETE", "/v1/files/ha/a", 428),
    ("GET", "/none", 404),
]


def test_every_answer_carries_its_id(house: Daemon) -> None:
    """Request-Id, Date and nosniff are on every answer; no id is used twice, on one connection or on several."""
    ids: list[str] = []
    with client.connection(house.socket) as kept:
        for method, target, status in REQUESTS:
            for answer in (kept.ask(method, target), house.ask(method, target)):
                assert answer.status == status, (method, target, answer)
                assert parsedate_to_datetime(answer.headers["Date"]).tzinfo
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                ids.append(answer.headers["Request-Id"])
    assert len(set(ids)) == 2 * len(REQUESTS)
    assert all(len(one) == 16 for one in ids)


def test_one_connection_serves_many_requests(house: Daemon, folder: Folder) -> None:
    """Saves, refusals and reads on one connection; each answer belongs to its request."""
    with client.connection(house.socket) as kept:
        kept.connect()
        first = kept.sock
        for number in range(20):
            data = b"n: %d\n" % number
            assert kept.ask("PUT", folder.url(f"{number}.yaml"), data, {"If-None-Match": "*"}).status == 201
            assert kept.ask("PUT", folder.url(f"{number}.yaml"), b"[", {"If-Match": "*"}).status == 422
            assert kept.ask("PUT", folder.url(f"{number}.yaml"), data).status == 428
            assert kept.ask("GET", folder.url(f"{number}.yaml")).body == data
        assert kept.sock is first


def test_head_is_get_without_the_body(folder: Folder) -> None:
    """HEAD has the headers of GET."""
    folder.file("a.yaml", b"a: 1\n")
    daemon = folder.daemon
    for target in (folder.url("a.yaml"), folder.url("a.yaml", "stat"), "/v1", "/healthz", "/v1/files/ha/none"):
        get, head = daemon.ask("GET", target), daemon.ask("HEAD", target)
        assert (head.status, head.body) == (get.status, b"")
        own = {"request-id", "date"}
        wanted = {name.lower(): value for name, value in get.headers.items() if name.lower() not in own}
        assert {name.lower(): value for name, value in head.headers.items() if name.lower() not in own} == wanted


def test_answers_are_never_compressed(folder: Folder) -> None:
    """An etag stands for the very bytes that are sent."""
    data = b"a: 1\n" * 5_000
    folder.file("a.yaml", data)
    answer = folder.daemon.ask("GET", folder.url("a.yaml"), None, {"Accept-Encoding": "gzip, br, deflate, zstd"})
    assert "Content-Encoding" not in answer.headers
    assert answer.body == data
