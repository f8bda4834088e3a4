"""``python -m tests.documents.fuzz [--seconds N] [--seed N] [--only NAME]``; exit code 1: a promise was broken.

Real documents, mutated at random: whatever becomes of them, ``documents`` answers as it says it does.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Final, Literal

from confkeep.documents.check import check
from confkeep.documents.compare import structural
from confkeep.documents.dialect import Dialect
from confkeep.documents.edit import edit
from confkeep.documents.format import Format
from confkeep.documents.keep import keep
from confkeep.documents.merge import Labels, merge
from confkeep.documents.patch import Merge, Operation
from confkeep.errors import BadPatch, InvalidDocument, NotRepresentable, PatchTestFailed, PointerNotFound
from tests.support.corpus import own

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.documents.changes import JsonValue

    Op = Literal["add", "remove", "replace", "move", "copy", "test", "set"]
    from confkeep.documents.patch import Operations

_SECONDS: Final = 5.0
_SHOWN: Final = 10
_EDITABLE: Final = (Format.YAML, Format.YAML, Format.YAML, Format.JSON, Format.JSONC, Format.TOML)
_REFUSALS: Final = (BadPatch, InvalidDocument, NotRepresentable, PatchTestFailed, PointerNotFound)
_OTHERS: Final = {
    Format.JSON: b'{"a": [1, 2.5e3, true, null, "x\\u00fc"], "b": {"c": []}, "d": {"e": {"f": "g"}}}\n',
    Format.JSONC: b'// settings\n{\n  "a": 1, /* b */\n  "c": [1, 2,],\n}\n',
    Format.TOML: b'title = "x"\n[a.b]\nc = [1, 2] # d\ne = 1979-05-27T07:32:00Z\n[[f]]\ng = """x\ny"""\nh = {i = 1}\n',
    Format.INI: b"; c\n[section]\nkey = value\nlist =\n  one\n  two\n[other]\nkey: value\n",
    Format.ENV: b"# c\nexport A=1\nB=\"x y\"\nC='z'\nD=$A # e\n",
    Format.TEXT: b"any text\n",
}
_WORD: Final = re.compile(rb"[\w.-]+(?=\"?\s*[:=])")
_OPERATIONS: Final[tuple[Op, ...]] = ("add", "remove", "replace", "move", "copy", "test", "set")
_VALUES: Final[list[JsonValue]] = [
    None, True, 0, -1.5, "", "text", "yes", "a: b # c", "x\ny\n", [], {}, [1, ["a"]], {"k": {"l": "m"}},
]  # fmt: skip
_PIECES: Final = (
    b"\n", b"\r\n", b"  ", b": ", b":", b"- ", b"[", b"]", b"{", b"}", b'"', b"'", b"=", b",", b"#", b" #", b"*a",
    b"&a ", b"!t ", b"\t", b"|\n", b">-\n", b"? ", b"---\n", b"...\n", b"<<: ", b"%", b"\\", b"\0", b"\xff",
    b"\xef\xbb\xbf", "\u2028".encode(), "😀".encode(), b"\x85", b"yes", b"~", b"0", b"1:30", b"//", b"/*",
)  # fmt: skip


class Broken(Exception):
    """A promise that was not kept."""


class Fuzzer:
    """``found`` are the cases in which a promise was broken; ``cases`` and ``answers`` are counted."""

    def __init__(self, seed: int, only: str = "") -> None:
        self.random = random.Random(seed)
        self.yaml = [path.read_bytes() for path in own()]
        self.targets: dict[str, Callable[[Format, Dialect], str]] = {
            "check": self.check,
            "edit": self.edit,
            "keep": self.keep,
            "compare": self.compare,
            "merge": self.merge,
        }
        self.names = [name for name in self.targets if only in name]
        self.inputs: tuple[object, ...] = ()
        self.cases: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.slowest: dict[str, float] = {}
        self.found: list[str] = []

    def case(self) -> None:
        """One, of one target."""
        name = self.random.choice(self.names)
        format_ = self.random.choice([*Format] if name == "check" else _EDITABLE)
        dialect = self.random.choice([*Dialect])
        start = time.thread_time()
        try:
            answer = self.targets[name](format_, dialect)
        except TimeoutError:
            answer = "timeout"
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            answer = "broken"
            self.found.append(f"{name} {format_} {dialect}: {type(error).__name__}: {error}: {self.inputs!r}")
        seconds = time.thread_time() - start
        if seconds > 2 * _SECONDS:
            self.found.append(f"{name} {format_} {dialect}: took {seconds:.1f} s: {self.inputs!r}")
        self.slowest[name] = max(self.slowest.get(name, 0), seconds)
        self.cases[name] += 1
        self.answers[f"{name}: {answer}"] += 1

    def check(self, format_: Format, dialect: Dialect) -> str:
        """Diagnostics in order, inside the document; the strict errors hold the others."""
        data = self.mutated(self.seed(format_), self.random.randint(0, 6))
        self.inputs = (data,)
        found = check(data, format_, dialect=dialect, strict=True, seconds=_SECONDS)
        starts = [(one.range.start.line, one.range.start.character) for one in found]
        lines = data.count(b"\n") + data.count(b"\r")
        _must(starts == sorted(starts), "the diagnostics are in no order")
        _must(all(0 <= one.range.start.line <= one.range.end.line <= lines for one in found), "a line is not there")
        strict = {(one.code, one.range) for one in found if one.severity == "error"}
        lenient = check(data, format_, dialect=dialect, strict=False, seconds=_SECONDS)
        _must({(one.code, one.range) for one in lenient if one.severity == "error"} <= strict, "strict refuses less")
        return "invalid" if strict else "valid"

    def edit(self, format_: Format, dialect: Dialect) -> str:
        """A valid document, or one of the refusals."""
        data = self.mutated(self.seed(format_), self.random.choice([0, 0, 1, 3]))
        operations = self.operations(data)
        self.inputs = (data, operations)
        try:
            made = edit(data, operations, format_, dialect, seconds=_SECONDS)
        except _REFUSALS as refusal:
            return type(refusal).__name__
        _must(not _errors(made, format_), f"the result is not valid: {made!r}")
        return "done"

    def keep(self, format_: Format, dialect: Dialect) -> str:
        """The new bytes, or a valid document."""
        old = self.mutated(self.seed(format_), self.random.choice([0, 0, 1, 3]))
        new = self.mutated(old if self.random.random() < 0.8 else self.seed(format_), self.random.randint(0, 3))
        self.inputs = (old, new)
        kept = keep(old, new, format_, dialect, seconds=_SECONDS)
        _must(kept.kept or kept.data == new, "neither kept nor the new text")
        _must(kept.kept or kept.reason is not None, "no reason")
        _must(not kept.kept or not _errors(kept.data, format_), f"what was kept is not valid: {kept.data!r}")
        return "kept" if kept.kept else "not kept"

    def compare(self, format_: Format, dialect: Dialect) -> str:
        """Differences, none between equal documents, or None."""
        old = self.mutated(self.seed(format_), self.random.choice([0, 1, 3]))
        new = self.mutated(old, self.random.randint(0, 2))
        self.inputs = (old, new)
        _must(not structural(old, old, format_, dialect, seconds=_SECONDS), "it differs from itself")
        found = structural(old, new, format_, dialect, seconds=_SECONDS)
        return "no structure" if found is None else "some" if found else "none"

    def merge(self, format_: Format, dialect: Dialect) -> str:
        """Where only one side changed something, that side."""
        base = self.mutated(self.seed(format_), self.random.choice([0, 0, 1]))
        mine, theirs = (self.mutated(base, self.random.randint(0, 2)) for _ in range(2))
        self.inputs = (base, mine, theirs)

        def merged(mine: bytes, theirs: bytes) -> tuple[bytes, int, str]:
            made = merge(base, mine, theirs, format_, dialect, labels=Labels(), seconds=_SECONDS)
            return made.data, made.conflicts, made.how

        _must(merged(mine, base)[:2] == (mine, 0), "my side alone is not taken")
        _must(merged(base, theirs)[:2] == (theirs, 0), "their side alone is not taken")
        data, conflicts, how = merged(mine, theirs)
        sound = not any(_errors(one, format_) for one in (base, mine, theirs))
        _must(how == "lines" or conflicts or not sound or not _errors(data, format_), f"not valid: {data!r}")
        return f"{how}, {'conflicts' if conflicts else 'clean'}"

    def seed(self, format_: Format) -> bytes:
        """A document, mostly of ``format_``."""
        if self.random.random() < 0.02:
            return self.random.randbytes(self.random.randint(0, 80))
        return self.random.choice(self.yaml) if format_ is Format.YAML else _OTHERS[format_]

    def mutated(self, data: bytes, times: int) -> bytes:
        """Pieces cut out, doubled, moved and put in; whole lines, or any."""
        for _ in range(times):
            start, end = sorted(self.random.randint(0, len(data)) for _ in range(2))
            end = min(end, start + self.random.choice([1, 4, 40, 400]))
            if self.random.random() < 0.5:
                start, end = data.rfind(b"\n", 0, start) + 1, data.find(b"\n", end) + 1 or len(data)
            piece = data[start:end]
            match self.random.randrange(5):
                case 0:
                    data = data[:start] + data[end:]
                case 1:
                    data = data[:end] + piece + data[end:]
                case 2:
                    place = self.random.randint(0, len(data))
                    data = data[:place] + piece + data[place:]
                case 3:
                    data = data[:start] + self.random.choice(_PIECES) + data[start:]
                case _:
                    data = data[:start] + self.random.choice(_PIECES) + data[start + 1 :]
        return data

    def operations(self, data: bytes) -> Operations:
        """On paths that are likely to be there."""
        if self.random.random() < 0.2:
            return Merge({self.word(data): self.value(data)})
        return tuple(self.operation(data) for _ in range(self.random.randint(1, 3)))

    def operation(self, data: bytes) -> Operation:
        """One of RFC 6902, or ours."""
        op = self.random.choice(_OPERATIONS)
        source = self.pointer(data) if op in {"move", "copy"} else None
        return Operation(op, self.pointer(data), self.random.choice(_VALUES), source)

    def value(self, data: bytes) -> JsonValue:
        """Anything, or something nested."""
        return {self.word(data): 1} if self.random.random() < 0.1 else self.random.choice(_VALUES)

    def pointer(self, data: bytes) -> str:
        """Some steps."""
        return "".join(f"/{self.word(data)}" for _ in range(self.random.choice([0, 1, 1, 1, 2, 2, 3])))

    def word(self, data: bytes) -> str:
        """A key of the document, mostly."""
        if self.random.random() < 0.4:
            return self.random.choice("01-")
        words: list[bytes] = _WORD.findall(data) or [b"a"]
        return self.random.choice(words).decode("utf-8", "replace")


def _must(kept: object, promise: str) -> None:
    if not kept:
        raise Broken(promise)


def _errors(data: bytes, format_: Format) -> bool:
    return any(one.severity == "error" for one in check(data, format_, strict=False, seconds=_SECONDS))


def main() -> int:
    """Until the time is over; the figures are printed."""
    parser = argparse.ArgumentParser(prog="python -m tests.documents.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--only", default="", help="targets with this in their name")
    asked = parser.parse_args()
    fuzzer, begun = Fuzzer(asked.seed, asked.only), time.monotonic()
    for _ in itertools.count():
        fuzzer.case()
        if time.monotonic() - begun >= asked.seconds:
            break
    seconds = time.monotonic() - begun
    total = fuzzer.cases.total()
    lines = [f"seed {asked.seed}: {total} cases in {seconds:.0f} s, {total / seconds:.0f} a second"]
    lines += [f"  {answer}: {count}" for answer, count in sorted(fuzzer.answers.items())]
    lines += [f"  slowest {name}: {longest:.2f} s" for name, longest in fuzzer.slowest.items()]
    lines += [f"{len(fuzzer.found)} findings", *fuzzer.found[:_SHOWN]]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if fuzzer.found else 0


if __name__ == "__main__":
    sys.exit(main())
