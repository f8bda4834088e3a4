import math
from concurrent.futures import ThreadPoolExecutor

import pytest

from confkeep.daemon.exposition import Counter, Histogram, Reading, text
from tests.daemon.exposed import parse

AWKWARD = ["", 'a "word"', "back\\slash", "two\nlines", "\\n", '\\"', "ü €", "a{b}=,", "\r\x85\u2028"]


@pytest.mark.parametrize("value", AWKWARD)
def test_label_values_come_back(value: str) -> None:
    """Backslash, quote and line feed are escaped, and nothing else is."""
    counter = Counter("x_total", "About.", ("first", "second"))
    counter.count(value, "b")
    assert parse(text([counter]))["x_total"].value(first=value, second="b") == 1


@pytest.mark.parametrize("about", [each for each in AWKWARD if each])
def test_help_comes_back(about: str) -> None:
    """Backslash and line feed are escaped; a quote is none of HELP's escapes."""
    assert parse(text([Counter("x_total", about)]))["x_total"].about == about


@pytest.mark.parametrize(
    ("value", "written"), [(0, "0"), (1 << 60, str(1 << 60)), (0.1, "0.1"), (1e-7, "1e-07"), (-math.inf, "-Inf")]
)
def test_values(value: float, written: str) -> None:
    """As Go's ParseFloat reads them, and exactly."""
    shown = text([Reading("x", "About.", {(): value})])
    assert shown == f"# HELP x About.\n# TYPE x gauge\nx {written}\n"
    assert parse(shown)["x"].value() == value


def test_known_labels_start_at_zero() -> None:
    """A rate sees the first event only if the series was there before it."""
    counter = Counter("x_total", "About.", ("kind",), [("a",), ("b",)])
    counter.count("b")
    found = parse(text([counter]))["x_total"]
    assert (found.kind, found.value(kind="a"), found.value(kind="b")) == ("counter", 0, 1)


def test_counter_without_labels() -> None:
    """It has no braces."""
    counter = Counter("x_total", "About.")
    counter.count()
    assert text([counter]).endswith("\nx_total 1\n")


def test_histogram() -> None:
    """A value on a bound is below it; each bucket holds those before it; the last one holds all."""
    histogram = Histogram("x_seconds", "About.", "route", ["a", "b"], (0.5, 1.0))
    for value in (0.25, 0.5, 0.75, 4.0):
        histogram.observe("a", value)
    found = parse(text([histogram]))["x_seconds"]
    buckets = [found.value("_bucket", route="a", le=bound) for bound in ("0.5", "1.0", "+Inf")]
    assert (buckets, found.value("_sum", route="a"), found.value("_count", route="a")) == ([2, 3, 4], 5.5, 4)
    assert (found.value("_count", route="b"), found.value("_sum", route="b")) == (0, 0)


def test_reading_that_could_not_be_made() -> None:
    """Its name is known, and it has no sample."""
    assert parse(text([Reading("x", "About.", {})]))["x"].samples == {}


def test_reading_with_labels() -> None:
    """One sample for each; a counter that somebody else keeps is one."""
    reading = Reading("x_total", "About.", {("a",): 1, ("b",): 2.5}, ("kind",), kind="counter")
    found = parse(text([reading]))["x_total"]
    assert (found.kind, found.value(kind="a"), found.value(kind="b")) == ("counter", 1, 2.5)


def test_nothing_is_lost_between_threads() -> None:
    """Counts of several threads add up, and each scrape meanwhile is whole."""
    counter = Counter("x_total", "About.", ("kind",))
    histogram = Histogram("x_seconds", "About.", "kind", ["a"], (1.0,))

    def count(number: int) -> None:
        for _ in range(500):
            counter.count(str(number % 2))
            histogram.observe("a", 0.5)

    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(count, number) for number in range(8)]
        while not all(each.done() for each in work):
            parse(text([counter, histogram]))
    for each in work:
        each.result()
    found = parse(text([counter, histogram]))
    assert (found["x_total"].value(kind="0"), found["x_total"].value(kind="1")) == (2000, 2000)
    assert (found["x_seconds"].value("_count", kind="a"), found["x_seconds"].value("_sum", kind="a")) == (4000, 2000)
