"""The tests of edits can fail: a splicer that is broken on purpose is stopped by the proof, and seen without it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from confkeep.documents import prove as proving
from confkeep.documents import splice as splicing
from confkeep.documents.dialect import Dialect
from confkeep.documents.edit import edit
from confkeep.documents.editing import anchors
from confkeep.documents.format import Format
from confkeep.documents.patch import Operation
from tests.support.corpus import own
from tests.support.trying import run

if TYPE_CHECKING:
    from collections.abc import Callable


def a_comment_lost(text: str) -> str:
    """The last one of the file."""
    before, mark, _ = text.rpartition(" # ")
    return before + "\n" if mark else text


def quotes_off(text: str) -> str:
    """What was quoted for a reason."""
    return re.sub(r"""(["'])(on|off|no|yes|null|0o7|1_000|17:30:00)\1""", r"\2", text)


def wrong_indentation(text: str) -> str:
    """One line moves to another collection."""
    return re.sub(r"\n  (\S+: )(?=[^\n]*\n\S[^\n]*\Z)", r"\n\1", text) if "\n  " in text else "x: 1\n" + text


def a_neighbour_lost(text: str) -> str:
    """The file's last line."""
    return text.rstrip("\r\n").rpartition("\n")[0] + "\n"


def a_tag_lost(text: str) -> str:
    """The first one."""
    return re.sub(r"!secret |!include |!lambda ", "", text, count=1)


def another_style(text: str) -> str:
    """Literal becomes folded."""
    return re.sub(r": \|", ": >", text, count=1)


def keys_swapped(text: str) -> str:
    """The same entries in another order."""
    return re.sub(r"(?m)^(\w+: \w+\n)(\w+: \w+\n)", r"\2\1", text, count=1)


MUTATIONS = [a_comment_lost, quotes_off, wrong_indentation, a_neighbour_lost, a_tag_lost, another_style, keys_swapped]


def broken(patch: pytest.MonkeyPatch, mutation: Callable[[str], str]) -> None:
    """Splice, then damage."""
    splice = splicing.splice

    def damaged(*arguments: Any) -> str:
        return mutation(splice(*arguments))

    patch.setattr(splicing, "splice", damaged)


def nothing(*_: object) -> None:
    """Not done."""


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_broken_splicer_is_stopped(monkeypatch: pytest.MonkeyPatch, mutation: Callable[[str], str]) -> None:
    """By the proof: what gets out is right. Without the proof something wrong gets out, and the judge sees it."""
    files = own()
    whole, _ = run(files, 2)
    broken(monkeypatch, mutation)
    counts, wrong = run(files, 2)
    assert wrong == []
    assert sum(count["refused"] for count in counts.values()) > sum(count["refused"] for count in whole.values())
    monkeypatch.setattr(proving, "prove", nothing)
    _, wrong = run(files, 2)
    assert wrong != []


def test_without_the_guard_of_anchors(monkeypatch: pytest.MonkeyPatch) -> None:
    """What uses an anchor elsewhere would change with it, unseen by any comparison of nodes."""
    monkeypatch.setattr(anchors, "guard", nothing)
    made = edit(b"a: &x {k: 1}\nb: *x\n", (Operation("set", "/a/k", 2),), Format.YAML, Dialect.GENERIC, seconds=60)
    assert made == b"a: &x {k: 2}\nb: *x\n"
