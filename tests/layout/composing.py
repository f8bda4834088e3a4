"""A compose file on the disk with what it mounts, and the tools that read it and its patches."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import yaml

from confkeep.layout.compose import check_compose
from confkeep.layout.compose_mount import Where
from confkeep.layout.compose_nodes import Mapping, Text
from confkeep.layout.compose_services import Stack, read_stack
from confkeep.layout.compose_tree import Builder
from tests.engine.stack import compose_command
from tests.support.needs import missing, need

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.layout.diagnosis import Diagnosis, Report

HOME = {"HOME": "/home/nobody-here"}


def services(text: str) -> str:
    """A whole file around the body of one service, `app`, which is indented by four."""
    return f"services:\n  app:\n    image: busybox\n{text}"


def lay_out(below: Path, text: str, *files: str) -> Path:
    """The compose file in a directory of its own, and beside it files and, with a last slash, directories."""
    project = below / "project"
    for file in files:
        path = project / file
        (path if file.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not file.endswith("/"):
            path.write_text("")
    project.mkdir(exist_ok=True)
    compose = project / "compose.yaml"
    compose.write_bytes(text.encode())
    return compose


def check(compose: Path, **environment: str) -> Report:
    """The check, with no variables but these."""
    return check_compose(str(compose), HOME | environment)


def stack_of(compose: Path, **environment: str) -> Stack:
    """What the file says, read without a look at its sources."""
    builder = Builder(Text(str(compose), compose.read_text()))
    parser: Any = yaml.SafeLoader(builder.text.characters)
    while (event := parser.get_event()) is not None:
        builder.see(event)
    root = builder.documents[0]
    assert isinstance(root, Mapping)
    return read_stack(root, Where(builder.text, str(compose.parent), HOME | environment))


def rules(compose: Path) -> list[str]:
    """The ids of the findings, in their order."""
    return [finding.rule for finding in check(compose).findings]


def only(rule: str, report: Report) -> Diagnosis:
    """The one finding of a rule."""
    (finding,) = (one for one in report.findings if one.rule == rule)
    return finding


def accepted(compose: Path, **environment: str) -> str:
    """What the real Compose makes of the file, which it must accept."""
    command = compose_command()
    if command is None:
        missing("no Docker Compose (requirements/compose.txt)")
    done = subprocess.run(
        (*command, "--file", str(compose), "--profile", "*", "config"),
        capture_output=True,
        env={"PATH": os.environ["PATH"], **HOME, **environment},
        check=False,
    )
    assert done.returncode == 0, (compose.read_text(), done.stderr.decode())
    return done.stdout.decode()


def patched(compose: Path, patch: str, *tool: str) -> str:
    """The file after the patch, applied as the documentation says, and put back."""
    need(shutil.which(tool[0]), f"no {tool[0]}")
    old = compose.read_bytes()
    done = subprocess.run(tool, input=patch.encode(), cwd=compose.parent, capture_output=True, check=False)
    assert done.returncode == 0, (patch, done.stdout.decode(), done.stderr.decode())
    new = compose.read_bytes()
    compose.write_bytes(old)
    return new.decode()
