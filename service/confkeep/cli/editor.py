"""The person's own editor."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Final

from confkeep.errors import IoError

_DEFAULT: Final = "vi"
_UNKNOWN: Final = 127  # of a shell: there is no such command


def edit(path: str) -> None:
    """Have ``path`` edited by $VISUAL, $EDITOR or vi, as other programs do. Raises IoError when the editor fails."""
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or _DEFAULT
    # Ctrl-C is the editor's, neither ours nor the shell's: what is caught, unlike what is ignored, is not inherited by
    # what is executed (execve(2)).
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        code = subprocess.run(["sh", "-c", f'trap : INT; {command} "$1"', "sh", path], check=False).returncode  # noqa: S603, S607
    finally:
        signal.signal(signal.SIGINT, before)
    if code == _UNKNOWN:
        raise IoError(f"there is no editor {command!r}", remedy="name one with VISUAL or EDITOR")
    if code:
        how = f"was ended by signal {-code}" if code < 0 else f"failed with exit code {code}"
        raise IoError(f"the editor {command!r} {how}; nothing was saved", remedy="edit again")
