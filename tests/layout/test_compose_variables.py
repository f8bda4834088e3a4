"""confkeep.layout.compose_variables: the same text as the real Compose makes of it, or a reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from confkeep.layout.compose_variables import Unresolved, expand, read_env
from tests.layout.composing import accepted, lay_out

if TYPE_CHECKING:
    from pathlib import Path

VARIABLES = {"A": "a", "EMPTY": "", "NESTED": "${A}", "_x1": "u"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$A/${A}b$_x1", "a/abu"),
        ("$$A $${A}", "$A ${A}"),
        ("${A:-x}${A-x}${A:?x}${A?x}", "aaaa"),
        ("${NO:-x}${NO-x}", "xx"),
        ("${EMPTY:-x}${EMPTY-x}|${EMPTY}|$EMPTY", "x||"),
        ("${A:+x}${A+x}${EMPTY:+x}${EMPTY+x}${NO:+x}${NO+x}", "xxx"),
        ("${NO:-${A}}${NO:-${NO2:-${A}}}", "aa"),
        ("${NO:-$A/b:c}", "a/b:c"),
        ("${NESTED}", "${A}"),
        ("${NO:-}", ""),
    ],
)
def test_expansion(tmp_path: Path, text: str, expected: str) -> None:
    """A text becomes what `docker compose config` shows for it."""
    assert expand(text, VARIABLES) == expected
    compose = lay_out(tmp_path, json.dumps({"services": {"app": {"image": "x", "labels": {"it": text}}}}))
    shown = yaml.safe_load(accepted(compose, **VARIABLES))["services"]["app"]["labels"]["it"]
    assert shown == expected.replace("$", "$$")  # config shows a text that can be read again


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("${NO}", "the variable NO is not set"),
        ("$NO", "the variable NO is not set"),
        ("${NO:?say it}", "the variable NO is required"),
        ("${EMPTY:?say it}", "the variable EMPTY is required"),
        ("${NO:-$NO2}", "the variable NO2 is not set"),
        ("$ 5", "without a name"),
        ("${}", "without a name"),
        ("${A", "without its }"),
        ("${A!x}", "no interpolation"),
        ("${A:-" * 30 + "}" * 30, None),
        ("${A:+" * 30 + "}" * 30, "nested more than"),
        ("${NO:-" * 30 + "}" * 30, "nested more than"),
        ("$A" * 20_000, "longer than any path"),
        ("x" * 20_000, "longer than any path"),
    ],
)
def test_what_has_no_value(text: str, reason: str | None) -> None:
    """What Compose would refuse, or fill with nothing, has no value here."""
    if reason is None:
        assert expand(text, VARIABLES) == "a"
        return
    with pytest.raises(Unresolved, match=reason.replace("}", r"\}")):
        expand(text, VARIABLES)


def test_the_env_file(tmp_path: Path) -> None:
    """`.env` beside the file counts, the environment wins, and quotes and comments are read as Compose reads them."""
    env = (
        '# a comment\n\nPLAIN=one # two\nexport EXPORTED = three\nSINGLE=\'$PLAIN # x\'\nDOUBLE="${PLAIN} \\"x\\""\n'
        "HASH=a#b\nEMPTY=\nUSED=${PLAIN}/${GIVEN}\nGIVEN=overridden\n"
    )
    given = {"GIVEN": "given"}
    expected = {
        "PLAIN": "one",
        "EXPORTED": "three",
        "SINGLE": "$PLAIN # x",
        "DOUBLE": 'one "x"',
        "HASH": "a#b",
        "EMPTY": "",
        "USED": "one/given",
        "GIVEN": "given",
    }
    assert read_env(env, given) == expected
    labels = {name.lower(): f"<${{{name}}}>" for name in expected}
    compose = lay_out(tmp_path, json.dumps({"services": {"app": {"image": "x", "labels": labels}}}))
    (compose.parent / ".env").write_text(env)
    shown = yaml.safe_load(accepted(compose, **given))["services"]["app"]["labels"]
    assert shown == {name.lower(): f"<{value.replace('$', '$$')}>" for name, value in expected.items()}


def test_what_the_env_file_does_not_say() -> None:
    """A value over several lines, or of a variable that nobody sets, is none; the environment's own stays."""
    assert read_env("A='x\ny'\nB=${NO}\nC=${C}\n=d\nE\n", {"C": "c"}) == {"C": "c"}
