"""Real files, dumped by a program that forgets comments: the old text comes back with the new meaning."""

from __future__ import annotations

import logging
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import yaml

from confkeep.documents.deadline import Deadline
from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.documents.keep import keep
from confkeep.documents.reading import Reading
from confkeep.documents.uncomposable import Uncomposable
from tests.documents.dumping import Changes, dump, load, same
from tests.documents.remarks import excused, remarks, stream_of
from tests.support.corpus import corpus, own

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

_DIALECTS = {"ha": Dialect.HOME_ASSISTANT, "esphome": Dialect.ESPHOME, "compose": Dialect.COMPOSE}


@dataclass
class Figures:
    """What became of the files."""

    files: int = 0
    identical: int = 0
    home_assistant: int = 0
    home_assistant_identical: int = 0
    wrong: list[str] = field(default_factory=list[str])
    not_kept: list[str] = field(default_factory=list[str])
    comments: int = 0
    lost: int = 0
    lost_in: Counter[str] = field(default_factory=Counter[str])

    def __str__(self) -> str:
        return (
            f"{self.files} files, {self.identical} byte-identical ({self.home_assistant_identical} of "
            f"{self.home_assistant} Home Assistant's), {len(self.not_kept)} not kept, {len(self.wrong)} wrong, "
            f"{self.lost} of {self.comments} comments lost"
        )


def _dialect(path: Path) -> Dialect:
    names = [part.partition("__")[0] for part in path.parts if "__" in part]
    return _DIALECTS.get(names[0], Dialect.GENERIC) if names else Dialect.HOME_ASSISTANT


def run(paths: list[Path], changes: int, seed: int) -> Figures:
    """Dump each of the files with so many random changes, and keep its comments."""
    figures = Figures()
    numbers = random.Random(seed)
    for path in paths:
        with path.open("rb") as file:
            _one(path, file.read(), changes, numbers, figures)
    log.info("keep, %d changes: %s", changes, figures)
    return figures


def _one(path: Path, old: bytes, changes: int, numbers: random.Random, figures: Figures) -> None:
    try:
        text = old.decode("utf-8-sig")
        before, documents = stream_of(text), load(text)
    except (UnicodeDecodeError, Uncomposable, yaml.YAMLError, TypeError, ValueError):
        return  # the program could not have read it
    if not before.roots:
        return
    excuses = set[int]()
    made = [Changes(document, numbers) for document in documents]
    for _ in range(changes):
        numbers.choice(made).one()
    for document, some in enumerate(made):
        for path_of_gone in some.gone:
            excuses |= excused(before, document, path_of_gone)
    new = dump(documents).encode()
    dialect = _dialect(path)
    kept = keep(old, new, Format.YAML, dialect, seconds=60)
    figures.files += 1
    figures.identical += kept.data == old
    figures.home_assistant += dialect is Dialect.HOME_ASSISTANT
    figures.home_assistant_identical += dialect is Dialect.HOME_ASSISTANT and kept.data == old
    if not kept.kept:
        figures.not_kept.append(f"{path}: {kept.reason}")
    if not _reads_alike(kept.data, new, dialect):
        figures.wrong.append(str(path))
    wanted = Counter(one.text for one in remarks(before) if one.line not in excuses)
    lost = wanted - Counter(one.text for one in remarks(stream_of(kept.data.decode("utf-8-sig"))))
    figures.comments += wanted.total()
    figures.lost += lost.total()
    if lost:
        figures.lost_in[str(path)] = lost.total()


def _reads_alike(data: bytes, new: bytes, dialect: Dialect) -> bool:
    """To PyYAML, and to our own reading."""
    reading = Reading(Format.YAML, dialect, Deadline(60))
    one, other = stream_of(data.decode("utf-8-sig")), stream_of(new.decode())
    prints = [[reading.fingerprint(root) for root in stream.roots] for stream in (one, other)]
    return prints[0] == prints[1] and same(load(one.text), load(other.text))


def _check(figures: Figures, share: float) -> None:
    assert figures.wrong == []
    assert figures.lost <= share * figures.comments
    assert len(figures.not_kept) <= share * figures.files


@pytest.mark.parametrize("changes", [0, 1, 3])
def test_our_own_files(changes: int) -> None:
    """The data is always the new one; nearly all comments stay."""
    figures = run(own(), changes, seed=changes)
    assert figures.files >= 25
    _check(figures, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [0, 1, 3])
def test_the_corpus(changes: int) -> None:
    """The data is always the new one; 99 in 100 comments stay; what nobody changed is the same bytes."""
    paths = corpus()
    if paths is None:
        pytest.skip("the corpus of real files is not here")
    figures = run(paths, changes, seed=changes)
    _check(figures, 0.01)
    if not changes:
        assert figures.home_assistant_identical >= 0.95 * figures.home_assistant
