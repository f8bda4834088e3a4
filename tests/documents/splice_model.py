"""Random changes of a document, and what they make of its meaning: a model to hold the splicer against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from confkeep.documents.changes import Add, Insert, Remove, Replace, Source, Value
from confkeep.documents.node import Alias, Mapping, Scalar, Sequence, walk
from confkeep.documents.yaml.scalars import read

if TYPE_CHECKING:
    from random import Random

    from confkeep.documents.changes import Change, JsonValue, New
    from confkeep.documents.node import Collection, Node, Stream

STRINGS: Final = (
    "simple",
    "on",
    "17:30:00",
    "a: b",
    "x #y",
    "",
    "  lead",
    "trail ",
    "multi\nline",
    "multi\nline\n",
    " indented\nfirst\n",
    "\n\nx",
    "a\n\n",
    "tab\there",
    "'q'",
    '"dq"',
    "- x",
    "{{ states('a.b') }}",
    "1e3",
    "0o7",
    ".5",
    "=",
    "<<",
    "~",
    "null",
    "2024-01-01",
    "1_000",
    "\xe9 \xfc \u6f22\u5b57 \U0001f600",
    "\x07bell",
    "\u2028",
    "---",
    "--- a",
    "...",
    "#c",
    "a,b",
    "[x",
    "@a",
    "back\\slash",
    "end:",
    "http://x.y/z",
    "\ufeff",
    "x\ry",
    "!tag",
    "&a",
    "*a",
    "%d",
    "`",
    "?",
    "-",
    "-a",
    "y",
    "0x1F",
    "line1\n  line2\nline3",
    "x\n \ny",
    "\tx\ny",
)
_NUMBERS: Final = (None, True, False, 0, 1, -5, 10**20, 1.5, 1e16, 1e-7, -0.0, 3.0)


def meaning(node: Node) -> Any:  # noqa: ANN401 - nested lists of whatever scalars are
    """What readers of YAML 1.1 and 1.2 make of ``node``, tags included; an alias is what it stands for."""
    if isinstance(node, Alias):
        return meaning(node.target)
    if isinstance(node, Scalar):
        if node.tag or node.style:
            return [node.tag or "str", node.value]
        return (
            [list(read(node.value, version)) for version in ("1.1", "1.2")]
            if not _is_text(node.value)
            else ["str", node.value]
        )
    if isinstance(node, Sequence):
        return ["list", node.tag, [meaning(one) for one in node.values]]
    return ["map", node.tag, [[meaning(key), meaning(one)] for key, one in zip(node.keys, node.values, strict=True)]]


def _is_text(value: str) -> bool:
    return read(value, "1.1")[0] == read(value, "1.2")[0] == "str"


def meaning_of(data: JsonValue) -> Any:  # noqa: ANN401 - as above
    """The same for a new value."""
    if isinstance(data, dict):
        return ["map", None, [[["str", key], meaning_of(value)] for key, value in data.items()]]
    if isinstance(data, list):
        return ["list", None, [meaning_of(value) for value in data]]
    if isinstance(data, str):
        return ["str", data]
    kind = "null" if data is None else type(data).__name__
    return [[kind, data], [kind, data]]


class Changes:
    """Changes that do not contradict each other, and the meaning that the stream has once they are done."""

    def __init__(self, random: Random, stream: Stream, sources: list[Source] | None = None) -> None:
        self.random = random
        self.stream = stream
        self.sources = sources or []
        self.collections = [one for root in stream.roots for one in walk(root) if isinstance(one, Mapping | Sequence)]
        self.changes: list[Change] = []
        self._new: dict[tuple[int, int], Any] = {}
        self._come: dict[tuple[int, int], list[Any]] = {}
        self._gone: set[tuple[int, int]] = set()
        self._inside_gone: set[int] = set()
        self._touched: set[int] = set()

    def make(self, kind: str) -> None:
        """Add a change of ``kind`` where that is possible."""
        container = self.random.choice(self.collections)
        for _ in range(3) if kind == "mixed" else ():
            self.make(self.random.choice(("set", "add", "add", "remove", "clear")))
        if id(container) in self._inside_gone:
            return
        if kind == "mixed":
            for _ in range(4):
                self._one(self.random.choice(("set", "add", "remove")), container)
        else:
            self._one(kind, container)

    def _one(self, kind: str, container: Collection) -> None:
        count = len(container.values)
        if kind == "add":
            self._add(container, self.random.choice((count, count, self.random.randint(0, count))))
        elif kind == "clear":
            for index in range(count):
                self._take(container, index, Remove(container, index))
        elif count:
            index = self.random.randrange(count)
            if kind == "remove":
                self._take(container, index, Remove(container, index))
            else:
                new, means = self._value()
                if self._take(container, index, Replace(container, index, new)):
                    self._new[id(container), index] = means

    def _take(self, container: Collection, index: int, change: Change) -> bool:
        """Entry ``index`` goes, unless it has gone already or something in it has changed."""
        place = (id(container), index)
        inside = {id(one) for one in walk(container.values[index])}
        if isinstance(change, Remove) and isinstance(container, Mapping):
            inside |= {id(one) for one in walk(container.keys[index])}
        if place in self._gone or place in self._new or inside & self._touched:
            return False
        self._inside_gone |= inside
        self._note(container, change)
        if isinstance(change, Remove):
            self._gone.add(place)
        return True

    def _add(self, container: Collection, index: int) -> None:
        new, means = self._value()
        come = self._come.setdefault((id(container), index), [])
        if isinstance(container, Mapping):
            key = self.random.choice(STRINGS) + self.random.choice(("", "z"))
            self._note(container, Add(container, index, Value(key), new))
            come.append([meaning_of(key), means])
        else:
            self._note(container, Insert(container, index, new))
            come.append(means)

    def _note(self, container: Collection, change: Change) -> None:
        self.changes.append(change)
        self._touched.add(id(container))

    def _value(self) -> tuple[New, Any]:
        if self.sources and self.random.random() < 0.5:
            source = self.random.choice(self.sources)
            return source, meaning(source.node)
        data = self._data(0)
        return Value(data), meaning_of(data)

    def _data(self, depth: int) -> JsonValue:
        choice = self.random.random()
        if depth < 3 and choice < 0.15:
            return {self.random.choice(STRINGS): self._data(depth + 1) for _ in range(self.random.randint(0, 3))}
        if depth < 3 and choice < 0.3:
            return [self._data(depth + 1) for _ in range(self.random.randint(0, 3))]
        return self.random.choice(STRINGS) if choice < 0.7 else self.random.choice(_NUMBERS)

    def expected(self) -> list[Any]:
        """The meaning of each document afterwards."""
        return [self._after(root) for root in self.stream.roots]

    def _after(self, node: Node) -> Any:  # noqa: ANN401 - as above
        if not isinstance(node, Mapping | Sequence):
            return meaning(node)
        entries: list[Any] = []
        for index in range(len(node.values) + 1):
            place = (id(node), index)
            entries += self._come.get(place, [])
            if index == len(node.values) or place in self._gone:
                continue
            value = self._new[place] if place in self._new else self._after(node.values[index])
            entries.append([self._after(node.keys[index]), value] if isinstance(node, Mapping) else value)
        return ["map" if isinstance(node, Mapping) else "list", node.tag, entries]
