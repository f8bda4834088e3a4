"""Real files that two people edited: their own oddities, and every place in them."""

from __future__ import annotations

import logging
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from confkeep.documents.deadline import Deadline
from confkeep.documents.dialect import Dialect
from confkeep.documents.edit import edit
from confkeep.documents.format import Format
from confkeep.documents.merge import Labels, merge
from confkeep.documents.node import Mapping, Scalar, Sequence
from confkeep.documents.patch import Operation
from confkeep.documents.pointer import pointer_of
from confkeep.documents.reading import Reading
from confkeep.documents.streams import compose
from confkeep.documents.text import decode
from confkeep.documents.uncomposable import Uncomposable
from confkeep.errors import ConfkeepError
from tests.support.corpus import corpus, own

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.documents.node import Node

_LARGEST = 50_000


def _leaves(node: Node, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where scalars are that can be told by a pointer."""
    if isinstance(node, Mapping):
        keys = [key.value if isinstance(key, Scalar) else None for key in node.keys]
        pairs = [(key, value) for key, value in zip(keys, node.values, strict=True) if key is not None]
        return [leaf for key, value in pairs for leaf in _leaves(value, (*path, key))]
    if isinstance(node, Sequence):
        return [leaf for n, value in enumerate(node.values) for leaf in _leaves(value, (*path, str(n)))]
    return [path] if isinstance(node, Scalar) else []


def _set(data: bytes, path: tuple[str, ...], value: str) -> bytes:
    operation = Operation("set", pointer_of(path), value)
    return edit(data, (operation,), Format.YAML, Dialect.HOME_ASSISTANT, seconds=60)


def _tried(file: Path, random: Random) -> str | None:
    """One merge of two independent edits; None where the file has no two places."""
    data = file.read_bytes()
    if len(data) > _LARGEST:
        return None
    try:
        roots = compose(decode(data)[0], Format.YAML, Deadline(60)).roots
    except (Uncomposable, UnicodeDecodeError):
        return None
    leaves = _leaves(roots[0]) if len(roots) == 1 else []
    if len(leaves) < 2:
        return None
    one, other = random.sample(leaves, 2)
    try:
        mine, theirs = _set(data, one, "of mine"), _set(data, other, "of theirs")
        wanted = _set(mine, other, "of theirs")
    except ConfkeepError:
        return None
    return _outcome(merge(data, mine, theirs, Format.YAML, Dialect.HOME_ASSISTANT, labels=Labels(), seconds=60), wanted)


def _outcome(found: Any, wanted: bytes) -> str:  # noqa: ANN401 - a merge
    if found.conflicts:
        return "marked"
    if found.data == wanted:
        return "every byte as by two edits"
    deadline = Deadline(60)
    reading = Reading(Format.YAML, Dialect.HOME_ASSISTANT, deadline)
    one, other = (compose(decode(data)[0], Format.YAML, deadline).roots[0] for data in (found.data, wanted))
    return "same data" if reading.fingerprint(one) == reading.fingerprint(other) else f"wrong: {found.data!r}"


def _all_tried(files: list[Path], seed: int) -> Counter[str]:
    random = Random(seed)
    return Counter(outcome for file in files if (outcome := _tried(file, random)))


def test_two_edits_of_our_own_files() -> None:
    """Two values set by two people, in files written to be odd: both are there."""
    found = sum((_all_tried(own(), seed) for seed in range(10)), Counter[str]())
    logging.getLogger(__name__).info("%s", dict(found))
    assert found["every byte as by two edits"] > 100
    assert [outcome for outcome in found if outcome.startswith("wrong")] == []


@pytest.mark.slow
def test_two_edits_of_real_files() -> None:
    """In the large corpus: nothing wrong, and hardly a conflict."""
    files = corpus()
    if files is None:
        pytest.skip("the corpus is not here")
    found = _all_tried(files, 1)
    logging.getLogger(__name__).info("%s", dict(found))
    assert [outcome for outcome in found if outcome.startswith("wrong")] == []
    assert found["marked"] <= 0.02 * found.total()
