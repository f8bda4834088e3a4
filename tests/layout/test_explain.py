from __future__ import annotations

from confkeep.layout.diagnosis import Severity
from confkeep.layout.explain import name_of, pages


def test_pages_in_order() -> None:
    """All rules by their ids; the index is not one of them."""
    assert list(pages())[:2] == ["MNT001", "MNT002"]
    assert list(pages())[-1].startswith("STA")
    assert list(pages()) == sorted(pages())


def test_page() -> None:
    """Name, severity and first paragraph of a rule, and the page as it is."""
    page = pages()["MNT009"]
    assert (page.rule, page.name, page.severity) == ("MNT009", "readonly-mount", Severity.NOTE)
    assert page.summary.startswith("The mount is read-only. Programs in the container cannot save there:")
    assert "\n" not in page.summary
    assert page.text.startswith("# MNT009 readonly-mount\n")
    assert page.text.endswith("```\n")


def test_names() -> None:
    """A rule without a page has no name."""
    assert (name_of("MNT001"), name_of("MNT999"), name_of("")) == ("single-file-bind", "", "")
