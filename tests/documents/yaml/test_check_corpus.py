"""confkeep.documents.yaml.check on real files: our own small set always, the large corpus where it is."""

from __future__ import annotations

import logging
import random
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from confkeep.documents.dialect import Dialect
from confkeep.documents.yaml.check import check
from tests.support.corpus import corpus, own

if TYPE_CHECKING:
    from pathlib import Path

_figures = logging.getLogger(__name__)
_MUTATIONS: Final = 1500


@pytest.fixture(params=["own", "corpus"])
def files(request: pytest.FixtureRequest) -> list[Path]:
    """Each of both sets, as far as it is there."""
    found = own() if request.param == "own" else corpus()
    if found is None:
        pytest.skip("no corpus")
    return found


def parses(data: bytes) -> bool:
    """Whether libyaml gets to the end."""
    loader: Any = yaml.CSafeLoader(data)
    try:
        while loader.get_event() is not None:
            pass
    except yaml.YAMLError:
        return False
    return True


def test_a_file_is_refused_exactly_when_it_does_not_parse(files: list[Path]) -> None:
    """Whoever reads it: at level syntax nothing else is an error of a real file, and no warning is needed for it."""
    codes: Counter[str] = Counter()
    for path in files:
        data = path.read_bytes()
        plain = check(data, strict=False, seconds=10)
        assert (not plain) is parses(data), path
        for dialect in Dialect:
            complete = check(data, strict=True, seconds=10, dialect=dialect)
            codes.update(f"{dialect} {one.severity} {one.code}" for one in complete)
            assert [one for one in complete if one.severity == "error" and one.code != "duplicate-key"] == plain, path
    _figures.info("%d files: %s", len(files), dict(sorted(codes.items())))


def broken(text: str, chance: random.Random) -> str:
    """One mistake as people make them: a character lost or too much, a tab, a line moved."""
    lines = text.split("\n")
    number = chance.randrange(len(lines))
    place = chance.randrange(len(text) + 1)
    match chance.randrange(5):
        case 0:
            return text[:place] + text[place + 1 :]
        case 1:
            return text[:place] + chance.choice("'\"[]{}:%@`*&!|>") + text[place:]
        case 2:
            lines[number] = chance.choice(["\t", " ", "  "]) + lines[number]
        case 3:
            lines[number] = lines[number].replace(": ", ":", 1)
        case _:
            lines[number] += chance.choice("]}\"'")
    return "\n".join(lines)


def test_one_mistake_is_one_error(files: list[Path]) -> None:
    """Reading goes on after an error, but what only follows from it is hardly ever reported."""
    chance = random.Random(9)
    texts = [path.read_bytes().decode() for path in files if not check(path.read_bytes(), strict=False, seconds=10)]
    counts: Counter[int] = Counter()
    for _ in range(_MUTATIONS):
        counts[len(check(broken(chance.choice(texts), chance).encode(), strict=False, seconds=10))] += 1
    several = sum(count for errors, count in counts.items() if errors > 1)
    _figures.info("%d mistakes: %d with no error, %d with one, %d with more", _MUTATIONS, counts[0], counts[1], several)
    assert counts[1] > _MUTATIONS // 5
    assert several <= counts[1] // 50
