"""PUT with ``keep=comments``: a program's dump becomes new data in the old text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import etag, problem, untouched

if TYPE_CHECKING:
    from tests.daemon.looking import Folder

OLD = b"# by hand\na: 1  # one\nb:\n  - x\n"
DUMP = b"a: 2\nb: [x]\n"
NEW = OLD.replace(b"1  #", b"2  #")
KEEP = "?keep=comments"


@pytest.mark.parametrize("route", ["replace", "overwrite"])
def test_comments_stay(route: str, folder: Folder) -> None:
    """The answer says so, with the etag of what was saved and not of what was sent."""
    address = (folder.file if route == "replace" else folder.linked)("a.yaml", OLD)
    answer = folder.daemon.put(address, DUMP, KEEP, if_match=f'"{etag(OLD)}"')
    assert (answer.status, answer.json["kept"], answer.json["kept_reason"]) == (200, True, None)
    assert folder.read("a.yaml") == NEW
    assert (answer.etag, answer.json["size"]) == (etag(NEW), len(NEW))


def test_without_it_the_text_is_saved(folder: Folder) -> None:
    """As it comes; the answer has no opinion on what was not asked for."""
    address = folder.file("a.yaml", OLD)
    for query in ("", "?keep=text"):
        said = folder.daemon.put(address, DUMP, query).json
        assert (said["kept"], said["kept_reason"], folder.read("a.yaml")) == (None, None, DUMP)


def test_where_nothing_can_be_kept(folder: Folder) -> None:
    """It is saved as it is, and the answer says why: a new file, an unknown format, an old text that is none."""
    folder.file("a.bin", OLD)
    folder.file("broken.yaml", b"a: [\n")
    for name in ("a.bin", "broken.yaml", "new.yaml"):
        headers = {"if_none_match": "*"} if name == "new.yaml" else {"if_match": "*"}
        said = folder.daemon.put(folder.at(name), DUMP, KEEP, **headers).json
        assert (said["changed"], said["kept"], folder.read(name)) == (True, False, DUMP)
        assert said["kept_reason"]


def test_a_secret_is_saved_and_not_told(folder: Folder) -> None:
    """Why its text could not be kept has nothing of what is there."""
    address = folder.file("secrets.yaml", OLD)
    answer = folder.daemon.put(address, b"a: &hunter2 [*hunter2]\n", f"{KEEP}&validate=off")
    assert (answer.json["kept"], "secrets of the settings" in answer.json["kept_reason"]) == (False, True)
    assert b"hunter2" not in answer.body


def test_a_dump_that_is_none(folder: Folder) -> None:
    """It is checked as any save is."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        problem(folder.daemon.put(address, b"a: [\n", KEEP), 422, "invalid-document")


def test_the_same_data_is_no_change(folder: Folder) -> None:
    """However it was dumped: nothing is written."""
    address = folder.file("a.yaml", OLD)
    folder.daemon.put(address, DUMP, KEEP)
    with untouched(folder.daemon, folder.path):
        said = folder.daemon.put(address, b"b:\n- x\na: 2\n", KEEP).json
    assert (said["changed"], said["kept"], said["etag"]) == (False, True, etag(NEW))


def test_a_repeated_request_finds_its_own_result(folder: Folder) -> None:
    """Its answer was lost: with the etag of before it is 200, and nothing is done twice."""
    address = folder.file("a.yaml", OLD)
    base = {"if_match": f'"{etag(OLD)}"'}
    folder.daemon.put(address, DUMP, KEEP, **base)
    with untouched(folder.daemon, folder.path):
        again = folder.daemon.put(address, DUMP, KEEP, **base)
        assert (again.status, again.json["changed"], again.etag) == (200, False, etag(NEW))
        problem(folder.daemon.put(address, b"a: 3\nb: [x]\n", KEEP, **base), 412, "conflict")
        problem(folder.daemon.put(address, DUMP, KEEP, if_none_match="*"), 412, "conflict")
        problem(folder.daemon.put(folder.at("none.yaml"), DUMP, KEEP), 412, "conflict")


def test_dry_run(folder: Folder) -> None:
    """Says whether they would be kept, and writes nothing."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        said = folder.daemon.put(address, DUMP, f"{KEEP}&dry_run=true").json
    assert (said["dry_run"], said["kept"], said["etag"]) == (True, True, etag(NEW))


def test_the_reader_decides_what_is_the_same(folder: Folder) -> None:
    """Home Assistant's own: it reads 17:30:00 as 63000, and dumps it so (dialect by .HA_VERSION, at the root's top)."""
    version = folder.path.parent / ".HA_VERSION"
    old = b"at: 17:30:00  # dusk\nn: 1\n"
    address = folder.file("a.yaml", old)
    version.touch()
    try:
        assert folder.daemon.put(address, b"at: 63000\nn: 2\n", KEEP).json["kept"] is True
    finally:
        version.unlink()
    assert folder.read("a.yaml") == old.replace(b"n: 1", b"n: 2")
