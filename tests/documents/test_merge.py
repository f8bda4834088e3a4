from __future__ import annotations

import pytest

from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.documents.merge import Labels, Merged, merge

_TWO = """\
# Automations
- id: '1'
  alias: One # first
  mode: single
- id: '2'
  alias: Two
  mode: single
"""
_ONE = "# Automations\n- id: '1'\n  alias: One # first\n  mode: single\n"
_SECOND = "- id: '2'\n  alias: Two\n  mode: single\n"


def _merge(
    base: str, mine: str, theirs: str, format_: Format | None = Format.YAML, dialect: Dialect = Dialect.HOME_ASSISTANT
) -> Merged:
    a, b, c = (text.encode() for text in (base, mine, theirs))
    return merge(a, b, c, format_, dialect, labels=Labels(), seconds=60)


def _clean(base: str, mine: str, theirs: str, format_: Format = Format.YAML) -> str:
    found = _merge(base, mine, theirs, format_)
    assert (found.conflicts, found.how) == (0, "structure"), found.data.decode()
    return found.data.decode()


def _marked(base: str, mine: str, theirs: str, format_: Format | None = Format.YAML) -> str:
    found = _merge(base, mine, theirs, format_)
    assert found.conflicts > 0
    assert found.how == "lines"
    assert found.data.count(b"<<<<<<< mine\n") == found.conflicts
    return found.data.decode()


def test_different_automations() -> None:
    """Both win, every other byte stays."""
    mine, theirs = _TWO.replace("One", "Eins"), _TWO.replace("Two", "Zwei")
    assert _clean(_TWO, mine, theirs) == _TWO.replace("One", "Eins").replace("Two", "Zwei")


def test_lines_that_touch() -> None:
    """Two values of one automation, one below the other: no conflict, and the comment that came with one is there."""
    mine = _TWO.replace("mode: single\n- id", "mode: queued # mine\n- id")
    theirs = _TWO.replace("One", "Eins")
    assert _clean(_TWO, mine, theirs) == mine.replace("One", "Eins")
    assert _clean(_TWO, theirs, mine) == mine.replace("One", "Eins")


def test_both_appended() -> None:
    """Theirs first, then mine, with their comments."""
    mine, theirs = "# mine\n- id: '3'\n  alias: Mine\n", "- id: '4' # theirs\n"
    assert _clean(_TWO, _TWO + mine, _TWO + theirs) == _TWO + theirs + mine


def test_both_added_keys() -> None:
    """At the end of one mapping: theirs first, then mine."""
    base = "a: 1\n"
    assert _clean(base, base + "m: 1 # why\n", base + "t: 2\n") == "a: 1\nt: 2\nm: 1 # why\n"


def test_both_filled_an_empty_list() -> None:
    """Home Assistant's own empty automations."""
    assert _clean("# none\n\n[]\n", "# none\n\n- id: m\n", "# none\n\n- id: t\n") == "# none\n\n- id: t\n- id: m\n"


def test_moved_here_and_edited_there() -> None:
    """The item is where one side moved it, as the other changed it, whoever did which."""
    moved = "# Automations\n" + _SECOND + _ONE.removeprefix("# Automations\n")
    for item in ("One", "Two"):
        edited = _TWO.replace(item, "Other")
        assert _clean(_TWO, moved, edited) == moved.replace(item, "Other")
        assert _clean(_TWO, edited, moved) == moved.replace(item, "Other")


def test_ordered_differently() -> None:
    """Two orders of one list are a conflict, one order of both is none."""
    assert _marked("- a\n- b\n- c\n", "- b\n- a\n- c\n", "- a\n- c\n- b\n")
    assert _clean("- a\n- b\n- c: 1\n", "- b\n- a\n- c: 2\n", "- b\n- a # why\n- c: 1\n") == "- b\n- a # why\n- c: 2\n"


def test_removed_by_both() -> None:
    """Gone, with what else each of them did."""
    assert (
        _clean(_TWO, _ONE.replace("One", "Eins"), _ONE + "- id: '3'\n") == _ONE.replace("One", "Eins") + "- id: '3'\n"
    )


def test_changed_differently() -> None:
    """One value changed to two: marked, both to be seen."""
    text = _marked(_TWO, _TWO.replace("One", "Eins"), _TWO.replace("One", "Un"))
    assert "<<<<<<< mine\n  alias: Eins # first\n||||||| base\n  alias: One # first\n=======\n  alias: Un #" in text


@pytest.mark.parametrize("turned", [False, True])
def test_changed_and_removed(turned: bool) -> None:  # noqa: FBT001
    """What one side changed the other must not remove unseen."""
    changed = _TWO.replace("Two", "Zwei")
    mine, theirs = (_ONE, changed) if turned else (changed, _ONE)
    assert "alias: Zwei" in _marked(_TWO, mine, theirs)


def test_one_key_at_two_places() -> None:
    """By lines this is clean, and a document with one key twice: both are marked, in one place."""
    base = "a: 1\nb: 2\nc: 3\n"
    text = _marked(base, "new: 1\n" + base, base + "new: 2\n")
    assert text == f"<<<<<<< mine\nnew: 1\n{base}||||||| base\n{base}=======\n{base}new: 2\n>>>>>>> theirs\n"
    assert _clean(base, "new: 1\n" + base, base + "new: 1\n").count("new") == 1


def test_two_automations_with_one_id() -> None:
    """Both sides added one, not the same, under one name."""
    assert _marked(_TWO, _TWO.replace("- id: '1'", "- id: '3'\n  a: 1\n- id: '1'"), _TWO + "- id: '3'\n  a: 2\n")


def test_replaced_by_two() -> None:
    """An automation that each side replaced by another one."""
    assert _marked(_TWO, _ONE + "- id: '3'\n", _ONE + "- id: '4'\n")


def test_a_new_identity() -> None:
    """An item that only got another id is the same item; one that is another in more than that is not."""
    renamed = _TWO.replace("'2'", "'two'")
    assert _clean(_TWO, renamed, _TWO.replace("Two", "Zwei")) == renamed.replace("Two", "Zwei")
    assert _marked(_TWO, renamed.replace("Two", "Other"), _TWO.replace("mode", "trigger: []\n  mode"))


def test_a_comment_is_not_lost() -> None:
    """One side only wrote a comment in what the other removed: nobody else would see it."""
    assert "# do not remove" in _marked(_TWO, _TWO.replace("Two", "Two # do not remove"), _ONE)


def test_what_readers_take_for_the_same_is_no_conflict() -> None:
    """17:30:00 and 63000 are one number to Home Assistant, and two values to others."""
    three = "at: 17:30\n", "at: 17:31\n", "at: 1051\nb: 1\n"
    assert _merge(*three).conflicts == 0
    assert _merge(*three, dialect=Dialect.GENERIC).conflicts == 1


def test_anchors() -> None:
    """A change of what aliases stand for is one change; a change that would reach further than asked for is none."""
    base = "a: &a\n  x: 1\n  y: 1\nb:\n  <<: *a\nc: *a\nz: 1\n"
    assert _clean(base, base.replace("x: 1", "x: 2"), base.replace("y: 1", "y: 2")) == base.replace(
        "1\n  y: 1", "2\n  y: 2"
    )
    assert _marked(base, base.replace("x: 1", "x: 2"), base.replace("x: 1", "x: 3"))


def test_tags() -> None:
    """``!include`` and ``!secret`` are values like others."""
    base = "a: !include a.yaml\nb: !secret b\n"
    assert _clean(base, base.replace("a.y", "c.y"), base.replace("secret b", "secret d")) == (
        "a: !include c.yaml\nb: !secret d\n"
    )


def test_several_documents() -> None:
    """Each by itself; where a side has more of them, by lines."""
    assert _clean("a: 1\n---\nb: 1\n", "a: 2\n---\nb: 1\n", "a: 1\n---\nb: 2\n") == "a: 2\n---\nb: 2\n"
    found = _merge("a: 1\nb: 1\nc: 1\n", "a: 2\nb: 1\nc: 1\n", "a: 1\nb: 1\nc: 1\n---\nd: 1\n")
    assert found == Merged(b"a: 2\nb: 1\nc: 1\n---\nd: 1\n", 0, "lines")


def test_json() -> None:
    """On one line too."""
    text = '{"a": 1, "b": [1, 2]}\n'
    assert _clean(text, text.replace('"a": 1', '"a": 0'), text.replace("2]", "2, 3]"), Format.JSON) == (
        '{"a": 0, "b": [1, 2, 3]}\n'
    )


def test_json_with_comments() -> None:
    """With the comments of both."""
    base = '{\n  "a": 1,\n  "b": 2\n}\n'
    mine, theirs = base.replace("1,", "0, // mine"), base.replace("2", "3 // theirs")
    assert _clean(base, mine, theirs, Format.JSONC) == '{\n  "a": 0, // mine\n  "b": 3 // theirs\n}\n'


def test_toml_that_would_not_be_valid() -> None:
    """Clean by lines, with one key twice: marked."""
    base = "a = 1\n\nb = 2\n"
    assert _marked(base, "new = 1\n" + base, base + "new = 2\n", Format.TOML)
    assert _merge(base, base.replace("1", "0"), base.replace("2", "3"), Format.TOML) == Merged(
        b"a = 0\n\nb = 3\n", 0, "lines"
    )


def test_what_does_not_parse_is_merged_by_lines() -> None:
    """Also while somebody is in the middle of an edit."""
    base = "a: [\nb: 2\nc: 3\n"
    assert _merge(base, base.replace("2", "0"), base + "d: 4\n") == Merged(b"a: [\nb: 0\nc: 3\nd: 4\n", 0, "lines")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16(codec: str) -> None:
    """Merged, or marked, as what it is."""
    base, mine, theirs, clash = (
        ("\ufeff" + text).encode(codec) for text in ("a: ä\nb: 1\n", "a: ö\nb: 1\n", "a: ä\nb: 2\n", "a: ü\nb: 1\n")
    )
    found = merge(base, mine, theirs, Format.YAML, Dialect.GENERIC, labels=Labels(), seconds=60)
    assert found == Merged("\ufeffa: ö\nb: 2\n".encode(codec), 0, "structure")
    found = merge(base, mine, clash, Format.YAML, Dialect.GENERIC, labels=Labels(), seconds=60)
    assert found.data.decode(codec).startswith("\ufeff<<<<<<< mine\na: ö\n|||||||")


def test_latin_1() -> None:
    """Bytes that are no UTF-8 are lines like others."""
    base, mine, theirs = (
        text.encode("latin-1") for text in ("[a]\nä = 1\n\nb = 2\n", "[a]\nö = 1\n\nb = 2\n", "[a]\nä = 1\n\nb = ü\n")
    )
    found = merge(base, mine, theirs, Format.INI, Dialect.GENERIC, labels=Labels(), seconds=60)
    assert found == Merged("[a]\nö = 1\n\nb = ü\n".encode("latin-1"), 0, "lines")


def test_the_time_is_limited() -> None:
    """A merge that takes too long says so."""
    with pytest.raises(TimeoutError):
        merge(b"a: 1\n", b"a: 2\n", b"a: 3\n", Format.YAML, Dialect.GENERIC, labels=Labels(), seconds=-1)


def test_the_order_of_variables() -> None:
    """Mine is taken where theirs is as it was, else it is a conflict: a template may use what stands before it."""
    base = "- id: a\n  variables:\n    total: '{{ base }}'\n    base: 2\n  mode: single\n"
    mine = "- id: a\n  variables:\n    base: 2\n    total: '{{ base }}'\n  mode: single\n"
    assert _clean(base, mine, base.replace("single", "queued")) == mine.replace("single", "queued")
    assert _clean(base, base.replace("single", "queued"), mine) == mine.replace("single", "queued")
    _marked(base, mine, base.replace("base: 2", "base: 3"))
