"""confkeep.layout.compose: no text makes it raise anything but its own errors, nor keeps it busy."""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confkeep.errors import InvalidDocument
from confkeep.layout.compose import MAX_BYTES, check_compose
from confkeep.layout.compose_diff import unified_diff
from confkeep.layout.compose_edit import Edit, NoEdit, apply
from confkeep.layout.compose_nodes import Text
from tests.layout.composing import check, lay_out, patched, services

AWKWARD = (Path(__file__).parents[1] / "fixtures/compose/awkward.yaml").read_text()

_PATHS = st.sampled_from(
    ["./conf", "./conf/a.yaml", "/config/a.yaml", "/config", "/", "vol", "~", "${A:-./b}", "..", "$", ""]
)
_SHORT = st.lists(_PATHS | st.sampled_from(["ro", "z", "rw,ro"]), min_size=1, max_size=4).map(":".join)
_LONG = st.dictionaries(
    st.sampled_from(["type", "source", "target", "read_only", "bind", "volume"]),
    st.sampled_from(["bind", "volume", "tmpfs", "true", None, 1]) | _PATHS,
)
_LISTS = st.lists(_SHORT | _LONG | st.none() | st.lists(_PATHS, max_size=1), max_size=4)
_SERVICE = st.dictionaries(
    st.sampled_from(["volumes", "tmpfs", "configs", "secrets", "extends", "read_only", "volumes_from"]),
    _LISTS | _PATHS | st.sampled_from(["a", "b", True]),
)
_FILES = st.fixed_dictionaries(
    {"services": st.dictionaries(st.sampled_from("abc"), _SERVICE | st.none(), max_size=3)},
    optional={
        "volumes": st.none() | st.dictionaries(st.sampled_from(["vol", "a-config"]), st.none()),
        "configs": st.dictionaries(_PATHS, st.dictionaries(st.sampled_from(["file", "content"]), _PATHS)),
    },
)


def attempt(data: bytes) -> None:
    """A check that may say why it cannot be; anything else is a failure."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "compose.yaml")
        Path(path).write_bytes(data)
        with suppress(InvalidDocument):
            check_compose(path, {})


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes(data: bytes) -> None:
    """Bytes of any kind are checked or refused."""
    attempt(data)


@given(
    st.integers(0, len(AWKWARD)), st.integers(0, 40), st.text("{}[]:,&*!|>'\"\n -#$<%@`\\\t\r\ufeff\u2028x", max_size=6)
)
@settings(max_examples=150, deadline=None)
def test_any_damage(start: int, length: int, new: str) -> None:
    """A real file with any part of it replaced is checked or refused."""
    attempt((AWKWARD[:start] + new + AWKWARD[start + length :]).encode())


@given(_FILES)
@settings(max_examples=150, deadline=None)
def test_any_shape(content: dict[str, object]) -> None:
    """Values of any kind in the places that matter are judged, skipped or refused."""
    attempt(json.dumps(content, ensure_ascii=False).encode())


def bomb(levels: int, width: int) -> str:
    """Lists of aliases of lists of aliases."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + f"\nservices: {{app: {{image: x, volumes: *a{levels - 1}}}}}\n"


def merge_bomb(levels: int) -> str:
    """Mappings that merge the one before twice."""
    lines = ["x-0: &a0 {k: 1}"] + [f"x-{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: 1}}" for n in range(1, levels)]
    return "\n".join(lines) + f"\nservices: {{app: *a{levels - 1}}}\n"


def many_services(services_: int, volumes: int) -> str:
    """One list of volumes, used by many services."""
    entries = ", ".join(f"./d{n}/x.yaml:/config/{n}/x.yaml" for n in range(volumes))
    return f"x-v: &v [{entries}]\nservices:\n" + "".join(f"  s{n}: {{volumes: *v}}\n" for n in range(services_))


def chain(services_: int) -> str:
    """Services that each extend the next."""
    return (
        "services:\n"
        + "".join(f"  s{n}: {{extends: s{n + 1}}}\n" for n in range(services_))
        + f"  s{services_}: {{}}\n"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (bomb(30, 10), "more than 1,000,000 nodes"),
        (merge_bomb(2_000), "more than 1,000,000 nodes"),
        (
            "x-a: &a {" + ", ".join(f"k{n}: 1" for n in range(400)) + "}\nb: {<<: [" + "*a, " * 400 + "]}\n",
            "more than 100000 nodes",
        ),
        (many_services(4_000, 200), "more than 5000 mounts"),
        (chain(9_000), "or more than 50"),
        ("%TAG !a! b\n" * 20_000, "more than 100 %TAG directives"),
        ("? " * 60_000, "nested more than"),
        (services("    volumes: [" + "[" * 100_000), "nested more than"),
        ("x: &x [" + "*x, " * 60_000 + "]\n", "*x contains itself"),
        ("#" * MAX_BYTES, "the file is empty"),
        ("\n" * MAX_BYTES, "the file is empty"),
        ("x" * MAX_BYTES, "a compose file is a mapping"),
    ],
    ids=range(12),
)
def test_bombs(tmp_path: Path, text: str, reason: str) -> None:
    """What would multiply, nest or repeat beyond all measure is refused before it does."""
    with pytest.raises(InvalidDocument, match=re.escape(reason)):
        check(lay_out(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "findings", "skipped"),
    [
        (many_services(100, 45), True, False),
        (services("    volumes:\n" + "".join(f"      - ./d{n}:/d{n}/\n" for n in range(4_900))), True, False),
        (
            services("    volumes:\n" + "".join(f"      - '{'/a' * 90}{n}:{'/b' * 90}{n}'\n" for n in range(600))),
            True,
            False,
        ),
        (services(f"    volumes: ['{'/a' * 60_000}:{'/b' * 60_000}']\n"), False, True),
        (services(f"    volumes: ['{'/a' * 300}:/b']\n"), False, True),
        (services("    volumes: ['" + "${A:-" * 40_000 + "']\n"), False, True),
        (services("    volumes: ['" + "$$" * 120_000 + "']\n"), False, True),
    ],
    ids=range(7),
)
def test_large_files(tmp_path: Path, text: str, findings: bool, skipped: bool) -> None:  # noqa: FBT001 - a table
    """The largest that is not refused is judged to its end; what is no path of any system is skipped."""
    report = check(lay_out(tmp_path, text))
    assert (bool(report.findings), bool(report.skipped)) == (findings, skipped)


_CHARACTERS = st.text("ab\n\r", max_size=40)
_EDITS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6), _CHARACTERS), max_size=4)


@example("\n\n\n\n", [(0, 1, "\n"), (4, 0, "a")], "")  # an edit that changes nothing
@given(_CHARACTERS, _EDITS, st.sampled_from(["", "\ufeff"]))
@settings(max_examples=200, deadline=None)
def test_any_diff(characters: str, spans: list[tuple[int, int, str]], mark: str) -> None:
    """What `git apply` makes of a diff is what the edits make of the text, whatever the lines are."""
    size = len(characters)
    edits = [Edit(min(start, size), min(start + length, size), new) for start, length, new in spans]
    try:
        new = mark + apply(characters, edits)
    except NoEdit:
        return
    if new == mark + characters or not new or not mark + characters:
        return  # nothing to apply; and an empty file is a deleted one for git
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "compose.yaml")
        path.write_bytes((mark + characters).encode())
        diff = unified_diff("compose.yaml", Text("compose.yaml", characters, mark), edits)
        assert patched(path, diff, "git", "apply", "-p0", "--whitespace=nowarn", "-") == new
