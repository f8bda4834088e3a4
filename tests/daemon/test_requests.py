import pytest

from tests.daemon import client
from tests.daemon.looking import Folder, etag, problem, untouched
from tests.daemon.running import Daemon

#: Segments that can name nothing below a root, however they are written.
BAD_SEGMENTS = [
    "..",
    ".",
    "",
    "%2e%2e",
    "%2E%2e",
    ".%2e",
    "%2e",
    "%2F",
    "..%2F..",
    "a%2Fb",
    "a%2fb",
    "%00",
    "a%00.yaml",
    "%ff",
    "%C0%AF",  # an overlong '/'
    "%E0%80%AF",
    "%ED%A0%80",  # a surrogate
    "%F5%80%80%80",
    "a%ff.yaml",
]


@pytest.mark.parametrize("segment", BAD_SEGMENTS)
@pytest.mark.parametrize("where", ["first", "middle", "last"])
@pytest.mark.parametrize("noun", ["files", "stat", "history"])
def test_bad_path(noun: str, where: str, segment: str, folder: Folder) -> None:
    """Such a path is refused as it came, for every noun; GET, and PUT with anything to save, touch nothing."""
    folder.file("a.yaml")
    segments = {"first": f"{segment}/a.yaml", "middle": f"x/{segment}/a.yaml", "last": f"x/{segment}"}[where]
    url = f"/v1/{noun}/ha/{segments}"
    methods = ["GET", "PUT"] if noun == "files" else ["GET"]
    with untouched(folder.daemon, folder.path.parent):
        for method in methods:
            headers = {"If-Match": "*"} if method == "PUT" else {}
            problem(folder.daemon.ask(method, url, b"x: 1\n" if headers else None, headers), 400, "bad-path")


@pytest.mark.parametrize("root", ["%ff", "%C0%AF"])
def test_bad_root(root: str, house: Daemon) -> None:
    """A root's name is decoded as strictly."""
    problem(house.ask("GET", f"/v1/files/{root}/a.yaml"), 400, "bad-path")


@pytest.mark.parametrize("root", ["nobody", "", "HA", "ha%2F", "ha%00", "..", "%2e%2e", "ha%20", "single.yaml"])
def test_unknown_root(root: str, house: Daemon) -> None:
    """Only the very names of the settings are roots."""
    with untouched(house, house.state.parent / "config"):
        for noun in ("files", "stat", "history"):
            problem(house.ask("GET", f"/v1/{noun}/{root}/a.yaml"), 404, "no-root")
        problem(house.ask("PUT", f"/v1/files/{root}/a.yaml", b"", {"If-None-Match": "*"}), 404, "no-root")


@pytest.mark.parametrize(
    "name",
    [
        "a b.yaml",
        "ü.yaml",
        "100%.yaml",
        "%2e%2e",
        "a?b#c.yaml",
        "a&b=c+d;e.yaml",
        '"quoted".yaml',
        "\U0001f600.yaml",
        "...",
        "..a",
        "-rf",
        "\\",
        "tab\tand\x7f",
        "line\nbreak.yaml",
        "break at the end\n",
        "n" * 255,
    ],
)
def test_name_may_hold_anything_else(name: str, folder: Folder) -> None:
    """Whatever the filesystem takes as a name can be created, read, looked at, listed and found in the history."""
    daemon, data = folder.daemon, b"a: 1\n"
    created = daemon.ask("PUT", folder.url(name), data, {"If-None-Match": "*"})
    assert created.status == 201, created
    assert folder.names() == {name}
    assert daemon.ask("GET", folder.url(name)).body == data
    assert daemon.ask("GET", folder.url(name, "stat")).json["path"] == folder.at(name).removeprefix("ha/")
    assert len(daemon.ask("GET", folder.url(name, "history")).json["revisions"]) == 1
    listed = daemon.ask("GET", f"/v1/files/ha/?prefix={folder.path.name}/").json["entries"]
    assert [entry["path"] for entry in listed] == [f"{folder.path.name}/{name}"]


def test_name_too_long(folder: Folder) -> None:
    """A name that no filesystem takes is the caller's mistake."""
    with untouched(folder.daemon, folder.path):
        answer = folder.daemon.ask("PUT", folder.url("n" * 256), b"", {"If-None-Match": "*"})
        problem(answer, 400, "bad-path")


def test_unencoded_utf8_is_a_problem_like_others(folder: Folder) -> None:
    """Bytes above 127 do not belong into a request line; whoever sends them is told in the usual form."""
    request = f"GET /v1/files/ha/{folder.path.name}/ü.yaml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = client.raw(folder.daemon.socket, request.encode())
    assert answer.status in {400, 404}
    assert answer.headers["Content-Type"] == "application/problem+json", answer


@pytest.mark.parametrize(
    ("method", "noun", "query"),
    [
        ("GET", "files", "colour=red"),
        ("GET", "files", "validate=off"),
        ("GET", "stat", "validate=off"),
        ("GET", "history", "after=1"),
        ("PUT", "files", "keep=all"),
        ("PUT", "files", "Validate=off"),
        ("PUT", "files", "validate=stern"),
        ("PUT", "files", "validate="),
        ("PUT", "files", "validate=off&validate=syntax"),
        ("PUT", "files", "validate=off&validate=off"),
        ("PUT", "files", "on_busy=wait"),
        ("PUT", "files", "dry_run=1"),
        ("PUT", "files", "dry_run"),
        ("PUT", "files", "dry_run=True"),
        ("PUT", "files", "dry_run=true&dry_run=false"),
    ],
)
def test_query_is_read_strictly(method: str, noun: str, query: str, folder: Folder) -> None:
    """What is not known, given twice or of another type is refused: a mistyped dry_run must not save."""
    folder.file("a.yaml")
    headers = {"If-Match": "*"} if method == "PUT" else {}
    with untouched(folder.daemon, folder.path):
        url = f"{folder.url('a.yaml', noun)}?{query}"
        members = problem(folder.daemon.ask(method, url, b"a: 2\n", headers), 422, "unknown-parameter")
    assert members["parameter"] == query.partition("=")[0]


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "", "1e3", "%C2%B2", "10001", "9" * 5000, "+1", "%201"])
def test_numbers_are_whole_and_bounded(value: str, house: Daemon) -> None:
    """Neither zero nor superscripts nor five thousand digits are a number here."""
    problem(house.ask("GET", f"/v1/files/ha/?limit={value}"), 422, "unknown-parameter")
    problem(house.ask("GET", f"/v1/history/ha/a.yaml?limit={value}"), 422, "unknown-parameter")


def test_true_and_false(folder: Folder) -> None:
    """Both spellings of a flag are taken."""
    folder.file("a.yaml")
    for value in ("true", "false"):
        answer = folder.daemon.ask("PUT", folder.url("a.yaml") + f"?dry_run={value}", b"a: 1\n", {"If-Match": "*"})
        assert answer.json["dry_run"] is (value == "true")


@pytest.mark.parametrize("tag", ["bare", '"open', 'open"', '"a" "b"', 'w/"a"', '"a b"', "'a'"])
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_what_is_no_entity_tag(header: str, tag: str, folder: Folder) -> None:
    """An etag without its quotes is a mistake to be told about, not a conflict to be puzzled over."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        if header == "If-Match":
            answer = folder.daemon.ask("PUT", folder.url("a.yaml"), b"a: 2\n", {header: tag})
        else:
            answer = folder.daemon.ask("GET", folder.url("a.yaml"), None, {header: tag})
        problem(answer, 422, "unknown-parameter")


def test_list_of_entity_tags(folder: Folder) -> None:
    """Any one of several will do; white space around them counts for nothing."""
    folder.file("a.yaml", b"a: 1\n")
    tags = f'"{etag(b"other")}" ,\t"{etag(b"a: 1" + chr(10).encode())}"'
    assert folder.daemon.ask("PUT", folder.url("a.yaml"), b"a: 2\n", {"If-Match": tags}).status == 200


def test_weak_tag_matches_nothing(folder: Folder) -> None:
    """If-Match compares strongly (RFC 9110, 13.1.1): neither what is there nor what is not there matches a weak tag."""
    folder.file("a.yaml", b"a: 1\n")
    weak = {"If-Match": f'W/"{etag(b"a: 1" + chr(10).encode())}"'}
    with untouched(folder.daemon, folder.path):
        problem(folder.daemon.ask("PUT", folder.url("a.yaml"), b"a: 2\n", weak), 412, "conflict")
        problem(folder.daemon.ask("PUT", folder.url("new.yaml"), b"a: 2\n", weak), 412, "conflict")


def test_if_match_on_two_lines(folder: Folder) -> None:
    """Two header lines are one list (RFC 9110, 5.3)."""
    folder.file("a.yaml", b"a: 1\n")
    etag_now = etag(b"a: 1\n")
    head = f'PUT {folder.url("a.yaml")} HTTP/1.1\r\nHost: x\r\nIf-Match: "{etag(b"")}"\r\nIf-Match: "{etag_now}"\r\n'
    answer = client.raw(folder.daemon.socket, f"{head}Content-Length: 5\r\n\r\na: 2\n".encode())
    assert answer.status == 200, answer


@pytest.mark.parametrize("headers", [{}, {"If-Match": ""}, {"If-None-Match": '"a"'}, {"If-Unmodified-Since": "now"}])
def test_missing_precondition(headers: dict[str, str], folder: Folder) -> None:
    """A save that does not say what it replaces is refused, whether or not something is there."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        for name in ("a.yaml", "new.yaml"):
            answer = folder.daemon.ask("PUT", folder.url(name), b"a: 2\n", headers)
            problem(answer, 428, "precondition-required")


@pytest.mark.parametrize("header", ["Content-Range", "Content-Encoding"])
def test_body_that_is_not_the_whole_file(header: str, folder: Folder) -> None:
    """A part would be saved as the whole (RFC 9110, 14.5), a compressed body byte for byte: both are refused."""
    folder.file("a.yaml")
    value = {"Content-Range": "bytes 0-4/9", "Content-Encoding": "gzip"}[header]
    with untouched(folder.daemon, folder.path):
        answer = folder.daemon.ask("PUT", folder.url("a.yaml"), b"a: 2\n", {"If-Match": "*", header: value})
        problem(answer, 422, "unknown-parameter")


def test_both_preconditions(folder: Folder) -> None:
    """If-Match and If-None-Match together are refused."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        headers = {"If-Match": "*", "If-None-Match": "*"}
        problem(folder.daemon.ask("PUT", folder.url("a.yaml"), b"", headers), 422, "unknown-parameter")
