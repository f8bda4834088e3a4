"""confkeep.documents.yaml.breaks: line breaks that not every reader takes for one."""

from __future__ import annotations

import pytest

from confkeep.documents.deadline import Deadline
from confkeep.documents.uncomposable import Uncomposable
from confkeep.documents.yaml.compose import compose


@pytest.mark.parametrize("odd", ["\x85", "\u2028", "\u2029", "\r"])
@pytest.mark.parametrize("text", ["a: 1 # x{}b: 2\n", "a: 1{}b: 2\n", "{}a: 1\n", "a:\n- 1\n{}- 2\n", "[1,{}2]"])
def test_readers_disagree(text: str, odd: str) -> None:
    """Outside of a scalar such a break is refused: to some readers the document would be another one."""
    with pytest.raises(Uncomposable, match=f"U\\+{ord(odd):04X}"):
        compose(text.format(odd), Deadline(5))


@pytest.mark.parametrize(
    "text", ['a: "x\u2028y"\nb: 1\n', "a: |\n  x\x85  y\nb: 1\n", "a: 'x\u2029y' # c\r\n", "a: 1\r\n# c\r\n"]
)
def test_inside_of_a_scalar(text: str) -> None:
    """In a text it is part of that text, and CRLF is a line break to everybody."""
    assert compose(text, Deadline(5)).roots
