"""A strict reader of the Prometheus text format 0.0.4, as its specification is written and no more forgiving."""

import math
import re
from dataclasses import dataclass, field

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_VALUE = re.compile(r"[+-]?(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|Inf)|NaN")
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
_SUFFIXES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}

Labels = frozenset[tuple[str, str]]


@dataclass
class Family:
    """One name with what was said of it; ``samples`` by suffix and labels."""

    kind: str
    about: str
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict[tuple[str, Labels], float])

    def value(self, suffix: str = "", **labels: str) -> float:
        """The sample with exactly these labels."""
        return self.samples[suffix, frozenset(labels.items())]


def parse(text: str) -> dict[str, Family]:
    """All families. Fails on anything that the specification does not allow, or that a scraper would mistake."""
    assert text.endswith("\n"), "the last line must end with a line feed"
    families: dict[str, Family] = {}
    lines = iter(text[:-1].split("\n"))
    current = ""
    for line in lines:
        assert line == line.strip(" \t"), f"blanks around {line!r}"
        if line.startswith("# HELP "):
            name, _, about = line.removeprefix("# HELP ").partition(" ")
            kind = next(lines).removeprefix(f"# TYPE {name} ")
            assert _NAME.fullmatch(name), name
            assert name not in families, f"{name} comes twice: all lines of one metric are one group"
            assert kind in _SUFFIXES, f"{name}: no TYPE after HELP, or {kind!r}"
            assert about, f"{name} has no help"
            families[name] = Family(kind, _unescaped(about, {"\\\\", "\\n"}))
            current = name
        else:
            _sample(line, current, families[current])
    for name, family in families.items():
        assert (family.kind == "counter") == name.endswith("_total"), name
        if family.kind == "histogram":
            _check_histogram(family)
    return families


def _sample(line: str, name: str, family: Family) -> None:
    found = _NAME.match(line)
    assert found, line
    suffix = found[0].removeprefix(name)
    assert found[0].startswith(name), f"{line!r} is among the lines of {name}"
    assert suffix in _SUFFIXES[family.kind], line
    labels, rest = _labels(line[found.end() :])
    assert rest.startswith(" "), line
    assert _VALUE.fullmatch(rest[1:]), line
    key = (suffix, frozenset(labels.items()))
    assert key not in family.samples, f"twice: {line}"
    family.samples[key] = float(rest[1:])


def _labels(text: str) -> tuple[dict[str, str], str]:
    labels: dict[str, str] = {}
    if not text.startswith("{"):
        return labels, text
    text = text[1:]
    while True:
        found = _LABEL.match(text)
        assert found, text
        assert found[0] not in labels, f"label twice: {text}"
        assert text[found.end() :].startswith('="'), text
        raw = re.match(r'((?:[^"\\\n]|\\.)*)"', text[found.end() + 2 :])
        assert raw, text
        labels[found[0]] = _unescaped(raw[1], set(_ESCAPES))
        text = text[found.end() + 2 + raw.end() :]
        if text.startswith("}"):
            return labels, text[1:]
        assert text.startswith(","), text
        text = text[1:]


def _unescaped(text: str, allowed: set[str]) -> str:
    def one(found: re.Match[str]) -> str:
        assert found[0] in allowed, f"{found[0]} in {text!r} is no escape"
        return _ESCAPES[found[0]]

    return re.sub(r"\\.?", one, text)


def _check_histogram(family: Family) -> None:
    """Buckets count up to +Inf, which is the count; each has a sum."""
    series: dict[Labels, list[tuple[float, float]]] = {}
    for (suffix, labels), value in family.samples.items():
        if suffix == "_bucket":
            (bound,) = [float(text) for name, text in labels if name == "le"]
            own = frozenset(each for each in labels if each[0] != "le")
            series.setdefault(own, []).append((bound, value))
    assert {labels for suffix, labels in family.samples if suffix != "_bucket"} == series.keys()
    for own, buckets in series.items():
        assert buckets == sorted(buckets), "bounds ascend, and no bucket holds less than the one before"
        assert [value for _, value in buckets] == sorted(value for _, value in buckets)
        assert buckets[-1] == (math.inf, family.samples["_count", own])
        assert ("_sum", own) in family.samples
