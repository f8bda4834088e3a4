"""Run a command the way its user does: a process of its own, its output, its exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 60


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: bytes
    errors: str

    @property
    def text(self) -> str:
        """Its output as text."""
        return self.out.decode("utf-8")

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever JSON can say
        """Its output, which is one JSON document and nothing else."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Command:
    """``python -m confkeep`` with these variables over the environment."""

    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    options: tuple[str, ...] = ()

    def __call__(self, *arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None) -> Done:
        """Run it; it never shows a traceback."""
        done = subprocess.run(
            [sys.executable, *self.options, "-m", "confkeep", *arguments],
            input=stdin,
            capture_output=True,
            env=os.environ | dict(self.environment),
            cwd=cwd,
            timeout=SECONDS,
            check=False,
        )
        errors = done.stderr.decode("utf-8", "backslashreplace")
        assert "Traceback" not in errors, errors
        return Done(done.returncode, done.stdout, errors)


def failure(done: Done, code: int, slug: str) -> dict[str, Any]:
    """The members of the error that a command with --json printed; people's lines are not printed beside it."""
    assert (done.code, done.errors) == (code, ""), done
    members: dict[str, Any] = done.json
    assert members["slug"] == slug, members
    assert members["detail"], members
    assert members["remedy"], members
    return members
