"""A report for people: plain text that is readable in 80 columns."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Final

from confkeep.layout.diagnosis import Severity
from confkeep.layout.explain import name_of
from confkeep.layout.report import ordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confkeep.layout.diagnosis import Diagnosis, Report, Skipped

_WIDTH: Final = 80
_INDENT: Final = 2
_CUT: Final = "..."


def lines(report: Report) -> Iterator[str]:
    """The findings, worst first; how many; what could not be looked at; the sources; the patches.

    No line is longer than 80 characters, unless a single word is. Of the evidence such a word is cut (an overlay's
    options are some hundred characters); the other formats have the whole.
    """
    findings = ordered(report)
    for found in findings:
        yield from _finding(found)
    yield _count(findings)
    if report.skipped:
        yield from ("", "not looked at:")
        for about, reason in _grouped(report.skipped):
            yield from _wrapped(f"{about}: {reason}", _INDENT, 2 * _INDENT)
    yield from ("", "sources:")
    for source, state in report.sources.items():
        yield from _field(source.value, state)
    yield from _patches(findings)


def _finding(found: Diagnosis) -> Iterator[str]:
    yield f"{found.severity.value}: {found.rule} {name_of(found.rule)}".rstrip()
    yield from _field("where", place_of(found))
    yield from _field("host", found.host_path or "")
    yield from _field("what", found.message)
    yield from _field("seen", " ".join(map(_cut, found.evidence.split())))
    yield from _field("remedy", found.remedy)
    if found.location is not None:
        yield from _field("file", f"{found.location.file}:{found.location.line}")
    yield ""


def place_of(found: Diagnosis) -> str:
    """``app:/config/a.yaml``; our own view has no name."""
    return ":".join(filter(None, (found.container, found.path)))


def _count(findings: Iterable[Diagnosis]) -> str:
    count = Counter(found.severity for found in findings)
    said = [f"{count[severity]} {severity.value}{'s' * (count[severity] != 1)}" for severity in Severity]
    return ", ".join(said) if count else "nothing found"


def _grouped(all_skipped: Iterable[Skipped]) -> Iterator[tuple[str, str]]:
    """What could not be looked at and why: one entry for all rules and things that share a reason."""
    rules: dict[tuple[str, str], list[str]] = {}
    for skipped in all_skipped:
        rules.setdefault((skipped.reason, skipped.what), []).append(skipped.rule)
    things: dict[tuple[str, str], list[str]] = {}
    for (reason, what), ids in rules.items():
        things.setdefault((reason, ", ".join(filter(None, dict.fromkeys(ids)))), []).append(what)
    for (reason, joined), whats in things.items():
        about = ", ".join(filter(None, whats))
        yield (f"{joined or 'all rules'} for {about}" if about else joined or "all rules"), reason


def _patches(findings: Iterable[Diagnosis]) -> Iterator[str]:
    """Each different patch once, as it is: it shall be copied, or handed to patch(1)."""
    shown: set[str] = set()
    for found in findings:
        if found.patch and found.patch not in shown:
            shown.add(found.patch)
            yield from ("", f"patch for {found.rule} {place_of(found)} (nothing was changed; `patch -p0` applies it):")
            yield from found.patch.removesuffix("\n").split("\n")


def _field(name: str, value: str) -> Iterator[str]:
    if value:
        yield from _wrapped(f"{name:<7} {value}", _INDENT, _INDENT + 8)


def _wrapped(text: str, first: int, later: int) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=" " * first,
        subsequent_indent=" " * later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _cut(word: str) -> str:
    room = _WIDTH - _INDENT - 8
    return word if len(word) <= room else word[: room - len(_CUT)] + _CUT
