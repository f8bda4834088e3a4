"""Variables in a compose file, as Compose interpolates them: $A ${A} ${A:-b} ${A-b} ${A:?b} ${A:+b} $$, nested.

Source: the Compose specification, "Interpolation", and compared with Compose 5.6 by test. One thing differs on
purpose: a variable that nobody sets is empty for Compose, and Unresolved here, because the paths that come of it
are not those that will be mounted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR: Final = re.compile(r":?[-?+]")
_BRACES: Final = re.compile(r"\$\$|\$\{|\}")
_ASSIGNMENT: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*[=:]\s*(.*)")
_DEEPEST: Final = 20
#: No path of the kernel is longer than 4,096 bytes, and a volume has two.
_LONGEST: Final = 16_384


class Unresolved(Exception):
    """The text has no value here; says why."""


def expand(text: str, variables: Mapping[str, str], depth: int = 0) -> str:
    """``text`` with its variables replaced. Raises Unresolved."""
    if depth > _DEEPEST:
        raise Unresolved(f"variables nested more than {_DEEPEST} deep")
    parts: list[str] = []
    at = size = 0
    while (dollar := text.find("$", at)) >= 0:
        value, after = _value(text, dollar + 1, variables, depth)
        parts += (text[at:dollar], value)
        at = after
        size += len(parts[-1]) + len(parts[-2])
        if size > _LONGEST:
            break
    if size + len(text) - at > _LONGEST:
        raise Unresolved("longer than any path")
    return "".join((*parts, text[at:]))


def _value(text: str, at: int, variables: Mapping[str, str], depth: int) -> tuple[str, int]:
    """The value of what follows a dollar, and where the text goes on."""
    if text.startswith("$", at):
        return "$", at + 1
    if not text.startswith("{", at):
        name = _NAME.match(text, at)
        if name is None:
            raise Unresolved("a $ without a name: write $$ for a dollar")
        return _known(name[0], variables), name.end()
    end = _closing(text, at + 1)
    name = _NAME.match(text, at + 1, end)
    if name is None:
        raise Unresolved("${…} without a name")
    operator = _OPERATOR.match(text, name.end(), end)
    if operator is None and name.end() != end:
        raise Unresolved(f"${{{name[0]}…}} is no interpolation that Compose knows")
    if operator is None:
        return _known(name[0], variables), end + 1
    return _choose(name[0], operator[0], text[operator.end() : end], variables, depth), end + 1


def _choose(name: str, operator: str, word: str, variables: Mapping[str, str], depth: int) -> str:
    value = variables.get(name)
    is_there = bool(value) if operator.startswith(":") else value is not None
    if operator.endswith("+"):
        return expand(word, variables, depth + 1) if is_there else ""
    if is_there:
        return value or ""
    if operator.endswith("?"):
        raise Unresolved(f"the variable {name} is required and not set")
    return expand(word, variables, depth + 1)


def _known(name: str, variables: Mapping[str, str]) -> str:
    if name not in variables:
        raise Unresolved(f"the variable {name} is not set, neither in the environment nor in .env")
    return variables[name]


def _closing(text: str, at: int) -> int:
    """Where the brace that is open at ``at`` closes."""
    open_ = 1
    for brace in _BRACES.finditer(text, at):
        open_ += {"${": 1, "}": -1}.get(brace[0], 0)
        if not open_:
            return brace.start()
    raise Unresolved("${ without its }")


def read_env(text: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of a ``.env`` file with those of ``environment``, which win; what has no value here is left out."""
    known = dict(environment)
    for line in text.splitlines():
        assignment = _ASSIGNMENT.fullmatch(line)
        if assignment is None or assignment[1] in environment:
            continue
        try:
            known[assignment[1]] = _unquoted(assignment[2], known)
        except Unresolved:
            known.pop(assignment[1], None)
    return known


def _unquoted(value: str, known: Mapping[str, str]) -> str:
    if quoted := re.match(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"", value):
        literal, double = quoted.groups()
        return literal if literal is not None else expand(re.sub(r'\\(["\\])', r"\1", double), known)
    if value[:1] in {"'", '"'}:
        raise Unresolved("a value of several lines")
    return expand(re.split(r"(?:^|\s)#", value, maxsplit=1)[0].strip(), known)
