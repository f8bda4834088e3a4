"""What Compose manages, and where in its file a finding can be mended: MNT025, MNT026 and the line of the rest."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.cli import LABEL
from tests.engine.doctor.live import Live
from tests.engine.stack import compose_command
from tests.support.needs import missing

pytestmark = pytest.mark.root

COMPOSE = """\
services:
  app:
    image: {image}
    container_name: {name}
    labels: [{label}=container]
    network_mode: none
    init: true
    command: [sleep, infinity]
    volumes:
      - ./conf/a.yaml:/config/a.yaml
    configs:
      - {{source: given, target: /etc/given.yaml}}
      - {{source: inline, target: /etc/inline.yaml}}
    secrets: [token]
configs:
  given: {{file: ./given.yaml}}
  inline: {{content: "b: 2"}}
secrets:
  token: {{file: ./token}}
"""


class Stack:
    """One project; ``up`` makes its container anew."""

    def __init__(self, live: Live, command: tuple[str, ...]) -> None:
        self.live = live
        self.file = live.file("compose.yaml", COMPOSE.format(image=live.image, name=live.name("app"), label=LABEL))
        self._command = (*command, f"--project-name={live.name('project')}", f"--file={self.file}")

    def compose(self, *arguments: str) -> None:
        """Run Compose; it must succeed."""
        done = subprocess.run((*self._command, *arguments), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    def up(self) -> None:
        """What its user does after each change."""
        self.compose("up", "--detach", "--no-build", "--pull=never", "--force-recreate", "--timeout=0")

    def located(self) -> dict[tuple[str, str], int]:
        """The line of compose.yaml of each finding that has one."""
        findings: list[dict[str, Any]] = self.live.report()["findings"]
        ours = [finding for finding in findings if finding["container"] == self.live.name("app")]
        places = {(one["rule"], one["path"]): one["location"] for one in ours}
        assert {Path(place["file"]) for place in places.values() if place} <= {self.file}
        return {key: place["line"] for key, place in places.items() if place}


@pytest.fixture
def stack(live: Live) -> Iterator[Stack]:
    """The stack above, up."""
    command = compose_command()
    if command is None:
        missing("no docker compose")
    for name in ("conf/a.yaml", "given.yaml", "token"):
        live.file(name)
    made = Stack(live, command)
    made.up()
    yield made
    made.compose("down", "--timeout=0")


def test_configs_and_secrets(stack: Stack, live: Live) -> None:
    """Notes, and errors for what is to be saved; mounted as the user's own files they are not managed any more."""
    found = live.doctor()
    managed = {key for key in found.keys if key[1] == "MNT025"}
    assert managed == {("app", "MNT025", "/etc/given.yaml"), ("app", "MNT025", "/run/secrets/token")}
    for key in managed:
        assert found.findings[key]["severity"] == "note"
        assert found.findings[key]["evidence"] == live.line("app", key[2])
    asked = live.doctor("--container", live.name("app"), "--path", "/etc/given.yaml")
    assert asked.of("MNT025")["severity"] == "error"
    text = stack.file.read_text()
    stack.file.write_text(text.replace("      - {source: given, target: /etc/given.yaml}\n", ""))
    stack.up()
    assert {key for key in live.doctor().keys if key[1] == "MNT025"} == managed - {("app", "MNT025", "/etc/given.yaml")}


def test_inline_config(stack: Stack, live: Live) -> None:
    """What Compose copies into the container: MNT026 where it is named; kept in a file it is none."""
    named = ("--container", live.name("app"))
    key = ("app", "MNT026", "/etc/inline.yaml")
    assert key in live.doctor(*named).keys
    assert key not in live.doctor().keys
    assert len(live.doctor().why("MNT026")) == 1
    live.file("inline/inline.yaml")
    text = stack.file.read_text().replace("      - {source: inline, target: /etc/inline.yaml}\n", "")
    stack.file.write_text(text.replace("    configs:\n", "      - ./inline:/srv\n    configs:\n"))
    stack.up()
    assert key not in live.doctor(*named).keys


def test_line_and_patch(stack: Stack, live: Live) -> None:
    """The finding has the line of the file that made the container; its patch, applied, mends it."""
    line = COMPOSE.splitlines().index("      - ./conf/a.yaml:/config/a.yaml") + 1
    assert stack.located()["MNT001", "/config/a.yaml"] == line
    patch = live.doctor().findings["app", "MNT001", "/config/a.yaml"]["patch"]
    subprocess.run(["git", "apply", "-p0"], cwd=live.base, input=patch.encode(), check=True, capture_output=True)
    stack.up()
    assert ("app", "MNT001", "/config/a.yaml") not in live.doctor().keys
    assert "- ./conf:/config\n" in stack.file.read_text()
