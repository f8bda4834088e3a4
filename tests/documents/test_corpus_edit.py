"""confkeep.documents.edit on real files: thousands of operations, none of them wrong."""

from __future__ import annotations

import logging

import pytest

from tests.support.corpus import corpus, own
from tests.support.trying import run, untouched

_log = logging.getLogger(__name__)


def test_our_own_files() -> None:
    """Each operation does what it says and nothing else, or is refused."""
    assert untouched(own()) >= 30
    counts, wrong = run(own(), 12)
    assert wrong == []
    for kind, count in counts.items():
        _log.info("own files, %s: %d done, %d refused, 0 wrong", kind, count["done"], count["refused"])
        assert count["done"] >= 200
        assert count["refused"] <= 0.02 * count.total()


@pytest.mark.slow
def test_the_corpus() -> None:
    """At least 2,000 operations of each kind, none of them wrong, at most 2 % refused."""
    files = corpus()
    if files is None:
        pytest.skip("the corpus is not here")
    _log.info("corpus: %d files parse, none is changed by nothing", untouched(files))
    counts, wrong = run(files, 2)
    for kind, count in counts.items():
        _log.info("corpus, %s: %d done, %d refused, %d wrong", kind, count["done"], count["refused"], count["wrong"])
    assert wrong == []
    for count in counts.values():
        assert count["done"] >= 2_000
        assert count["refused"] <= 0.02 * (count["done"] + count["refused"])
