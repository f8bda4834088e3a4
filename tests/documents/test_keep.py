"""A dump and the text it came from: the new meaning in the old text."""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
from typing import Any, cast

import pytest
import tomlkit
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.documents.keep import Kept, keep
from tests.documents.dumping import Changes, dump, load, same

HOME_ASSISTANT = """\
# Made by hand.

# the hall
- id: '1'   # first
  alias: "Hall"
  trigger:
    # in the evening
    - platform: time
      at: 17:30:00   # late
  action:
    - service: light.turn_on
      target: {entity_id: light.hall}
      data:
        text: >-
          hello
          world
# the kitchen
- id: '2'
  alias: Kitchen
  mode: single  # one
"""


def kept(old: str, new: str, dialect: Dialect = Dialect.HOME_ASSISTANT, format_: Format = Format.YAML) -> str:
    """The old text with the new meaning."""
    found = keep(old.encode(), new.encode(), format_, dialect, seconds=20)
    assert found.reason is None
    assert found.kept
    return found.data.decode()


def not_kept(old: bytes, new: bytes, format_: Format = Format.YAML, *, seconds: float = 20) -> str:
    """Why the new text is used as it is."""
    found = keep(old, new, format_, Dialect.GENERIC, seconds=seconds)
    assert found == Kept(new, kept=False, reason=found.reason)
    assert found.reason
    return found.reason


def test_what_nobody_changed_is_the_same_bytes() -> None:
    """Home Assistant dumps ``63000`` for ``17:30:00`` and ``true`` for ``on``; that is no change to it."""
    new = dump(load(HOME_ASSISTANT))
    assert "63000" in new
    assert "#" not in new
    assert kept(HOME_ASSISTANT, new) == HOME_ASSISTANT


def test_only_what_changed_changes() -> None:
    """Comments, quotes, block scalars and flow style of everything else stay."""
    data = load(HOME_ASSISTANT)
    data[0][1]["alias"] = "Cellar"
    data[0][1]["max"] = 3
    expected = HOME_ASSISTANT.replace("Kitchen", "Cellar") + "  max: 3\n"
    assert kept(HOME_ASSISTANT, dump(data)) == expected


def test_a_new_text_is_written_as_the_old_one_was() -> None:
    """Quotes stay, and a folded or literal block stays a block."""
    data = load(HOME_ASSISTANT)
    data[0][0]["alias"] = "Hallway"
    assert '  alias: "Hallway"\n' in kept(HOME_ASSISTANT, dump(data))
    data[0][0]["action"][0]["data"]["text"] = "one\ntwo"
    assert "        text: |-\n          one\n          two\n" in kept(HOME_ASSISTANT, dump(data))


def test_a_removed_item_takes_its_comments_along() -> None:
    """And no others."""
    data = load(HOME_ASSISTANT)
    del data[0][1]
    assert kept(HOME_ASSISTANT, dump(data)) == HOME_ASSISTANT[: HOME_ASSISTANT.index("# the kitchen")]


def test_an_item_that_moves_takes_its_comments_along() -> None:
    """Also when it changes at the same time."""
    old = "# top\n\n# a\n- id: a\n  x: 1  # one\n# b\n- id: b\n  x: 2  # two\n# c\n- id: c\n  x: 3  # three\n"
    new = "- id: c\n  x: 4\n- id: a\n  x: 1\n- id: b\n  x: 2\n"
    expected = "# top\n\n# c\n- id: c\n  x: 4  # three\n# a\n- id: a\n  x: 1  # one\n# b\n- id: b\n  x: 2  # two\n"
    assert kept(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # In the generic dialect both versions of YAML must agree.
        ("at: 17:30:00 # late\n", "at: 63000\n", "at: 63000 # late\n"),
        ("on: 1 # x\n", "true: 1\n", "true: 1\n"),
        ("'on': 1 # x\n", "'on': 1\n", "'on': 1 # x\n"),
        ("a: 0755 # x\n", "a: 493\n", "a: 493 # x\n"),
    ],
)
def test_where_readers_may_differ_both_must_agree(old: str, new: str, expected: str) -> None:
    """What a program of YAML 1.1 dumped for its own reading is another value to a reader of 1.2."""
    assert kept(old, new, Dialect.GENERIC) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # Unchanged, though the dump has no anchors.
        ("a: &x {v: 1} # c\nb: *x\n", "a: {v: 1}\nb: {v: 1}\n", "a: &x {v: 1} # c\nb: *x\n"),
        # Both changed alike: the alias says so.
        ("a: &x {v: 1} # c\nb: *x\n", "a: {v: 2}\nb: {v: 2}\n", "a: &x {v: 2} # c\nb: *x\n"),
        # One of them changed: the other one does not.
        ("a: &x {v: 1} # c\nb: *x\n", "a: {v: 1}\nb: {v: 2}\n", "a: &x {v: 1} # c\nb: {v: 2}\n"),
        ("a: &x {v: 1} # c\nb: *x\n", "a: {v: 2}\nb: {v: 1}\n", "a: &x {v: 2} # c\nb: {v: 1}\n"),
        # The anchor goes, its alias stays.
        ("a: &x 1\nb: *x # c\n", "b: 1\n", "b: 1 # c\n"),
        # What a merge key brings is overridden, and the base stays.
        ("b: &b {v: 1} # c\nu: {<<: *b}\n", "b: {v: 1}\nu: {v: 2}\n", "b: &b {v: 1} # c\nu: {<<: *b, v: 2}\n"),
        ("b: &b {v: 1} # c\nu: {<<: *b}\n", "b: {v: 3}\nu: {v: 3}\n", "b: &b {v: 3} # c\nu: {<<: *b}\n"),
    ],
)
def test_anchors_stay_and_bind_nobody(old: str, new: str, expected: str) -> None:
    """A change through an alias is written out; one that all share is made once."""
    assert kept(old, new) == expected
    assert kept(old, new, Dialect.COMPOSE) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # The base loses what the other one still has, and the other way round.
        ("b: &b {v: 1, w: 2}\nu:\n  <<: *b # c\n  x: 1\n", "b: {w: 2}\nu: {v: 1, w: 2, x: 1}\n"),
        ("b: &b {v: 1, w: 2}\nu:\n  <<: *b # c\n  x: 1\n", "b: {v: 1, w: 2}\nu: {w: 2, x: 1}\n"),
        ("b: &b {v: 1, w: 2}\nu:\n  <<: *b # c\n  x: 1\n", "u: {v: 1, w: 2, x: 1}\n"),
        ("b: &b {v: &v [1]}\nu: *b\nw: *v\n", "u: {v: [1]}\nw: [2]\n"),
        ("- &a {id: a}\n- *a\n- {id: b}\n", "- {id: b}\n- {id: a}\n- {id: a}\n"),
        ("? &k key\n: 1\nother: *k\n", "other: key\n"),
        ("a: 1\na: 2\nb: 3\n", "b: 3\n"),
        ("a: 1\na: 2\n", "a: 1\n"),
        ("{yes: 1, true: 2}", "{true: 1}"),
        ("a: !x {b: 1}\n", "a: !y {b: 1}\n"),
        ("a: !include b\n", "a: {b: 1}\n"),
        ("<<: !include b\na: 1\n", "<<: !include b\na: 2\n"),
        ("# nothing yet\n", "- a: 1\n"),
        ("# nothing yet\n[]\n", "- a: 1\n"),
        ("- a: 1\n", "[]\n"),
        ("a\n", "b: 1\n"),
        ("--- 1\n--- 2\n", "1\n---\n3\n"),
        ("a:\n  b:\n", "a:\n"),
    ],
)
@pytest.mark.parametrize("dialect", list(Dialect))
def test_the_data_is_the_new_one(old: str, new: str, dialect: Dialect) -> None:
    """Anchors that go, merge keys, duplicates, tags, documents."""
    found = kept(old, new, dialect)
    assert same(load(found), load(new))


def test_comments_of_a_file_without_data_stay() -> None:
    """Home Assistant's own first automations.yaml."""
    assert kept("# mine\n[]\n", "- id: a\n").startswith("# mine\n")
    assert kept("# mine\n", "- id: a\n").startswith("# mine\n")


def test_line_breaks_encoding_and_mark_are_those_of_the_old_text() -> None:
    """CRLF and UTF-16 stay, and so does the byte order mark."""
    new = "a: ü\nb: 2\n".encode()
    for codec in ("utf-8-sig", "utf-16"):
        found = keep("a: 1 # x\r\n".encode(codec), new, Format.YAML, Dialect.GENERIC, seconds=5)
        assert (found.data, found.kept) == ("a: ü # x\r\nb: 2\r\n".encode(codec), True)


@pytest.mark.parametrize(
    ("old", "new", "format_", "expected"),
    [
        ('{\n  "a": 1.0,\n  "b": [1]\n}\n', '{"b":[1,2],"a":1}', Format.JSON, '{\n  "a": 1.0,\n  "b": [1, 2]\n}\n'),
        ('{"a": 1}', '{\n "a": 1\n}', Format.JSON, '{"a": 1}'),
        ('{\n  // one\n  "a": 1, // x\n}\n', '{"a": 2}', Format.JSONC, '{\n  // one\n  "a": 2, // x\n}\n'),
    ],
)
def test_json(old: str, new: str, format_: Format, expected: str) -> None:
    """Also with comments."""
    assert kept(old, new, Dialect.GENERIC, format_) == expected


@pytest.mark.parametrize(
    ("old", "new", "format_", "reason"),
    [
        (b"", b"a: 1", Format.YAML, "the old text is empty"),
        (b"a: 1", b" \n", Format.YAML, "the new text is empty"),
        (b"a: 1", b"# c\n", Format.YAML, "the new text holds no data"),
        (b"a: [", b"a: 1", Format.YAML, "the old text cannot be read: it is not valid YAML"),
        (b"a: 1", b"a: *x", Format.YAML, "the new text cannot be read: it has an alias [*]x without an anchor"),
        (b"a: \xff", b"a: 1", Format.YAML, "the old text cannot be read: .*utf-8"),
        (b"--- 1\n--- 2\n", b"1", Format.YAML, "the old text has 2 documents, the new one 1"),
        (b"\xef\xbb\xbf" * 2 + b"a: 1", b"a: 1", Format.YAML, "two byte order marks"),
        (b"a = 1", b"a = ", Format.TOML, "the new text cannot be read: it is not valid TOML"),
        (b"a = ", b"a = 1", Format.TOML, "the old text cannot be read: it is not valid TOML"),
        (b"a=1", b"a=2", Format.ENV, "not in env"),
        (b"a = 1", b"a = {" + b"a = {" * 2_000, Format.TOML, "the new text cannot be read"),
        (b"a = 1", ".".join(["a"] * 3_000).encode() + b" = 1", Format.TOML, "too deep"),
        (b"{}", b"{", Format.JSON, "the new text cannot be read"),
    ],
)
def test_what_cannot_be_kept_is_the_new_text(old: bytes, new: bytes, format_: Format, reason: str) -> None:
    """And the answer says why."""
    assert re.search(reason, not_kept(old, new, format_))


def test_the_deadline_is_kept() -> None:
    """A text that takes too long is saved as it came."""
    old = ("- {a: 1}\n" * 5_000).encode()
    assert "takes more than 0.001 s" in not_kept(old, old + b"- 1\n", seconds=0.001)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a = 1 # one\nb = 0x10\n", "b=16\na=1\n", "a = 1 # one\nb = 0x10\n"),
        ("a = 1 # one\n\n[t] # table\nx = 1\n", "a = 2\nt = {x = 1}\n", "a = 2 # one\n\n[t] # table\nx = 1\n"),
        ("[t]\nx = 1 # one\ny = 2\n", "[t]\nx = 1\n", "[t]\nx = 1 # one\n"),
        ("d = 2024-01-01 # day\n", "d = 2024-01-02\n", "d = 2024-01-02 # day\n"),
        ("l = [\n  1, # one\n  2, # two\n]\n", "l = [1, 3]\n", "l = [\n  1, # one\n  3, # two\n]\n"),
        ("a = 1 # one\r\n", "a = 2\nb = 'x'\n", 'a = 2 # one\r\nb = "x"\r\n'),
    ],
)
def test_toml(old: str, new: str, expected: str) -> None:
    """Dates too, which JSON does not know."""
    assert kept(old, new, Dialect.GENERIC, Format.TOML) == expected


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("ab1:0_.- \n#'\"on~é", max_size=8)
)
KEYS = st.text("ab1:on -#", min_size=1, max_size=4) | st.integers(0, 9) | st.booleans()
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)


@st.composite
def odd(draw: st.DrawFn) -> str:
    """A text in an odd style, with comments."""
    style: dict[str, Any] = {
        "default_flow_style": draw(st.sampled_from([True, False, None])),
        "indent": draw(st.integers(2, 6)),
        "width": draw(st.sampled_from([20, 80])),
        "explicit_start": draw(st.booleans()),
        "default_style": draw(st.sampled_from([None, None, '"', "'", "|"])),
        "allow_unicode": True,
    }
    text = str(cast("object", yaml.dump(draw(DATA), **style)))
    lines = ["# top", "", *text.split("\n")[:-1]] if draw(st.booleans()) else text.split("\n")[:-1]
    commented = [f"{line}  # c{n}" if draw(st.booleans()) else line for n, line in enumerate(lines)]
    with contextlib.suppress(yaml.YAMLError, ValueError, KeyError):  # a block scalar takes it for its own
        as_commented = "\n".join(commented) + "\n"
        text = as_commented if same(load(as_commented), load(text)) else text
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@given(odd(), DATA, st.sampled_from(list(Dialect)))
def test_what_is_kept_reads_as_the_dump(old: str, data: Any, dialect: Dialect) -> None:  # noqa: ANN401
    """Whatever the old text was, and whether it is kept or not."""
    new = dump([data])
    found = keep(old.encode(), new.encode(), Format.YAML, dialect, seconds=20)
    assert same(load(found.data.decode()), load(new))


VALUES = st.sampled_from(["1", "on", "17:30:00", "'a b'", "[x, y]", "{k0: 1, z: {y: [1]}}", "[]", "!secret s", "~"])


@st.composite
def shared(draw: st.DrawFn) -> str:
    """A text whose entries share values by anchors and merge keys."""
    lines: list[str] = []
    names: list[str] = []
    for n in range(draw(st.integers(2, 6))):
        merged = [name for name in names if name.startswith("m")]
        kind = draw(st.sampled_from(["map", "map", "value", "alias", "items"]))
        if kind == "map":
            lines.append(f"m{n}: &m{n}  # base {n}")
            if draw(st.booleans()) and merged:
                some = draw(st.lists(st.sampled_from(merged), min_size=1, max_size=2))
                several = f"[{', '.join(f'*{name}' for name in some)}]"
                lines.append(f"  <<: {draw(st.sampled_from([several, f'*{some[0]}']))}")
            lines += (f"  k{k}: {draw(VALUES)}  # k{k}" for k in draw(st.sets(st.integers(0, 3), min_size=1)))
            names.append(f"m{n}")
        elif kind == "value":
            lines.append(f"v{n}: &v{n} {draw(VALUES)}  # value {n}")
            names.append(f"v{n}")
        elif kind == "alias" and names:
            lines.append(f"a{n}: *{draw(st.sampled_from(names))}  # alias {n}")
        else:
            lines += (f"i{n}: &i{n}", f"  - {draw(VALUES)}", *(f"  - *{name}  # item" for name in draw(_some(names))))
            names.append(f"i{n}")
    return "\n".join(lines) + "\n"


def _some(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), max_size=3) if names else st.just([])


@given(odd() | shared(), st.sampled_from(list(Dialect)), st.randoms(), st.booleans())
def test_what_is_changed_here_and_there_is_kept(old: str, dialect: Dialect, numbers: Any, own: bool) -> None:  # noqa: ANN401, FBT001
    """The changes of a program in an old text of any style, with anchors too; what it shared it may dump apart."""
    documents = load(old)
    if own:
        documents = json.loads(json.dumps(documents, default=str, sort_keys=False), parse_constant=str)
    for document in documents:
        changes = Changes(document, numbers)
        changes.one()
        changes.one()
    new = dump(documents)
    found = keep(old.encode(), new.encode(), Format.YAML, dialect, seconds=20)
    assert found.kept, found.reason
    assert same(load(found.data.decode()), load(new))


JSON_KEYS = st.text('ab1:on\\"/', max_size=4)
JSON_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | JSON_KEYS
JSON_DATA = st.recursive(
    JSON_SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(JSON_KEYS, inner, max_size=4),
    max_leaves=20,
)

TOML_DATA = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.dates()
    | st.text("ab1 .#'", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.# ", max_size=3), inner, max_size=3),
    max_leaves=12,
)
TOML = st.dictionaries(st.text("ab.# ", max_size=3), TOML_DATA, max_size=4)


@given(TOML, TOML)
def test_toml_reads_as_the_dump(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Kept or not."""
    before, after = (tomlkit.dumps(data) for data in (old, new))
    assume(before.strip() and after.strip() and tomllib.loads(before) == old and tomllib.loads(after) == new)
    found = keep(f"# one\n{before}".encode(), after.encode(), Format.TOML, Dialect.GENERIC, seconds=20)
    assert tomllib.loads(found.data.decode()) == new
    assert (b"# one\n" in found.data) is found.kept


@given(JSON_DATA, JSON_DATA, st.sampled_from([None, 1, 2, "\t"]), st.booleans(), st.booleans())
def test_json_reads_as_the_dump(old: Any, new: Any, indent: int | str | None, sort: bool, comments: bool) -> None:  # noqa: ANN401, FBT001
    """Any JSON in any layout becomes any other."""
    before = json.dumps(old, indent=indent, sort_keys=sort)
    format_ = Format.JSONC if comments else Format.JSON
    before = f"// one\n{before} /* two */\n" if comments else before
    after = json.dumps(new)
    found = keep(before.encode(), after.encode(), format_, Dialect.GENERIC, seconds=20)
    assert found.kept, found.reason
    text = found.data.decode()
    if comments:
        assert text.startswith("// one\n")
        text = text.removeprefix("// one\n").replace("/* two */", "")
    assert json.loads(text) == new


def test_renamed_keys() -> None:
    """Home Assistant gave its keys other names in 2024.10: the comments of their values stay."""
    old = "- id: a\n  # when\n  trigger:\n  - platform: state # s\n    to: 'on' # o\n  action:\n  - service: x.y # z\n"
    new = "- id: a\n  triggers:\n  - trigger: state\n    to: 'on'\n  actions:\n  - action: x.y\n"
    assert kept(old, new) == (
        "- id: a\n  # when\n  triggers:\n  - trigger: state # s\n    to: 'on' # o\n  actions:\n  - action: x.y # z\n"
    )
    assert kept("a: 1 # about a\nb: y\n", "c: 1\nb: y\n") == "c: 1\nb: y\n"


def test_indentation_of_a_dump() -> None:
    """What a program adds is indented as its neighbours are."""
    old = "- a:\n    - b: 1\n"
    assert kept(old, "- a:\n  - b: 1\n- c:\n  - d:\n    - 1\n") == old + "- c:\n    - d:\n        - 1\n"


def test_the_order_of_variables() -> None:
    """To Home Assistant it counts, and that mapping alone is written anew; elsewhere order says nothing."""
    old = "- id: a   # one\n  variables:\n    # sum\n    total: '{{ base * 2 }}'\n    base: 2\n  data: {x: 1, y: 2}\n"
    new = "- data: {y: 2, x: 1}\n  variables:\n    base: 2\n    total: '{{ base * 2 }}'\n  id: a\n"
    anew = "    base: 2\n    total: '{{ base * 2 }}'\n"
    assert kept(old, new) == old.replace("    # sum\n    total: '{{ base * 2 }}'\n    base: 2\n", anew)
    assert kept(old, new, Dialect.GENERIC) == old
