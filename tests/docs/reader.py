"""Somebody who reads a page from the top, pastes each block where it belongs, and looks at what it prints."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from tests.docs.blocks import json_matches, text_matches
from tests.docs.terminals import Shell, Terminal

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from tests.docs.blocks import Block

#: What runs a program of each language, and what its comments begin with.
_PROGRAMS: Final = {"js": (["node"], "// "), "python": ([sys.executable, "-u"], "# ")}
_OUTPUTS: Final = {"text": text_matches, "json": json_matches}


class Reader:
    """The first block of the shell is what every terminal begins with.

    A program has its name in its first line, a comment. A block with a name runs in a terminal of that name, and goes
    on; outputs with that name are what comes there next. An output without a name is what the last block printed.
    """

    def __init__(self, where: Path, stack: ExitStack, socket: str) -> None:
        self._where = where
        self._stack = stack
        #: Node and Python are not told by variables of a shell.
        self._environment = {"CONFKEEP_HOST": f"unix://{socket}"}
        self._shell = Shell(where, self._environment)
        self._stack.callback(self._shell.close)
        self._prelude = ""
        self._others: dict[str, Terminal] = {}
        self._printed = ""

    def read(self, block: Block) -> None:
        """Do what a reader does with this block. A language that nobody runs or prints is a mistake."""
        try:
            if block.language in _OUTPUTS:
                self._look(block)
                return
            assert block.language in {"sh", *_PROGRAMS}, "nothing tests a block in this language"
            self.is_done()
            if block.name:
                self._others[block.name] = self._start(block)
            elif block.language == "sh":
                self._prelude = self._prelude or block.text
                self._printed = self._shell.paste(block.text)
            else:
                self._printed = self._start(block).rest()
        except AssertionError as error:
            error.add_note(f"in the block at line {block.line} of the page:\n{block.text}")
            raise

    def wait(self, name: str, text: str) -> None:
        """Go on when the terminal of that name has printed ``text``."""
        self._others[name].until(text)

    def is_done(self) -> None:
        """Nothing was printed that the page does not show."""
        assert not self._printed, f"printed and not shown:\n{self._printed}"

    def _look(self, block: Block) -> None:
        if block.name:
            self._others[block.name].shows(block.text)
            return
        printed, self._printed = self._printed, ""
        assert _OUTPUTS[block.language](block.text, printed), f"printed:\n{printed}"

    def _start(self, block: Block) -> Terminal:
        command = self._command(block)
        started = Terminal(command, self._where, self._environment)
        self._stack.callback(started.close)
        return started

    def _command(self, block: Block) -> list[str]:
        if block.language == "sh":
            return ["bash", "-euo", "pipefail", "-c", self._prelude + block.text]
        program, comment = _PROGRAMS[block.language]
        first = block.text.partition("\n")[0]
        assert first.startswith(comment), "a program's first line is its name"
        name = first.removeprefix(comment)
        assert name == os.path.basename(name), name
        (self._where / name).write_text(block.text, "utf-8")
        return [*program, name]
