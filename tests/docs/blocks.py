"""The code blocks of a Markdown page, and how what they print is compared with what the page shows."""

from __future__ import annotations

import json
import re
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_BLOCK: Final = re.compile(r"^```(?P<words>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
#: Stands for what differs each time.
ELLIPSIS: Final = "…"
#: Members of answers that differ each time; of a number only the kind is compared.
_VOLATILE: Final = {"revision", "id", "uid", "gid"}


class Block(NamedTuple):
    """One fenced block: the first word after the fence, the second or "", the number of its line."""

    language: str
    name: str
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    """All of them, in order."""
    text = page.read_text("utf-8")
    found: list[Block] = []
    for match in _BLOCK.finditer(text):
        language, _, name = match["words"].partition(" ")
        found.append(Block(language, name, match["text"], text.count("\n", 0, match.start()) + 1))
    return found


def text_matches(shown: str, printed: str) -> bool:
    """Whether the lines are those that are shown; ``…`` is any text of one line, and alone on a line any lines."""
    return re.fullmatch(_pattern(shown), printed) is not None


def _pattern(shown: str) -> str:
    lines = [r"(?:.*\n)*" if line == ELLIPSIS else _glob(line) + r"\n" for line in shown.splitlines()]
    return "".join(lines)


def _glob(text: str) -> str:
    return ".*".join(map(re.escape, text.split(ELLIPSIS)))


def json_matches(shown: str, printed: str) -> bool:
    """Whether ``printed`` is one JSON document with the members that are shown.

    ``…`` in a string is any text. An object with the member ``"…"`` may have others too.
    """
    return _same(json.loads(shown), json.loads(printed), "")


def _same(shown: Any, found: Any, name: str) -> bool:  # noqa: ANN401 - whatever JSON can say
    if type(shown) is not type(found):
        return False
    if isinstance(shown, dict):
        return _same_members(cast("dict[str, Any]", shown), cast("dict[str, Any]", found))
    if isinstance(shown, list):
        items, others = cast("Sequence[Any]", shown), cast("Sequence[Any]", found)
        return len(items) == len(others) and all(map(_same, items, others, repeat(name)))
    if isinstance(shown, str):
        return re.fullmatch(_glob(shown), found) is not None
    return bool(shown == found) or (name in _VOLATILE and isinstance(shown, int))


def _same_members(shown: dict[str, Any], found: dict[str, Any]) -> bool:
    names = shown.keys() - {ELLIPSIS}
    known = names <= found.keys() if ELLIPSIS in shown else names == found.keys()
    return known and all(_same(shown[name], found[name], name) for name in names)
