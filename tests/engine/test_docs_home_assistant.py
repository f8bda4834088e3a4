"""docs/home-assistant.md: its commands, as pasted, over containers that stand in for Home Assistant and the editor."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pytest

from tests.docs.blocks import blocks_of, text_matches
from tests.engine.container import Container
from tests.engine.stack import STOP_WITHIN_S, TOP, compose_command
from tests.support.needs import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.engine, pytest.mark.root]

PAGE: Final = TOP / "docs" / "home-assistant.md"
HERE: Final = Path(__file__).parent
#: All that is run here, in this order.
DIRECTORY: Final = ("check", "directory", "directory-up")
SHIM: Final = ("make", "shim", "shim-up")
SERVICE: Final = ("service", "integration", "integration-restart", "history", "diff", "restore")
SINGLE: Final = ("files",)
#: Of Compose, on everything of a project.
LABEL: Final = "com.docker.compose.project"
FILE: Final = "/config/automations.yaml"
OLD: Final = b"# by hand\n- id: old\n"
NEW: Final = "- id: new\n"
DIFFERENT: Final = 1  # diff(1)
#: What Home Assistant does (homeassistant/util/file.py).
SAVE: Final = """
import sys
from atomicwrites import AtomicWriter
with AtomicWriter(sys.argv[1], overwrite=True).open() as file:
    file.write(sys.argv[2])
"""
#: What comes first on the PATH.
STAND_INS: Final = {
    "sudo": 'exec "$@"\n',
    "docker": 'if [ "$1" = compose ]; then shift; exec {compose} "$@"; fi\nexec {docker} "$@"\n',
}


@dataclass
class Person:
    """Who has a terminal open in ``where`` and pastes blocks of the page. ``says``: what they write instead."""

    where: Path
    environment: dict[str, str]
    says: dict[str, str] = field(default_factory=dict[str, str])

    def paste(self, *names: str) -> None:
        """Each block, from the directory where the last one has ended; what it prints is what the page shows."""
        for name in names:
            (command,) = (block.text for block in BLOCKS if (block.language, block.name) == ("sh", name))
            shown = [block.text for block in BLOCKS if (block.language, block.name) == ("text", name)]
            left = self.where.with_name("left")
            status = DIFFERENT if name == "diff" else 0
            printed = self.run(f"trap 'pwd > {left}' EXIT\n{self.own(command)}", status)
            self.where = Path(left.read_text().strip())
            assert all(text_matches(self.own(each), printed) for each in shown), (name, printed)

    def own(self, text: str) -> str:
        """What of the page is different for everybody, as it is here."""
        for theirs, ours in self.says.items():
            text = text.replace(theirs, ours)
        return text

    def run(self, script: str, status: int = 0) -> str:
        """What these lines print; the shell stops at the first that does not end with 0, and ends with ``status``."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.where,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, (script, done.stdout, done.stderr)
        return done.stdout

    def container(self, service: str = "homeassistant") -> Container:
        """Of the project in this directory."""
        return Container(self.run(f"docker compose ps --quiet {service}").strip())


BLOCKS: Final = blocks_of(PAGE)


@pytest.fixture
def terminal(tmp_path: Path, base_image: str, request: pytest.FixtureRequest) -> Iterator[Callable[[Path], Person]]:
    """``terminal(where)``: somebody there, with `docker compose`; what they start is removed, and its volumes."""
    compose = compose_command()
    docker = shutil.which("docker")
    if compose is None or docker is None:
        missing("no Docker Compose (requirements/compose.txt)")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in STAND_INS.items():
        (programs / name).write_text("#!/bin/sh\n" + script.format(compose=" ".join(compose), docker=docker))
        (programs / name).chmod(0o755)
    project = f"confkeep-docs-{os.getpid()}-{request.node.name.replace('_', '-')}"
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "COMPOSE_PROJECT_NAME": project,
        "COMPOSE_ANSI": "never",
        "COMPOSE_PROGRESS": "quiet",
        "HA_IMAGE": base_image,
        "EDITOR_IMAGE": base_image,
    }
    people: list[Person] = []

    def make(where: Path) -> Person:
        people.append(Person(where, environment))
        return people[-1]

    yield make
    for person in people:
        person.run(f"docker compose down --remove-orphans --timeout={STOP_WITHIN_S}")
        volumes = f"docker volume ls --quiet --filter label={LABEL}={project}"  # also those that no file names any more
        person.run(f"{volumes} | xargs --no-run-if-empty docker volume rm")


@pytest.fixture
def complaining(tmp_path: Path, base_image: str, terminal: Callable[[Path], Person]) -> Person:
    """Somebody whose automations.yaml is mounted by itself, as the page shows it, and who has started that."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "automations.yaml").write_bytes(OLD)
    (home / "compose.yaml").write_text(yaml_of("before"))
    stand_in = f"{{image: '{base_image}', network_mode: none, init: true, command: [sleep, infinity]}}"
    (home / "compose.override.yaml").write_text(f"services: {{homeassistant: {stand_in}}}\n")
    person = terminal(home)
    person.run("docker compose up -d")
    person.container().exec("sh", "-c", "mkdir /config/.storage; echo 1 > /config/.storage/auth")
    return person


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What somebody gets who clones this tree, as far as it is used here."""
    made = tmp_path / "clone"
    made.mkdir()
    for name in ("Makefile", "LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(TOP / name, made)
    for name in ("docker", "docs", "requirements", "service"):
        shutil.copytree(TOP / name, made / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    return made


def yaml_of(name: str) -> str:
    """The block of that name."""
    (found,) = (block.text for block in BLOCKS if (block.language, block.name) == ("yaml", name))
    return found


def test_every_command_is_run() -> None:
    """The blocks of the page, in its order, are those of the tests below."""
    named = [block.name for block in BLOCKS if block.language == "sh"]
    assert sorted(named) == sorted((*DIRECTORY, *SHIM, *SERVICE, *SINGLE))


def test_mount_the_directory(complaining: Person) -> None:
    """Before, a rename fails; afterwards it works, and everything of /config is there, owners included."""
    assert complaining.container().python("plain_rename", FILE) == ["rename", "EBUSY"]
    complaining.paste("check", "directory")
    (complaining.where / "compose.yaml").write_text(yaml_of("after"))
    complaining.paste("directory-up")
    home = complaining.container()
    assert home.read(FILE) == OLD
    assert home.read("/config/.storage/auth") == b"1\n"
    assert home.python("plain_rename", FILE) == ["done", ""]


def test_the_shim(complaining: Person, clone: Path, terminal: Callable[[Path], Person]) -> None:
    """The zip is made, unpacked and active; a save like Home Assistant's arrives in the host's file, in its inode."""
    at_home = complaining.where
    source = at_home / "automations.yaml"
    inode = source.stat().st_ino
    complaining.where = clone
    complaining.paste("make")
    shutil.copy(clone / "dist" / "confkeep-shim.zip", at_home)
    complaining.where = at_home
    complaining.paste("shim")
    (at_home / "pythonpath.yaml").write_text(yaml_of("pythonpath"))
    complaining.environment["COMPOSE_FILE"] = "compose.yaml:compose.override.yaml:pythonpath.yaml"
    complaining.paste("shim-up")
    complaining.container().exec("python3", "-c", SAVE, FILE, NEW)
    assert (source.read_text(), source.stat().st_ino) == (NEW, inode)


@pytest.fixture
def served(clone: Path, tmp_path: Path, terminal: Callable[[Path], Person], keeper_image: str) -> Person:
    """Somebody in the clone, with a configuration elsewhere."""
    config = tmp_path / "config"
    shutil.copytree(TOP / "docker" / "example", config)
    (config / "automations.yaml").write_bytes(OLD)
    (config / "scripts.yaml").touch()
    shutil.copy(HERE / "home_assistant.yaml", clone / "docker" / "home-assistant" / "compose.override.yaml")
    person = terminal(clone)
    person.environment["CONFKEEP_IMAGE"] = keeper_image
    person.says["/srv/homeassistant/config"] = str(config)
    return person


def test_the_service(served: Person) -> None:
    """It starts, the integration is where Home Assistant looks for it, and an old version comes back."""
    served.paste("service", "integration", "integration-restart")
    home = served.container()
    assert home.exec("ls", "/config/custom_components/confkeep/manifest.json")
    old = revision(home)
    message = quote("Home Assistant: “Hall light” by Anna")
    home.python("ask", "PUT", f"/v1/files/config/automations.yaml?message={message}", NEW, "If-Match", "*")
    assert home.read(FILE) == NEW.encode()
    served.says |= {"    42": f"{revision(home):6}", "    41": f"{old:6}", " 41": f" {old}"}
    served.paste("history", "diff", "restore")
    assert home.read(FILE) == OLD


def revision(home: Container) -> int:
    """The newest of automations.yaml."""
    answer = home.python("ask", "GET", "/v1/history/config/automations.yaml")
    return int(json.loads(answer["body"])["revisions"][0]["id"])


def test_the_service_on_single_files(served: Person) -> None:
    """With the second file; Home Assistant waits for confkeep, and saves through it onto the mounted file."""
    served.where /= "docker/home-assistant"
    served.environment["CONFIG_DIR"] = served.says["/srv/homeassistant/config"]
    served.says["-f compose.files.yaml"] = "-f compose.files.yaml -f compose.override.yaml"
    served.paste("files")
    home = served.container()
    assert home.python("ask", "PUT", "/v1/files/config/automations.yaml", NEW, "If-Match", "*")["status"] == 200
    assert home.read(FILE) == NEW.encode()
