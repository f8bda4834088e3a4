"""docs/api.md: every block works as pasted, in its order, and prints what the page shows."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from confkeep.daemon.events import EventType
from confkeep.daemon.loading import load
from confkeep.daemon.openapi.document import build
from confkeep.daemon.openapi.problems import LIBRARY_ONLY, PROBLEMS
from tests.daemon.fixtures import serve
from tests.daemon.streams import listening
from tests.docs.blocks import Block, blocks_of, json_matches
from tests.docs.reader import Reader
from tests.engine.stack import compose_command
from tests.support.needs import need
from tests.test_examples import example, wait_for_daemon

if TYPE_CHECKING:
    from tests.daemon.fixtures import Serve
    from tests.support.mounting import Mounts

__all__ = ["example", "serve"]

TOP: Final = Path(__file__).parents[1]
PAGE: Final = TOP / "docs" / "api.md"
BLOCKS: Final = blocks_of(PAGE)
TEXT: Final = PAGE.read_text("utf-8")
#: Named blocks that no terminal prints: a test of their own has them.
ELSEWHERE: Final = {"read-only", "settings", "compose"}


def test_every_block(example: tuple[Path, str]) -> None:
    """From the top to the end, by curl, Node and Python; nothing is printed that is not shown."""
    for tool in ("curl", "node", "diff"):
        need(shutil.which(tool), f"no {tool}")
    where, _ = example
    wait_for_daemon(where)
    with ExitStack() as stack:
        reader = Reader(where, stack, f"{where}/var/confkeep.sock")
        for block in BLOCKS:
            if block.name not in ELSEWHERE:
                reader.read(block)
        reader.is_done()


def test_each_block_has_a_test() -> None:
    """Those that are not run have one below; every step is shown in three languages."""
    named = {block.name for block in BLOCKS if block.language not in {"sh", "js", "python"}}
    assert named >= ELSEWHERE
    steps = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    for number in range(1, 6):
        (step,) = (text for text in steps if text.startswith(f"{number}. "))
        for language in ("sh", "js", "python"):
            assert f"\n```{language}" in step, (number, language)


def test_the_refusal_that_is_shown(mounts: Mounts, serve: Serve, disk: Path) -> None:
    """A file on a read-only mount, as the verdict tells it."""
    root, source = disk / "config", disk / "source.yaml"
    root.mkdir()
    source.write_bytes(b"a: 1\n")
    (root / "scenes.yaml").touch()
    mounts.bind(source, root / "scenes.yaml", read_only=True)
    answer = serve("--root", f"homeassistant={root}").ask("GET", "/v1/stat/homeassistant/scenes.yaml")
    assert json_matches(named("read-only").text, answer.body.decode())


def test_the_settings_that_are_shown(tmp_path: Path) -> None:
    """They are taken."""
    path = tmp_path / "confkeep.toml"
    path.write_text(named("settings").text, "utf-8")
    assert load(str(path)).access.readers.uids == (1500,)


def test_the_stack_that_is_shown(tmp_path: Path) -> None:
    """Compose takes it; the editor gets the directory of the socket, and the group."""
    stack: dict[str, Any] = yaml.safe_load(named("compose").text)
    editor = stack["services"]["editor"]
    assert editor["group_add"] == ["2000"]
    (volume,) = editor["volumes"]
    assert volume["target"] == "/run/confkeep"
    command = compose_command()
    need(command, "no Docker Compose (requirements/compose.txt)")
    path = tmp_path / "compose.yaml"
    path.write_text(named("compose").text, "utf-8")
    check = [*(command or ()), "--file", str(path), "config", "--quiet"]
    done = subprocess.run(check, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_each_endpoint_is_in_the_table() -> None:
    """Neither more nor fewer than the OpenAPI document has."""
    rows = re.findall(r"^\| `((?:[A-Z]+, )*[A-Z]+) (/\S*?)`", TEXT, re.MULTILINE)
    said = {(method.lower(), path) for methods, path in rows for method in methods.split(", ")}
    assert said == {(method, path) for path, item in build()["paths"].items() for method in item if method != "head"}


def test_each_problem_is_explained() -> None:
    """Those that an answer can be, and what an editor does about each."""
    said = [slug for row in rows_of("Problems") for slug in re.findall("`([a-z-]+)`", row[0])]
    assert sorted(said) == sorted(PROBLEMS.keys() - LIBRARY_ONLY)


def test_each_event_is_in_the_table() -> None:
    """And `reset`, which is of the stream and not of a file."""
    assert {kind for row in rows_of("Events") for kind in re.findall("`([a-z.]+)`", row[0])} == {*EventType, "reset"}


def test_members_of_events(serve: Serve, disk: Path) -> None:
    """Exactly those that the table says."""
    (disk / "config" / "folder").mkdir(parents=True)
    daemon = serve("--root", f"ha={disk}/config")
    with listening(daemon) as stream:
        daemon.put("ha/a.yaml", b"a: 1\n", if_none_match="*")
        daemon.ask("DELETE", "/v1/files/ha/a.yaml", None, {"If-Match": "*"})
        daemon.put("ha/folder", b"a: 1\n")
        told = dict(stream.next() for _ in range(3))
    said = {row[0].strip("`"): set(re.findall("`([a-z_]+)`", row[1])) for row in rows_of("Events")}
    assert {kind: set(members) for kind, members in told.items()} == {kind: said[kind] for kind in told}
    assert told.keys() == {"file.changed", "file.removed", "save.failed"}


def test_files_that_the_page_names_exist() -> None:
    """No link leads nowhere."""
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", TEXT)
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []


def named(name: str) -> Block:
    """The block of that name."""
    (found,) = (block for block in BLOCKS if block.name == name)
    return found


def rows_of(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without the head."""
    _, _, section = TEXT.partition(f"\n## {heading}\n")
    assert section, heading
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[2:]]
