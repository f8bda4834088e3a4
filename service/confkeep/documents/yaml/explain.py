"""libyaml's words for an error, in words that say what was written wrongly and what to do.

Only after an error, so it may take its time. Nothing of the text is quoted: messages go to logs. What is not recognised
stays as libyaml says it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.documents.lines import Lines

_NO_SPACE: Final = re.compile(r"\s*(?:- +)*[\w.-]+:[^\s/]")
_ENTRY: Final = re.compile(r"\s*(?:- +)*(?P<key>[^\s#'\"{\[][^#]*?):(?:\s+(?P<value>[^\s#].*))?$")
_TEMPLATE: Final = re.compile(r"[:,\-\[{]\s+\{[{%]")
_CLOSING: Final = frozenset("]}")
_DASH: Final = re.compile(r"\s*-(?:\s|$)")
_QUOTED: Final = re.compile(r"(?::|-)\s+(['\"])")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What libyaml says: where the problem is, and where what it was reading had begun (offsets in the text)."""

    problem: str
    context: str
    at: int
    since: int | None
    lines: Lines

    @property
    def line(self) -> str:
        """The line of the problem."""
        return self.lines.line(self.lines.number(self.at))

    @property
    def column(self) -> int:
        """Where in its line the problem is."""
        return self.at - self.lines.starts[self.lines.number(self.at)]

    @property
    def character(self) -> str:
        """What stands where the problem is; empty at the end."""
        return self.lines.text[self.at : self.at + 1]

    def number(self, index: int | None = None) -> int:
        """One-based, as editors show it."""
        return self.lines.number(self.at if index is None else index) + 1

    def above(self) -> int | None:
        """The number (zero-based) of the last line before the problem's that says something."""
        for number in range(self.lines.number(self.at) - 1, max(-1, self.lines.number(self.at) - 100), -1):
            stripped = self.lines.line(number).strip()
            if stripped and not stripped.startswith("#"):
                return number
        return None


def explain(trouble: Trouble) -> str:
    """One sentence or two; libyaml's own words follow in parentheses, for those who search for them."""
    known = next((say for words, say in _EXPLANATIONS if words in trouble.problem), None)
    said = " ".join(part for part in (trouble.context, trouble.problem) if part) or "syntax error"
    message = None if known is None else known(trouble)
    return said if message is None else f"{message} ({trouble.problem})"


def _second_colon(trouble: Trouble) -> str:
    before = trouble.line[: trouble.column]
    if re.search(r":\s", before):
        return "a second ': ' in one line: put the value between quotes if the colon belongs to it"
    above = trouble.above()
    if above is None:
        return "a key is not expected here: put the text between quotes if the colon belongs to it"
    cause = _cause_in(trouble.lines.line(above), above + 1)
    if cause is not None:
        return cause
    entry = _ENTRY.match(trouble.lines.line(above))
    if entry and entry["value"] and entry["value"][0] not in "|>&!":
        return (
            f"this line is indented deeper than line {above + 1}, whose key has a value already:"
            " indent both alike, or take that value away"
        )
    if "\t" in before:
        return _tab(trouble)
    return f"a key is not expected here: the text of line {above + 1} goes on, is a ':' or a '-' missing there?"


def _cause_in(line: str, number: int) -> str | None:
    """What a line that was taken for mere text lacks, where that can be seen."""
    if line.strip() == "...":
        return f"the '...' of line {number} stands for something that was left out: write it, or remove the line"
    return f"a space is missing after the ':' in line {number}" if _NO_SPACE.match(line) else None


def _tab(trouble: Trouble) -> str:
    del trouble
    return "a tab stands where YAML wants spaces: indent with spaces"


def _bad_start(trouble: Trouble) -> str | None:
    character = trouble.character
    if character == "\t":
        return _tab(trouble)
    if character == "%":
        return "a value must not begin with %: put it between quotes (a template, {% ... %}, too)"
    if character:
        return f"a value must not begin with {character}: put it between quotes"
    return None


def _no_colon(trouble: Trouble) -> str | None:
    if trouble.since is None:
        return None
    number = trouble.number(trouble.since)
    line = trouble.lines.line(number - 1)
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return _tab(trouble)
    cause = _cause_in(line, number)
    if cause is not None:
        return cause
    if line.lstrip()[:1] in {"'", '"'}:
        return f"line {number} begins with quoted text, but no ':' follows it"
    return f"line {number} has no ':': a key is written 'key: value'"


def _no_entry(trouble: Trouble) -> str | None:
    """In a block mapping or sequence, something else than the next entry."""
    before = trouble.line[: trouble.column]
    if not trouble.character.strip() and trouble.at >= len(trouble.lines.text.rstrip()):
        return "the document ends too early"
    if before.strip() or trouble.character in _CLOSING:
        return _after_a_value(trouble, before)
    if "\t" in before:
        return _tab(trouble)
    return None if trouble.since is None else _misplaced(trouble, trouble.since)


def _misplaced(trouble: Trouble, since: int) -> str | None:
    """A line of its own, where the next entry of the collection that began at ``since`` should be."""
    number, column, wanted = trouble.number(since), trouble.column, _column(trouble, since)
    is_list = "block collection" in trouble.context or "block sequence" in trouble.context
    if column != wanted:
        what = "list that begins" if is_list else "keys that begin"
        return (
            f"wrong indentation: {column} {'space' if column == 1 else 'spaces'} here, but the {what} in line {number}"
            f" {'has' if is_list else 'have'} {wanted}"
        )
    if is_list:
        return f"every entry of the list that begins in line {number} starts with '- ': this line does not"
    if _DASH.match(trouble.line):
        return f"a list item among the keys that begin in line {number}: indent it below its key, or remove the '-'"
    return None


def _column(trouble: Trouble, index: int) -> int:
    return index - trouble.lines.starts[trouble.lines.number(index)]


def _after_a_value(trouble: Trouble, before: str) -> str | None:
    if trouble.character in _CLOSING:
        return f"this {trouble.character} closes nothing: an opening bracket is missing, or this one is too much"
    quoted = _QUOTED.search(before)
    if quoted:
        twice = "'' (two of them)" if quoted[1] == "'" else '\\"'
        return f"there is more text behind the closing quote: a quote inside the text is written {twice}"
    if _TEMPLATE.search(before):
        return _TEMPLATE_QUOTED
    if before.rstrip().endswith(("]", "}")):
        return "there is more text behind the closing bracket: put all of it between quotes if it is text"
    return None


_TEMPLATE_QUOTED: Final = "a value that begins with {{ or {% is a template: put all of it between quotes"


def _open_bracket(trouble: Trouble) -> str | None:
    if trouble.since is None:
        return None
    number = trouble.number(trouble.since)
    opened = trouble.lines.text[trouble.since : trouble.since + 1]
    if trouble.lines.text[trouble.since : trouble.since + 2] == "{{":
        return _TEMPLATE_QUOTED
    close = {"[": "]", "{": "}"}.get(opened)
    if close is None:
        return None
    where = "" if number == trouble.number() else f" of line {number}"
    return f"the {opened}{where} is not closed: a {close} is missing, or a comma between two of its entries"


def _open_quote(trouble: Trouble) -> str | None:
    if trouble.since is None:
        return None
    quote = trouble.lines.text[trouble.since : trouble.since + 1]
    return f"the quote {quote} that opens in line {trouble.number(trouble.since)} is never closed"


def _no_content(trouble: Trouble) -> str | None:
    if trouble.character in {",", "]", "}"}:
        return f"nothing stands before this {trouble.character}: a value is missing, or it must be put between quotes"
    return _bad_start(trouble) if trouble.character in {"%", "@", "`"} else None


def _list_in_line(trouble: Trouble) -> str:
    if ":" in trouble.line[: trouble.column]:
        return "a list cannot begin in the line of its key: put the '-' into the next line, or the text between quotes"
    return "a list item is not expected here: is it indented as the others are?"


def _escape(trouble: Trouble) -> str:
    del trouble
    return r"an unknown escape: between double quotes a backslash is written \\; or use single quotes"


def _name(trouble: Trouble) -> str | None:
    mark = "*" if "alias" in trouble.context else "&"
    return (
        f"a value that begins with {mark} must be put between quotes"
        if "anchor" in trouble.context or mark == "*"
        else None
    )


def _more(trouble: Trouble) -> str | None:
    if trouble.character not in _CLOSING and not trouble.line[: trouble.column].strip():
        return "the document is complete before this line: is this line, or are those above, indented wrongly?"
    return _after_a_value(trouble, trouble.line[: trouble.column])


def _header(trouble: Trouble) -> str:
    del trouble
    return "text must not stand behind | or >: it begins in the next line"


# In libyaml's words; what PyYAML's own parser says differs, and then stays.
_EXPLANATIONS: Final[tuple[tuple[str, Callable[[Trouble], str | None]], ...]] = (
    ("mapping values are not allowed", _second_colon),
    ("could not find expected ':'", _no_colon),
    ("did not find expected key", _no_entry),
    ("did not find expected '-' indicator", _no_entry),
    ("found character that cannot start any token", _bad_start),
    ("found a tab character", _tab),
    ("did not find expected ',' or", _open_bracket),
    ("found unexpected end of stream", _open_quote),
    ("found unexpected document indicator", _open_quote),
    ("did not find expected node content", _no_content),
    ("block sequence entries are not allowed", _list_in_line),
    ("found unknown escape character", _escape),
    ("did not find expected alphabetic or numeric character", _name),
    ("did not find expected <document start>", _more),
    ("did not find expected comment or line break", _header),
)
