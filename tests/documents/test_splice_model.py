from __future__ import annotations

import logging
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confkeep.documents.changes import Source
from confkeep.documents.deadline import Deadline
from confkeep.documents.format import Format
from confkeep.documents.node import Alias, Mapping, Sequence, walk
from confkeep.documents.prove import prove
from confkeep.documents.splice import Syntax, splice
from confkeep.documents.uncomposable import Uncomposable
from confkeep.documents.yaml.compose import compose
from confkeep.errors import NotRepresentable
from tests.documents.odd_yaml import text
from tests.documents.splice_model import Changes, meaning
from tests.support.corpus import corpus, own

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from confkeep.documents.node import Stream

KINDS = ("set", "add", "remove", "clear", "mixed")
#: Of a corpus: so many changes of each kind, of files up to so many characters.
_CHANGES, _LARGEST = 2000, 40_000
_log = logging.getLogger(__name__)


def stream_of(content: str) -> Stream | None:
    """The stream, if it is one of collections without aliases, whose meaning the model can follow."""
    try:
        stream = compose(content, Deadline(30))
    except Uncomposable:
        return None
    nodes = [node for root in stream.roots for node in walk(root)]
    if any(isinstance(node, Alias) for node in nodes):
        return None
    return stream if any(isinstance(node, Mapping | Sequence) for node in nodes) else None


def sources_of(stream: Stream, random: Random) -> list[Source]:
    """Some values of ``stream``."""
    nodes = [
        value
        for root in stream.roots
        for node in walk(root)
        if isinstance(node, Mapping | Sequence)
        for value in node.values
    ]
    return [Source(node, stream.text) for node in random.sample(nodes, min(3, len(nodes)))]


def check(changes: Changes) -> None:
    """Splice, read again and compare with the model."""
    result = splice(changes.stream, changes.changes, Syntax.YAML)
    got = [meaning(root) for root in compose(result, Deadline(30)).roots]
    assert repr(got) == repr(changes.expected()), f"{changes.stream.text}\n=====\n{result}"


def check_or_refused(changes: Changes) -> bool:
    """Whether it is right; where it is not, it is refused: one in 20,000 changes of the oddest documents is."""
    try:
        new = compose(splice(changes.stream, changes.changes, Syntax.YAML), Deadline(30))
    except (NotRepresentable, Uncomposable):
        return False
    if repr([meaning(root) for root in new.roots]) == repr(changes.expected()):
        return True
    with pytest.raises(NotRepresentable):
        prove(changes.stream, changes.changes, new, Format.YAML, Deadline(30))
    return False


def test_refused() -> None:
    """Hardly any of them is: none of these."""
    for seed in range(200):
        for kind in KINDS:
            random = Random(seed)
            stream = stream_of(text(random))
            if stream is not None:
                changes = Changes(random, stream)
                changes.make(kind)
                assert check_or_refused(changes), f"seed {seed}, {kind}"


@given(st.integers(0, 2**32), st.sampled_from(KINDS))
@settings(max_examples=400)
def test_model(seed: int, kind: str) -> None:
    """Any change of an odd document makes of it what it makes of its meaning, or is refused."""
    random = Random(seed)
    stream = stream_of(text(random))
    if stream is not None:
        other = stream_of(text(random))
        changes = Changes(random, stream, sources_of(other, random) if other else None)
        changes.make(kind)
        check_or_refused(changes)


@given(st.integers(0, 2**32))
@settings(max_examples=200)
def test_no_change(seed: int) -> None:
    """Without a change every byte stays."""
    content = text(Random(seed))
    stream = stream_of(content)
    assert stream is None or splice(stream, [], Syntax.YAML) == content


def streams(paths: Iterable[Path]) -> list[Stream]:
    """Those of ``paths`` that are UTF-8 and have a meaning that the model can follow."""
    found: list[Stream] = []
    for path in paths:
        try:
            content = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        if len(content) <= _LARGEST and (stream := stream_of(content)):
            found.append(stream)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_own(kind: str) -> None:
    """Each of our own odd files survives changes of every kind."""
    random = Random(kind)
    for stream in streams(own()):
        for _ in range(10):
            changes = Changes(random, stream)
            changes.make(kind)
            check(changes)


@pytest.mark.slow
@pytest.mark.skipif(corpus() is None, reason="the corpus of real files is not here")
def test_corpus() -> None:
    """Real files: no change of a random kind is wrong, and hardly one is refused."""
    random = Random(9)
    files = streams(corpus() or [])
    sources = [source for stream in random.sample(files, min(300, len(files))) for source in sources_of(stream, random)]
    count: Counter[str] = Counter()
    for kind in KINDS:
        for _ in range(_CHANGES):
            changes = Changes(random, random.choice(files), sources)
            changes.make(kind)
            try:
                check(changes)
                count[kind] += 1
            except NotRepresentable:
                count["refused"] += 1
    _log.info("%d files: %s, wrong 0", len(files), ", ".join(f"{kind} {number}" for kind, number in count.items()))
    assert count["refused"] <= 0.02 * count.total()
