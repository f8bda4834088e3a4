"""The Prometheus text format 0.0.4, and what it carries: counters, histograms, and gauges read when asked.

https://prometheus.io/docs/instrumenting/exposition_formats/. Own code, for ``prometheus_client`` costs a Raspberry Pi
start time and memory. Every value is guarded: saves end on one thread, a scrape reads on another.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: What a scrape is answered with.
MEDIA_TYPE: Final = "text/plain; version=0.0.4"
Labels = tuple[str, ...]
#: A name's suffix, the names and values of its labels, and its value.
Sample = tuple[str, tuple[tuple[str, str], ...], float]


class Counter:
    """Only grows. ``known``: labels that are written from the start, so that a rate sees the first one."""

    def __init__(self, name: str, about: str, labels: Labels = (), known: Iterable[Labels] = ()) -> None:
        """``name`` ends with ``_total``."""
        self.head = (name, "counter", about)
        self._labels = labels
        self._lock = threading.Lock()
        self._values: dict[Labels, int] = dict.fromkeys(known, 0)

    def count(self, *values: str) -> None:
        """One more with these values of the labels."""
        with self._lock:
            self._values[values] = self._values.get(values, 0) + 1

    def samples(self) -> Iterator[Sample]:
        """As they are now."""
        with self._lock:
            values = dict(self._values)
        for labels, value in values.items():
            yield "", tuple(zip(self._labels, labels, strict=True)), value


class Histogram:
    """How often a value was how large, with one label. ``bounds``: the upper ones (inclusive), ascending."""

    def __init__(self, name: str, about: str, label: str, known: Iterable[str], bounds: Sequence[float]) -> None:
        """``known``: values of ``label``; there are no others."""
        self.head = (name, "histogram", about)
        self._label = label
        self._bounds = (*bounds, math.inf)
        self._lock = threading.Lock()
        self._counts = {value: [0] * len(self._bounds) for value in known}
        self._sums = dict.fromkeys(self._counts, 0.0)

    def observe(self, label: str, value: float) -> None:
        """One more. Raises KeyError for a label that is not known."""
        with self._lock:
            self._counts[label][bisect_left(self._bounds, value)] += 1
            self._sums[label] += value

    def samples(self) -> Iterator[Sample]:
        """Each bucket holds those below it too."""
        with self._lock:
            counts = {label: list(each) for label, each in self._counts.items()}
            sums = dict(self._sums)
        for label, each in counts.items():
            own = (self._label, label)
            so_far = 0
            for bound, count in zip(self._bounds, each, strict=True):
                so_far += count
                yield "_bucket", (own, ("le", _number(bound))), so_far
            yield "_sum", (own,), sums[label]
            yield "_count", (own,), so_far


class Reading:
    """What was read for this scrape: a gauge, or a counter that somebody else keeps (``kind``)."""

    def __init__(
        self, name: str, about: str, values: Mapping[Labels, float], labels: Labels = (), kind: str = "gauge"
    ) -> None:
        """``values`` by those of ``labels``; none where it could not be read."""
        self.head = (name, kind, about)
        self._labels = labels
        self._values = values

    def samples(self) -> Iterator[Sample]:
        """As they were read."""
        for labels, value in self._values.items():
            yield "", tuple(zip(self._labels, labels, strict=True)), value


Family = Counter | Histogram | Reading


def text(families: Iterable[Family]) -> str:
    """What a scrape is answered: each family with its HELP and TYPE."""
    return "".join(line for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    name, kind, about = family.head
    about = about.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {name} {about}\n# TYPE {name} {kind}\n"
    for suffix, labels, value in family.samples():
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
        yield f"{name}{suffix}{'{' + inside + '}' if inside else ''} {_number(value)}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    """As Go's ParseFloat takes it."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)
