"""PUT: what a save says it replaces."""

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.daemon import client
from tests.daemon.client import Answer
from tests.daemon.looking import Folder, etag, problem, untouched


def make(folder: Folder, route: str, name: str, data: bytes) -> str:
    """A file that is saved by this route."""
    return (folder.file if route == "replace" else folder.linked)(name, data)


@dataclass(frozen=True)
class Put:
    """One save of several."""

    url: str
    data: bytes
    headers: dict[str, str]


def at_once(folder: Folder, saves: Sequence[Put]) -> list[Answer]:
    """The answers of these saves, which are all sent at the same moment."""
    together = threading.Barrier(len(saves))

    def send(save: Put) -> Answer:
        with client.connection(folder.daemon.socket) as connection:
            connection.connect()
            together.wait()
            return connection.ask("PUT", save.url, save.data, save.headers)

    with ThreadPoolExecutor(len(saves)) as pool:
        return list(pool.map(send, saves))


#: Races are rare: so often is one tried.
TURNS = 15
ROUTES = pytest.mark.parametrize("route", ["replace", "overwrite"])


@ROUTES
def test_stale_etag(route: str, folder: Folder) -> None:
    """The file has changed since: 412 with what is there now, and that the base is a version we know."""
    address = make(folder, route, "a.yaml", b"a: 1\n")
    base = folder.daemon.get(address).headers["ETag"]
    newer = folder.daemon.put(address, b"a: 2\n", if_match=base)
    with untouched(folder.daemon, folder.path):
        answer = folder.daemon.put(address, b"a: 3\n", if_match=base)
    members = problem(answer, 412, "conflict")
    assert members["etag"] == answer.etag == etag(b"a: 2\n")
    assert members["revision"] == newer.json["revision"]
    assert members["base_known"] is True


@ROUTES
def test_edit_behind_our_back(route: str, folder: Folder) -> None:
    """What another program wrote is a conflict as well; its bytes have an etag and no revision yet."""
    address = make(folder, route, "a.yaml", b"a: 1\n")
    base = folder.daemon.get(address).headers["ETag"]
    (folder.path / "a.yaml").write_bytes(b"by hand: true\n")
    with untouched(folder.daemon, folder.path):
        answer = folder.daemon.put(address, b"a: 3\n", if_match=base)
    members = problem(answer, 412, "conflict")
    assert (members["etag"], members["revision"]) == (etag(b"by hand: true\n"), None)
    assert members["base_known"] is False
    assert folder.daemon.put(address, b"a: 3\n", if_match=answer.headers["ETag"]).status == 200


@ROUTES
def test_create_where_something_is(route: str, folder: Folder) -> None:
    """If-None-Match: * creates and never overwrites."""
    address = make(folder, route, "a.yaml", b"a: 1\n")
    with untouched(folder.daemon, folder.path):
        members = problem(folder.daemon.put(address, b"a: 2\n", if_none_match="*"), 412, "conflict")
    assert members["etag"] == etag(b"a: 1\n")


def test_overwrite_where_nothing_is(folder: Folder) -> None:
    """If-Match, with a tag or with *, needs something to replace: nothing is created by mistake."""
    for tag in ("*", f'"{etag(b"")}"'):
        with untouched(folder.daemon, folder.path):
            members = problem(folder.daemon.put(folder.at("new.yaml"), b"a: 2\n", if_match=tag), 412, "conflict")
        assert members["etag"] is None


def test_create_in_a_missing_directory(folder: Folder) -> None:
    """No directory is made on the way."""
    with untouched(folder.daemon, folder.path):
        answer = folder.daemon.put(folder.at("none/new.yaml"), b"a: 2\n", if_none_match="*")
        problem(answer, 404, "not-found")


def test_etag_of_other_case_is_another(folder: Folder) -> None:
    """Etags are compared byte by byte."""
    address = folder.file("a.yaml", b"a: 1\n")
    with untouched(folder.daemon, folder.path):
        answer = folder.daemon.put(address, b"a: 2\n", if_match=f'"{etag(b"a: 1" + bytes([10])).upper()}"')
        problem(answer, 412, "conflict")


@ROUTES
def test_of_many_at_once_one_wins(route: str, folder: Folder) -> None:
    """Eight editors save over the same version: one is answered 200, the others see its etag."""
    contents = [b"a: %d\n" % number for number in range(10, 18)]
    for turn in range(TURNS):
        name = f"{turn}.yaml"
        make(folder, route, name, b"a: 1\n")
        base = {"If-Match": f'"{etag(b"a: 1" + bytes([10]))}"'}
        answers = at_once(folder, [Put(folder.url(name), data, base) for data in contents])
        assert Counter(answer.status for answer in answers) == {200: 1, 412: 7}
        (won,) = (data for data, answer in zip(contents, answers, strict=True) if answer.status == 200)
        assert folder.read(name) == won
        assert {answer.etag for answer in answers} == {etag(won)}
        revisions = folder.daemon.ask("GET", folder.url(name, "history")).json["revisions"]
        assert [item["etag"] for item in revisions] == [etag(won), etag(b"a: 1\n")]


def test_of_many_creators_one_wins(folder: Folder) -> None:
    """Eight editors create the same file: one is answered 201, and it is the one whose bytes are there."""
    contents = [b"n: %d\n" % number for number in range(8)]
    for turn in range(TURNS):
        name = f"{turn}.yaml"
        answers = at_once(folder, [Put(folder.url(name), data, {"If-None-Match": "*"}) for data in contents])
        assert Counter(answer.status for answer in answers) == {201: 1, 412: 7}
        (won,) = (data for data, answer in zip(contents, answers, strict=True) if answer.status == 201)
        assert folder.read(name) == won
    assert folder.names() == {f"{turn}.yaml" for turn in range(TURNS)}


def test_two_names_of_one_file(folder: Folder) -> None:
    """Saves by either hard link queue as well: of several over one version one wins, whichever name they use."""
    for turn in range(TURNS):
        data = b"t: %d\n" % turn
        folder.linked(f"{turn}.yaml", data)
        names = [f"{turn}.yaml", f"{turn}.yaml.link"] * 3
        base = {"If-Match": f'"{etag(data)}"'}
        saves = [Put(folder.url(name), f"number: {number}\n".encode(), base) for number, name in enumerate(names)]
        answers = at_once(folder, saves)
        assert Counter(answer.status for answer in answers) == {200: 1, 412: 5}
        assert [answer.json["guarantees"]["reader_atomic"] for answer in answers if answer.status == 200] == [True]
