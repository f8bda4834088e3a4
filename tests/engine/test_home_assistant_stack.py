"""docker/home-assistant: Home Assistant, confkeep and an editor, over the directory and over single files.

Sleeping containers stand in for Home Assistant and the editor; users, mounts, socket and capabilities are real.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pytest

from confkeep.layout.compose import check_compose
from tests.engine.stack import TOP, Stack, compose_command, stack
from tests.support.needs import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.engine.container import Container

pytestmark = [pytest.mark.engine, pytest.mark.root]

HERE: Final = Path(__file__).parent
DIRECTORY: Final = TOP / "docker" / "home-assistant" / "compose.yaml"
FILES: Final = DIRECTORY.with_name("compose.files.yaml")
VARIANTS: Final = {"directory": (DIRECTORY,), "files": (DIRECTORY, FILES)}
SINGLE: Final = ("configuration.yaml", "automations.yaml", "scripts.yaml", "scenes.yaml")
ROUTES: Final = {"directory": "replace", "files": "overwrite"}
#: A save keeps it, and a program that makes the file anew does not.
MODE: Final = 0o640
NEW: Final = '# by hand\n- id: "new"\n  alias: Hall light\n  triggers: []\n  actions: []\n'
SEEN_WITHIN_S: Final = 20
OTHER: Final = 1000
DEFAULT_CAPABILITIES: Final = 0x00000000A80425FB  # of the engine, where nothing is said


@dataclass(frozen=True, slots=True)
class Running:
    """One stack that is up."""

    stack: Stack
    variant: str

    def service(self, name: str) -> Container:
        """The container of a service."""
        return self.stack.container(name)

    def ask(self, method: str, target: str, *rest: str) -> dict[str, Any]:
        """What confkeep answers to Home Assistant."""
        answer: dict[str, Any] = self.service("homeassistant").python("ask", method, target, *rest)
        return answer

    def save(self, name: str, new: str) -> dict[str, Any]:
        """Save over what Home Assistant has just read."""
        etag = self.ask("GET", f"/v1/files/config/{name}")["etag"]
        answer = self.ask("PUT", f"/v1/files/config/{name}", new, "If-Match", etag)
        return {"status": answer["status"], **json.loads(answer["body"])}

    def revisions(self, name: str) -> list[dict[str, Any]]:
        """The recorded contents of a file, the newest first."""
        answer = self.ask("GET", f"/v1/history/config/{name}")
        revisions: list[dict[str, Any]] = json.loads(answer["body"]).get("revisions", [])
        return revisions

    def until_recorded(self, name: str, content: str) -> dict[str, Any]:
        """The newest revision, once it has this content."""
        give_up = time.monotonic() + SEEN_WITHIN_S
        while True:
            newest = next(iter(self.revisions(name)), None)
            if newest and self.ask("GET", f"/v1/revisions/{newest['id']}/content")["body"] == content:
                return newest
            assert time.monotonic() < give_up, newest
            time.sleep(0.1)


Up: TypeAlias = "Callable[..., Running]"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, base_image: str, keeper_image: str) -> Iterator[Up]:
    """``up(variant, prepare, *files)``: that stack over a configuration of root's, which ``prepare`` may change."""
    command = compose_command()
    if command is None:
        missing("no Docker Compose (requirements/compose.txt)")
    images = {"CONFKEEP_IMAGE": keeper_image, "HA_IMAGE": base_image, "EDITOR_IMAGE": base_image}
    with ExitStack() as stacks:

        def make(variant: str, prepare: Callable[[Path], None] = lambda _: None, *files: Path) -> Running:
            config = tmp_path_factory.mktemp("home-assistant") / "config"
            shutil.copytree(TOP / "docker" / "example", config)
            (config / "scripts.yaml").write_text("{}\n")
            (config / "automations.yaml").chmod(MODE)
            prepare(config)
            project = f"confkeep-test-{os.getpid()}-{config.parent.name}"
            every = (*VARIANTS[variant], HERE / "home_assistant.yaml", *files)
            return Running(stacks.enter_context(stack(project, command, config, images, every)), variant)

        yield make


@pytest.fixture(scope="module", params=list(VARIANTS))
def running(request: pytest.FixtureRequest, up: Up) -> Running:
    """Each variant, up."""
    return up(request.param)


def test_home_assistant_saves(running: Running) -> None:
    """Through the socket: everybody reads the new bytes, owner and mode stay, on a single file the inode too."""
    file = "/config/automations.yaml"
    home, editor = running.service("homeassistant"), running.service("editor")
    old, inode = home.read(file), home.inode(file)
    saved = running.save("automations.yaml", NEW)
    assert (saved["status"], saved["route"]["name"]) == (200, ROUTES[running.variant])
    assert all(saved["guarantees"][name] for name in ("reader_atomic", "crash_safe", "compare_and_swap"))
    assert home.read(file) == editor.read(file) == NEW.encode() != old
    assert home.exec("stat", "--format=%u:%g %a", file) == b"0:0 640\n"
    assert (home.inode(file) == inode) is (running.variant == "files")
    assert [revision["origin"] for revision in running.revisions("automations.yaml")] == ["api", "external"]


def test_what_the_editor_saves_is_recorded(running: Running) -> None:
    """By a rename where it can, otherwise in place: within seconds it is a revision, and Home Assistant reads it."""
    new = "- id: night\n  name: By the editor\n"
    script = {
        "directory": 'printf %s "$1" > /config/.new && mv /config/.new /config/scenes.yaml',
        "files": 'printf %s "$1" > /config/scenes.yaml',
    }
    running.service("editor").exec("sh", "-euc", script[running.variant], "sh", new)
    assert running.until_recorded("scenes.yaml", new)["origin"] == "external"
    assert running.service("homeassistant").read("/config/scenes.yaml") == new.encode()


def test_a_file_that_is_not_there_is_made(running: Running) -> None:
    """Also beside single files."""
    answer = running.ask("PUT", "/v1/files/config/groups.yaml", "{}\n", "If-None-Match", "*")
    assert answer["status"] == 201, answer
    assert running.service("editor").exec("stat", "--format=%u:%g", "/config/groups.yaml") == b"0:0\n"


def test_what_home_assistant_writes_for_itself_is_not_recorded(running: Running) -> None:
    """.storage and the database are in no history, while what people write at the same time is."""
    write = (
        "mkdir -p /config/.storage; echo 1 > /config/.storage/core.config; echo 1 > /config/home-assistant_v2.db;"
        "printf 'a: 1\n' > /config/people.yaml"
    )
    running.service("homeassistant").exec("sh", "-euc", write)
    running.until_recorded("people.yaml", "a: 1\n")
    assert [running.revisions(name) for name in (".storage/core.config", "home-assistant_v2.db")] == [[], []]


@pytest.mark.parametrize(("name", "is_shown"), [("secrets.yaml", False), (".storage/auth", False), ("a.yaml", True)])
def test_secrets_are_not_shown(running: Running, name: str, *, is_shown: bool) -> None:
    """No diff tells what is in them; of other files it does."""
    home = running.service("homeassistant")
    home.exec("sh", "-euc", f"mkdir -p /config/.storage; echo 'password: first' > /config/{name}")
    assert running.save(name, "password: second\n")["status"] == 200
    shown = running.ask("GET", f"/v1/diff/config/{name}")
    assert ("password" in shown["body"]) is is_shown, shown


def test_home_assistant_may_ask_the_doctor(running: Running) -> None:
    """It is uid 0, and so an admin; of the directory the doctor has nothing to say."""
    answer = running.ask("GET", "/v1/doctor")
    assert answer["status"] == 200, answer
    findings = [one for one in json.loads(answer["body"])["findings"] if one["severity"] in {"error", "warning"}]
    told = {(one["rule"], one["path"]) for one in findings}
    single = {(rule, f"/config/{name}") for rule in ("MNT001", "MNT015") for name in SINGLE}
    assert told == (single if running.variant == "files" else set())


def test_who_runs_as_whom(running: Running) -> None:
    """Root without a capability, but for Home Assistant, which has those that the engine gives to everybody."""
    for name, capabilities in (("confkeep", 0), ("editor", 0), ("homeassistant", DEFAULT_CAPABILITIES)):
        process = running.service(name).process()
        assert process["Uid"].split() == ["0"] * 4, name
        assert int(process["CapBnd"], 16) == capabilities, name
        assert process["NoNewPrivs"] == str(int(name != "homeassistant")), name


def test_the_socket_is_for_its_group(running: Running) -> None:
    """Home Assistant may not write beside it."""
    home = running.service("homeassistant")
    seen = home.exec("stat", "--format=%a %u:%g", "/run/confkeep", "/run/confkeep/confkeep.sock")
    assert seen.decode().splitlines() == ["2750 0:2000", "660 0:2000"]
    assert home.python("plain_rename", "/run/confkeep/confkeep.sock") == ["temporary", "EROFS"]


def of_another_owner(config: Path) -> None:
    """One file is another user's, as after an edit on the host."""
    os.chown(config / "automations.yaml", OTHER, OTHER)


def of_one_owner(config: Path) -> None:
    """All of it is one user's."""
    for path in (config, *config.iterdir()):
        os.chown(path, OTHER, OTHER)


@pytest.fixture
def override(tmp_path: Path) -> Callable[[str], Path]:
    """``override(yaml)``: a file that comes last."""

    def make(text: str) -> Path:
        path = tmp_path / "override.yaml"
        path.write_text(f"services: {{{text}}}\n")
        return path

    return make


def test_a_file_of_another_owner_is_refused(up: Up) -> None:
    """The answer says whose it is; the others are saved."""
    running = up("directory", of_another_owner)
    answer = running.ask("PUT", "/v1/files/config/automations.yaml", NEW, "If-Match", "*")
    problem = json.loads(answer["body"])
    assert (answer["status"], problem["slug"]) == (403, "no-permission")
    assert f"belongs to uid {OTHER}" in problem["detail"]
    assert running.save("scenes.yaml", "[]\n")["status"] == 200


@pytest.mark.parametrize("variant", list(VARIANTS))
def test_capabilities_for_files_of_several_owners(up: Up, override: Callable[[str], Path], variant: str) -> None:
    """Those that compose.yaml names in a comment: full guarantees, and the owner stays."""
    said = re.search(r"`(cap_add: \[[A-Z_, ]+\])`", DIRECTORY.read_text("utf-8"))
    assert said is not None
    running = up(variant, of_another_owner, override(f"confkeep: {{{said[1]}}}"))
    saved = running.save("automations.yaml", NEW)
    assert (saved["status"], saved["route"]["name"]) == (200, ROUTES[variant])
    assert all(saved["guarantees"][name] for name in ("reader_atomic", "crash_safe", "compare_and_swap"))
    seen = running.service("homeassistant").exec("stat", "--format=%u:%g %a", "/config/automations.yaml")
    assert seen.decode() == f"{OTHER}:{OTHER} 640\n"


def test_as_the_owner_of_all_files(up: Up, override: Callable[[str], Path]) -> None:
    """The other way that compose.yaml names: confkeep and the editor as that user; Home Assistant stays an admin."""
    owner = f'"{OTHER}:{OTHER}"'
    environment = f'{{STATE_OWNER: {owner}, SOCKET_OWNER: "{OTHER}:2000"}}'
    users = f"confkeep: {{user: {owner}}}, editor: {{user: {owner}}}, volumes-init: {{environment: {environment}}}"
    running = up("directory", of_one_owner, override(users))
    saved = running.save("automations.yaml", NEW)
    assert (saved["status"], saved["route"]["name"]) == (200, "replace")
    running.service("editor").exec("sh", "-euc", "echo 'a: 2' > /config/scenes.yaml")
    assert running.until_recorded("scenes.yaml", "a: 2\n")["origin"] == "external"
    assert running.ask("GET", "/v1/doctor")["status"] == 200


def told(file: Path, config: Path) -> set[tuple[str, str, str]]:
    """What `confkeep doctor --compose` says, less the notes that a mount is read-only, which is meant."""
    report = check_compose(str(file), {"CONFIG_DIR": str(config)})
    assert not report.skipped
    found = {(one.rule, one.container or "", one.path or "") for one in report.findings if one.rule != "MNT009"}
    assert all(one.severity == "note" for one in report.findings if one.rule == "MNT009")
    return found


def test_the_doctor_on_the_compose_files(tmp_path: Path) -> None:
    """Of the directory: that three may write it, which is so. Of single files also the price of each."""
    for name in SINGLE:
        (tmp_path / name).touch()
    assert told(DIRECTORY, tmp_path) == {("MNT017", "homeassistant", "/config")}
    services = ("confkeep", "homeassistant", "editor")
    price = {(rule, who, f"/config/{name}") for rule in ("MNT001", "MNT015") for who in services for name in SINGLE}
    shared = {("MNT017", "homeassistant", f"/config/{name}".rstrip("/")) for name in ("", *SINGLE)}
    assert told(FILES, tmp_path) == price | shared
