"""confkeep.documents.check: which documents can be checked."""

from __future__ import annotations

import pytest

from confkeep.documents.check import Format, check, format_of


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "A.YAML", "b.c.Yml", ".yaml"])
def test_yaml_by_its_name(name: str) -> None:
    """Whatever the case."""
    assert format_of(name) is Format.YAML


@pytest.mark.parametrize("name", ["", "yaml", "a.json", "a.yaml.bak", "a.yaml~", "ayaml", "a."])
def test_other_names_announce_nothing(name: str) -> None:
    """What is not known is not checked."""
    assert format_of(name) is None


def test_a_format_is_checked_by_its_rules() -> None:
    """YAML's."""
    assert check(b"a: 1\n", Format.YAML, seconds=1) == []
    assert [diagnostic.code for diagnostic in check(b"a: [\n", Format.YAML, seconds=1)] == ["syntax"]
