"""tests.documents.fuzz: a little of it with every run of the tests, always the same cases."""

from __future__ import annotations

import pytest

from tests.documents.fuzz import Fuzzer


@pytest.mark.parametrize("target", ["check", "edit", "keep", "compare", "merge"])
def test_a_little(target: str) -> None:
    """No promise is broken; `python -m tests.documents.fuzz --seconds N` goes on."""
    fuzzer = Fuzzer(9, target)
    for _ in range(150):
        fuzzer.case()
    assert fuzzer.found == []
    assert len(fuzzer.answers) > 1
