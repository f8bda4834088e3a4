"""Comments of YAML, and of JSON as editors take it (``//`` and ``/* */``): where they are, to what they belong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from confkeep.documents.splicing.lines import line_end, line_start, next_line


@dataclass(frozen=True, slots=True)
class _Comments:
    between: re.Pattern[str]  # what may stand between two tokens
    line: re.Pattern[str]  # one comment that ends its line: a block comment of several lines is nobody's


class Syntax(Enum):
    """How a text is written: YAML, or JSON (with comments, if there are any)."""

    YAML = _Comments(re.compile(r"(?:\s|#[^\r\n]*)*"), re.compile(r"#[^\r\n]*"))
    JSON = _Comments(
        re.compile(r"(?:\s|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL),
        re.compile(r"//[^\r\n]*|/\*(?:[^*\r\n]|\*(?!/))*\*/[ \t]*(?=\r?\n|\Z)"),
    )

    def skip(self, text: str, at: int) -> int:
        """The next token, behind white space and comments."""
        match = self.value.between.match(text, at)
        return match.end() if match else at

    def ends_line(self, text: str, at: int) -> bool:
        """Whether nothing but white space and a comment stands behind ``at`` on its line."""
        while text.startswith((" ", "\t"), at):
            at += 1
        end = line_end(text, at)
        return at == end or self._is_comment(text, at)

    def comment_column(self, text: str, start: int) -> int | None:
        """The column of the comment that alone is on the line that begins at ``start``."""
        at = start
        while text.startswith((" ", "\t"), at):
            at += 1
        return at - start if self._is_comment(text, at) else None

    def lead(self, text: str, at: int, floor: int) -> int:
        """Where the comment lines directly above the line of ``at``, in its column, begin; none before ``floor``."""
        start = line_start(text, at)
        indent = at - start
        while start > floor:
            above = line_start(text, start - 1)
            if above < floor or self.comment_column(text, above) != indent:
                break
            start = above
        return start

    def tail(self, text: str, at: int, indent: int) -> int:
        """The end of the line of ``at`` and of the comments directly below it that stand deeper than ``indent``."""
        end = line_end(text, at)
        while (below := next_line(text, end)) > end:
            found = self.comment_column(text, below)
            if found is None or found <= indent:
                break
            end = line_end(text, below)
        return end

    def _is_comment(self, text: str, at: int) -> bool:
        return self.value.line.match(text, at) is not None
