"""Names of any kind: every byte but NUL and the slash may be in one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from confkeep.documents.check import Validate
from confkeep.errors import BadPath
from confkeep.expect import ABSENT
from confkeep.files.root import Root
from confkeep.history.revisions import State
from confkeep.keeper import Keeper, Request
from tests.support.saving import NEW, OLD, only

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import Filesystem

NAMES = (
    "with a space.yaml",
    " ",
    " both ends ",
    "new\nline.yaml",
    "tab\t, carriage\rreturn, \x01 and \x7f",
    "caf\u00e9.yaml",  # one character (NFC) ...
    "cafe\u0301.yaml",  # ... and the same as two (NFD): another file
    "A.YAML",
    "a.yaml",
    "\U0001f4be \u202e right to left",
    "-rf",
    "...",
    ".hidden",
    "~",
    "quotes ' and \"",
    "back\\slash",
    "*?[a-z]{x,y}",
    "%2e%2e%2f",
    "a:b|c<d>e",
    "nul",
    os.fsdecode(b"no UTF-8 \xff\xfe"),
    "x" * 255,
    "\u20ac" * 85,  # 255 bytes
    ".confkeep-almost.tmp",
)


@pytest.fixture
def root(on: str, filesystem: Filesystem) -> Root:
    """A directory on each filesystem."""
    directory = filesystem(on) / "config"
    directory.mkdir()
    return Root("config", os.fspath(directory))


def test_any_name_can_be_created_saved_and_read(root: Root, route: str, state: Path) -> None:
    """Each is a file of its own, with a history of its own; nothing is left beside them."""
    directory = root.path
    with Keeper(state) as keeper:
        for number, name in enumerate(NAMES):
            keeper.save(root, name, Request(b"created %d" % number, ABSENT, validate=Validate.OFF))
            if route == "overwrite":
                os.link(os.path.join(directory, name), os.path.join(directory, "..", str(number)))
        assert sorted(os.listdir(directory)) == sorted(NAMES)
        for number, name in enumerate(NAMES):
            expect = only(b"created %d" % number)
            saved = keeper.save(root, name, Request(b"saved %d" % number, expect, validate=Validate.OFF))
            assert saved.route.name == route, name
        assert sorted(os.listdir(directory)) == sorted(NAMES)
        for number, name in enumerate(NAMES):
            contents = [b"created %d" % number, b"saved %d" % number]
            assert keeper.read(root, name).data == contents[1]
            with open(os.path.join(directory, name), "rb") as file:
                assert file.read() == contents[1]
            history = keeper.history(root, name, 10)[::-1]
            assert [(item.state, keeper.revision(item.id)[2]) for item in history] == [
                (State.APPLIED, content) for content in contents
            ]


def test_a_name_that_is_too_long(root: Root, state: Path) -> None:
    """256 bytes are a bad path, whether they are as many characters or not; nothing is made."""
    with Keeper(state) as keeper:
        for name in ("x" * 256, "\u20ac" * 86):
            with pytest.raises(BadPath):
                keeper.save(root, name, Request(NEW, ABSENT))
    assert os.listdir(root.path) == []


def test_directories_with_such_names(root: Root, state: Path) -> None:
    """The same holds for the directories on the way, and for a path longer than PATH_MAX."""
    directory = os.open(root.path, os.O_RDONLY)
    path = ""
    for name in (*(name for name in NAMES if name != "..."), *["deep" * 60] * 15):
        os.mkdir(name, dir_fd=directory)
        below = os.open(name, os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
        path += name + "/"
    with Keeper(state) as keeper:
        keeper.save(root, path + "a.yaml", Request(OLD, ABSENT))
        assert keeper.save(root, path + "a.yaml", Request(NEW, only(OLD))).changed
        assert keeper.read(root, path + "a.yaml").data == NEW
    again = os.open(".", os.O_RDONLY, dir_fd=directory)  # btrfs lists by a descriptor what was there when it was made
    assert os.listdir(again) == ["a.yaml"]
    os.close(again)
    os.close(directory)
