"""confkeep.documents.toml.comments: what people write above an entry goes with it, and stays with the next one."""

from __future__ import annotations

import pytest

from confkeep.documents.dialect import Dialect
from confkeep.documents.edit import edit
from confkeep.documents.format import Format
from confkeep.documents.patch import Operation

TEXT = """# about the file

# about a
a = 1  # behind a
# about b
b = [
  1, # one
  # about two
  2,
]

# the first server
[[server]]
name = "x"
# about the port
port = 1

# the second server
# in two lines
[[server]]
name = "x"
note = '''
# no comment
'''

# the table
[table]
key = 1
"""


def without(pointer: str, newline: str = "\n") -> str:
    """TEXT after a removal."""
    text = TEXT.replace("\n", newline).encode()
    done = edit(text, (Operation("remove", pointer),), Format.TOML, Dialect.GENERIC, seconds=10)
    return done.decode().replace(newline, "\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("pointer", "gone"),
    [
        ("/a", "# about a\na = 1  # behind a\n"),
        ("/b", TEXT[TEXT.index("# about b") : TEXT.index("\n# the first")]),
        ("/b/0", "  1, # one\n"),
        ("/b/1", "  # about two\n  2,\n"),
        ("/server/0", TEXT[TEXT.index("# the first") : TEXT.index("# the second")]),
        ("/server/0/port", "# about the port\nport = 1\n"),
        ("/server/1", TEXT[TEXT.index("# the second") : TEXT.index("# the table")]),
        ("/server", TEXT[TEXT.index("# the first") : TEXT.index("# the table")]),
        ("/server/1/note", "note = '''\n# no comment\n'''\n"),
        ("/table/key", "key = 1\n"),
        ("/table", "# the table\n[table]\nkey = 1\n"),
    ],
)
def test_removals(pointer: str, gone: str, newline: str) -> None:
    """The lines of the entry and the comments directly above it are gone; every other line stays."""
    assert TEXT.count(gone) == 1
    assert without(pointer, newline) == TEXT.replace(gone, "")


def test_what_begins_a_file_stays() -> None:
    """A comment in the first line is about the file, even directly above its first key."""
    text = b"# the file\na = 1\n# b\nb = 2\n"
    done = edit(text, (Operation("remove", "/a"),), Format.TOML, Dialect.GENERIC, seconds=10)
    assert done == b"# the file\n# b\nb = 2\n"


def test_tables_that_look_alike() -> None:
    """Where lines repeat, the table that was named goes, with its own comment."""
    text = b"[[t]]\ny = 0\nx = 1\n\n# second\n[[t]]\nx = 1\n\n# third\n[[t]]\nx = 2\n"
    parts = (b"[[t]]\ny = 0\nx = 1\n\n", b"# second\n[[t]]\nx = 1\n\n", b"# third\n[[t]]\nx = 2\n")
    for number, gone in enumerate(parts):
        done = edit(text, (Operation("remove", f"/t/{number}"),), Format.TOML, Dialect.GENERIC, seconds=10)
        assert done.strip() == text.replace(gone, b"").strip()
