"""The proof behind ``keep``: whatever the splicer does, the data is the new one. Mutants show that the proof works."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from confkeep.documents import keeping, meanings, reading
from confkeep.documents.changes import Remove, Replace
from confkeep.documents.dialect import Dialect
from confkeep.documents.differ import changes as changes_of
from confkeep.documents.format import Format
from confkeep.documents.keep import keep
from confkeep.documents.keeping import Keeping
from confkeep.documents.node import Mapping, Scalar, Sequence
from confkeep.documents.reading import Reading
from confkeep.documents.splice import Syntax, splice
from confkeep.errors import NotRepresentable
from tests.documents.dumping import load, same

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.documents.changes import Change
    from confkeep.documents.node import Stream

CASES = [
    ("a: 1 # one\nb: [1, 2] # two\n", "a: 2\nb:\n- 1\n- 3\n"),
    ("- id: a # one\n  v: 1\n- id: b\n", "- id: b\n- id: a\n  v: 2\n"),
    ("at: 17:30:00 # late\n", "at: '17:30:00'\n"),
    ("on: 1 # one\n", "'on': 1\n"),
    ("a: 1 # one\nb: 2\n", "a: '1'\n"),
    ("a: 1\na: 2 # two\n", "a: 1\n"),
    ("b: &b {v: 1} # base\nu: {<<: *b}\n", "b: {v: 1}\nu: {}\n"),
    ("b: &b {v: 1} # base\nu: *b\n", "b: {v: 1}\nu: {v: 2}\n"),
    ("x: !secret a # one\n", "x: a\n"),
    ("x: [a, b] # one\n", "x: [b, a]\n"),
    ("x: {a: {b: {c: [1, {d: 1}]}}} # one\n", "x: {a: {b: {c: [1, {d: 2}]}}}\n"),
]


def wrong() -> list[str]:
    """The cases in which the data is not the new one."""
    found: list[str] = []
    for old, new in CASES:
        data = keep(old.encode(), new.encode(), Format.YAML, Dialect.HOME_ASSISTANT, seconds=20).data.decode()
        with contextlib.suppress(yaml.YAMLError):
            if same(load(data), load(new)):
                continue
        found.append(old)
    return found


def how_many_kept() -> int:
    """In how many cases the result is the old text with splices."""
    results = [keep(a.encode(), b.encode(), Format.YAML, Dialect.HOME_ASSISTANT, seconds=20) for a, b in CASES]
    return sum(result.kept for result in results)


def does_nothing(stream: Stream, changes: list[Change], syntax: Syntax) -> str:
    """Believes that all is done."""
    return stream.text


def loses_one(stream: Stream, changes: list[Change], syntax: Syntax) -> str:
    """Forgets the last change."""
    return splice(stream, changes[:-1], syntax)


def breaks_the_text(stream: Stream, changes: list[Change], syntax: Syntax) -> str:
    """Leaves what is no YAML."""
    return splice(stream, changes, syntax) + "\n]"


def adds_a_document(stream: Stream, changes: list[Change], syntax: Syntax) -> str:
    """Leaves one document too many."""
    return splice(stream, changes, syntax) + "\n---\n1\n"


def adds_an_entry(stream: Stream, changes: list[Change], syntax: Syntax) -> str:
    """Puts more in than it was told."""
    return "extra: 1\n" + splice(stream, changes, syntax)


def contradicts_itself(stream: Stream, changes: list[Change], syntax: Syntax) -> str:
    """What ``splice`` does where changes overlap."""
    raise ValueError("the changes overlap")


def takes_the_wrong_one(stream: Stream, changes: list[Change], syntax: Syntax) -> str:
    """Removes and replaces the neighbour of what it was told."""
    moved = [
        change.__class__(change.container, change.index - 1, *([change.new] if isinstance(change, Replace) else []))
        if isinstance(change, Replace | Remove) and change.container is not None and change.index
        else change
        for change in changes
    ]
    return splice(stream, moved, syntax)


SPLICERS = [
    does_nothing,
    loses_one,
    breaks_the_text,
    adds_a_document,
    adds_an_entry,
    contradicts_itself,
    takes_the_wrong_one,
]


def test_all_cases_are_kept() -> None:
    """With the splicer as it is."""
    assert wrong() == []
    assert how_many_kept() == len(CASES)


@pytest.mark.parametrize("broken", SPLICERS)
def test_a_wrong_splice_never_gets_out(broken: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The text is parsed again and compared; without proof the new text is used as it is."""
    monkeypatch.setattr(keeping, "splice", broken)
    assert wrong() == []


@pytest.mark.parametrize("broken", [does_nothing, loses_one, breaks_the_text, adds_an_entry])
def test_without_the_proof_it_would(broken: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutant: the proof is skipped."""

    def unproven(self: Any, old: Stream) -> str:  # noqa: ANN401
        return broken(old, changes_of(old, self._new, self._reading), Syntax.YAML)

    monkeypatch.setattr(Keeping, "keep", unproven)
    assert wrong() != []


@pytest.mark.parametrize("refused", [Mapping, (Mapping, Sequence)])
def test_what_cannot_be_spliced_is_replaced_further_out(refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    """The smallest enclosing node first, at last the document."""
    asked: list[list[Change]] = []

    def only_roots(stream: Stream, changes: list[Change], syntax: Syntax) -> str:
        asked.append(list(changes))
        if any(isinstance(change.container, refused) for change in changes):
            raise NotRepresentable("not here")
        return splice(stream, changes, syntax)

    monkeypatch.setattr(keeping, "splice", only_roots)
    assert wrong() == []
    assert how_many_kept() == len(CASES)
    sizes = [change.container.end - change.container.start for [change, *_] in asked if change.container]
    assert len(set(sizes)) > 1


def test_the_last_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why nothing could be kept."""

    def refuse(stream: Stream, changes: list[Change], syntax: Syntax) -> str:
        raise NotRepresentable("there is no room")

    monkeypatch.setattr(keeping, "splice", refuse)
    found = keep(b"a: 1\n", b"a: 2\n", Format.YAML, Dialect.GENERIC, seconds=5)
    assert (found.data, found.kept) == (b"a: 2\n", False)
    assert found.reason == "the change cannot be written into the old text: there is no room"


def kinds_are_ignored(patch: pytest.MonkeyPatch) -> None:
    """Mutant: the text alone decides, so ``1`` is ``'1'``."""

    def as_text(node: Scalar) -> tuple[tuple[str, str], ...]:
        return (("str", node.value),)

    def meanings_of(format_: Format, dialect: Dialect) -> Callable[[Scalar], tuple[tuple[str, str], ...]]:
        return as_text

    patch.setattr(reading, "meanings_of", meanings_of)


def tags_are_ignored(patch: pytest.MonkeyPatch) -> None:
    """Mutant: ``!secret a`` is ``a``."""

    def untagged(node: Scalar, version: str) -> tuple[str, str]:
        return "str", node.value

    patch.setattr(meanings, "_yaml", untagged)


def the_first_duplicate_counts(patch: pytest.MonkeyPatch) -> None:
    """Mutant: of duplicates the first one is read."""
    right = Reading._mapping  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    def first(self: Reading, node: Mapping) -> int:
        turned = Mapping(node.start, node.end)
        turned.keys, turned.values = node.keys[::-1], node.values[::-1]
        return right(self, turned)

    patch.setattr(Reading, "_mapping", first)


def order_is_ignored(patch: pytest.MonkeyPatch) -> None:
    """Mutant: a list is a set."""
    right = Reading._sequence  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    def sorted_(self: Reading, node: Sequence) -> int:
        turned = Sequence(node.start, node.end)
        turned.values = sorted(node.values, key=self.fingerprint)
        return right(self, turned)

    patch.setattr(Reading, "_sequence", sorted_)


def merge_keys_bring_nothing(patch: pytest.MonkeyPatch) -> None:
    """Mutant: a merge key that is there is not looked at."""

    def own(self: Reading, node: Mapping) -> int:
        pairs = zip(node.keys, node.values, strict=True)
        read = {self.fingerprint(a): self.fingerprint(b) for a, b in pairs if not self.is_merge(a)}
        return hash(frozenset(read.items()))

    patch.setattr(Reading, "_mapping", own)


@pytest.mark.parametrize(
    "mutate",
    [kinds_are_ignored, tags_are_ignored, the_first_duplicate_counts, order_is_ignored, merge_keys_bring_nothing],
)
def test_equality_judged_wrong_is_caught(
    mutate: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the cases stands for one way to judge it."""
    mutate(monkeypatch)
    assert wrong() != []
