"""What README.md and `make run` show works as pasted."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from confkeep.cli import parser
from confkeep.daemon.loading import load
from tests.daemon import client
from tests.daemon.running import PATIENCE
from tests.support.needs import need

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text("utf-8")
END = "Ctrl+C here stops the daemon.\n"


@pytest.fixture
def example(public: Path) -> Generator[tuple[Path, str]]:
    """A copy of this tree in which examples/run.py is running, and what it printed to be typed next."""
    need(shutil.which("curl"), "no curl")
    for name in ("examples", "docker/example"):
        shutil.copytree(TOP / name, public / name)
    (public / "var").mkdir()
    command = [sys.executable, "examples/run.py"]
    with subprocess.Popen(command, cwd=public, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            yield public, "".join(iter(process.stdout.readline, END)).partition("as it stands:\n")[2]
        finally:
            process.terminate()
            assert process.wait(30) == 0


def paste(lines: str, where: Path) -> str:
    """What a shell prints for these lines, each of which succeeds; `confkeep` is on its PATH."""
    commands = where / "bin"
    commands.mkdir(exist_ok=True)
    (commands / "confkeep").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m confkeep "$@"\n', "utf-8")
    (commands / "confkeep").chmod(0o755)
    environment = os.environ | {"PATH": f"{commands}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def wait_for_daemon(where: Path) -> None:
    """Wait until the example answers."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            assert client.ask(str(where / "var" / "confkeep.sock"), "GET", "/readyz").status == 200
        except (FileNotFoundError, ConnectionError):
            assert time.monotonic() < give_up
            time.sleep(0.01)
        else:
            return


def documents(text: str) -> list[dict[str, Any]]:
    """The JSON documents among the lines of ``text``."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def blocks(language: str) -> list[str]:
    """The code blocks of README.md in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_lines_of_make_run(example: tuple[Path, str]) -> None:
    """Both routes, a refusal, and the history, in the order in which they are printed."""
    where, lines = example
    wait_for_daemon(where)
    printed = paste(lines, where)
    first, second, refused, history = documents(printed)
    for saved, route in ((first, "replace"), (second, "overwrite")):
        assert (saved["changed"], saved["route"]["name"]) == (True, route)
    assert (refused["slug"], refused["line"]) == ("invalid-document", 2)
    assert len(history["revisions"]) == 2
    assert "# saved " in printed
    for name in ("homeassistant/scenes.yaml", "elsewhere/scenes.yaml"):
        assert "# saved " in (where / "var" / name).read_text("utf-8")


def test_commands_of_the_readme(example: tuple[Path, str]) -> None:
    """The save with curl and the command line, as they stand, against what `make run` starts."""
    where, _ = example
    wait_for_daemon(where)
    with_curl, with_commands = (block for block in blocks("sh") if "var/confkeep.sock" in block)
    (saved,) = documents(paste(with_curl, where))
    assert saved["changed"] is True
    edited = (where / "var" / "homeassistant" / "automations.yaml").read_text("utf-8")
    assert edited.endswith("# edited by hand\n")
    printed = paste(with_commands, where)
    assert "automations.yaml\n" in printed
    assert "from the shell" in printed or "unchanged" in printed


def test_every_other_command_of_the_readme_is_one() -> None:
    """Blocks that need another place than a test has: their targets, services and flags exist."""
    others = [line for block in blocks("sh") if "var/confkeep.sock" not in block for line in block.splitlines()]
    makefile = (TOP / "Makefile").read_text("utf-8")
    for line in others:
        words = line.split()
        match words:
            case ["make", target]:
                assert f"\n{target}: " in makefile
            case ["docker", "compose", *_]:
                assert "editor:" in (TOP / "compose.yaml").read_text("utf-8")  # tests/engine brings the stack up
            case ["confkeep", *arguments]:
                assert callable(parser().parse_args(arguments).run)
            case _:
                pytest.fail(f"nothing tests this line: {line}")


def test_settings_of_the_readme(tmp_path: Path) -> None:
    """The settings file is taken; each key has its default, and all of a root's are shown (docs/settings.md)."""
    (block,) = blocks("toml")
    (tmp_path / "confkeep.toml").write_text(block, "utf-8")
    shown = load(str(tmp_path / "confkeep.toml"))
    assert shown == load(roots=["homeassistant=/config"])
    assert tomllib.loads(block).keys() < set(shown.__struct_fields__)
    assert tomllib.loads(block)["roots"]["homeassistant"].keys() == set(shown.roots["homeassistant"].__struct_fields__)


def test_answer_of_the_readme() -> None:
    """The answer that is shown has members that answers have."""
    from confkeep.daemon.answers import SaveAnswer

    (block,) = blocks("json")
    assert set(json.loads(block)) < set(SaveAnswer.__struct_fields__)


def test_files_that_the_readme_names_exist() -> None:
    """No link leads nowhere."""
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (TOP / link).exists()] == []
