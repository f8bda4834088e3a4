"""docs/home-assistant.md: what it says is so. Its commands are run by tests/engine/test_docs_home_assistant.py."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from confkeep.layout.compose import check_compose
from tests.docs.blocks import blocks_of
from tests.engine.stack import compose_command
from tests.support.needs import need

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP: Final = Path(__file__).parents[1]
PAGE: Final = TOP / "docs" / "home-assistant.md"
TEXT: Final = PAGE.read_text("utf-8")
BLOCKS: Final = {block.name: block.text for block in blocks_of(PAGE) if block.language == "yaml"}
INTEGRATION: Final = TOP / "service" / "home_assistant" / "custom_components" / "confkeep"


@pytest.mark.parametrize("name", ["before", "after", "pythonpath"])
def test_compose_takes_what_is_shown(name: str, tmp_path: Path) -> None:
    """The real Docker Compose accepts it; the variable is added to what was there before."""
    command = compose_command()
    need(command, "no Docker Compose (requirements/compose.txt)")
    files: list[str] = []
    for each in dict.fromkeys(("before", name)) if name == "pythonpath" else (name,):
        (tmp_path / f"{each}.yaml").write_text(BLOCKS[each], "utf-8")
        files += ["--file", str(tmp_path / f"{each}.yaml")]
    done = subprocess.run([*(command or ()), *files, "config", "--quiet"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(("name", "rules"), [("before", {"MNT001", "MNT015"}), ("after", set[str]())])
def test_what_the_doctor_says_of_it(name: str, rules: set[str], tmp_path: Path) -> None:
    """The complaint is one of single files, and the way out has none."""
    (tmp_path / "automations.yaml").touch()
    (tmp_path / "config").mkdir()
    (tmp_path / "compose.yaml").write_text(BLOCKS[name], "utf-8")
    assert {finding.rule for finding in check_compose(str(tmp_path / "compose.yaml"), {}).findings} == rules


def test_settings_of_the_integration() -> None:
    """Every key that is shown is one, and the socket is the default."""
    (shown,) = yaml.safe_load(BLOCKS["options"]).values()
    options = set(
        re.findall(r'^CONF_\w+: Final = "(\w+)"$', (INTEGRATION / "settings.py").read_text("utf-8"), re.MULTILINE)
    )
    assert shown.keys() == options
    assert f'DEFAULT_SOCKET: Final = "{shown["socket"]}"' in (INTEGRATION / "const.py").read_text("utf-8")
    assert yaml.safe_load(BLOCKS["integration"]) == {"confkeep": None}


def test_the_logger_that_is_shown() -> None:
    """It has the integration's name."""
    assert yaml.safe_load(BLOCKS["logger"]) == {"logger": {"logs": {"custom_components.confkeep": "info"}}}


def test_the_action_that_is_shown() -> None:
    """The integration offers it with these fields."""
    action = yaml.safe_load(BLOCKS["action"])
    services: dict[str, Any] = yaml.safe_load((INTEGRATION / "services.yaml").read_text("utf-8"))
    domain, _, name = action["action"].partition(".")
    assert (domain, list(action["data"])) == ("confkeep", list(services[name]["fields"]))


def strings_of(path: Path) -> Iterator[str]:
    """Every text in a module or a translation, as a person would see it."""
    if path.suffix == ".json":
        texts: list[Any] = [json.loads(path.read_text("utf-8"))]
        while texts:
            text = texts.pop()
            if isinstance(text, dict):
                texts.extend(text.values())  # pyright: ignore[reportUnknownArgumentType]
            else:
                yield str(text)
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_messages_that_are_explained() -> None:
    """Each is one of the integration's, word for word, and none of its own is left out."""
    said = re.findall(r"^\| (?:Repairs: )?“(?:… )?([^”]+?)(?: …)?”", TEXT, re.MULTILINE)
    modules = [INTEGRATION / name for name in ("sentences.py", "refusals.py", "translations/en.json")]
    texts = "\n".join(text for path in modules for text in strings_of(path))
    texts = re.sub(r"\{\w+\}", "…", texts)
    assert len(said) == 9
    assert [words for words in said if words not in texts and words.removesuffix(": …") not in texts] == []
    issues = json.loads((INTEGRATION / "translations" / "en.json").read_text("utf-8"))["issues"]
    titles = {issue["title"] for name, issue in issues.items() if name != "finding"}
    assert titles <= set(said)


def test_the_line_in_the_log() -> None:
    """As the integration writes it."""
    text = "\n".join(strings_of(INTEGRATION / "__init__.py"))
    shown = re.search("“(automations.yaml is saved by .+?)”", TEXT)
    assert shown is not None
    assert "%s is saved by confkeep at %s as %s" in text
    words = r"(\S+) is saved by confkeep at (\S+) as (\S+)"
    assert re.fullmatch(words, shown[1]), shown[1]


def test_files_that_the_page_names_exist() -> None:
    """No link leads nowhere."""
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", TEXT)
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
