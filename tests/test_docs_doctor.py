"""docs/doctor: a page for each rule of the doctor, and what is shown there works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from confkeep.files.mounts import parse_mount
from confkeep.layout.compose import check_compose
from confkeep.layout.explain import Page, pages
from confkeep.layout.rules import RULES
from tests.docs.blocks import Block, blocks_of
from tests.engine.stack import compose_command
from tests.support.needs import need

if TYPE_CHECKING:
    from collections.abc import Mapping

TOP = Path(__file__).parents[1]
DOCS = TOP / "docs" / "doctor"
SECTIONS = ["What it is", "How to see it by hand", "Why it happens", "How to fix it"]
#: What every container has mounted, and nobody asked for.
DECOYS = TOP / "tests" / "fixtures" / "mount-layouts" / "10-overlay-layer-not-persistent" / "mountinfo.hostview"
#: What a compose file alone can tell.
STATIC = {
    "MNT001",
    "MNT006",
    "MNT008",
    "MNT009",
    "MNT010",
    "MNT012",
    "MNT013",
    "MNT015",
    "MNT017",
    "MNT018",
    "MNT025",
    "MNT026",
    "STA002",
}
every_page = pytest.mark.parametrize("page", pages().values(), ids=list(pages()))


def blocks(page: Page, language: str) -> list[Block]:
    """The blocks of a page in one language."""
    return [block for block in blocks_of(DOCS / f"{page.rule}.md") if block.language == language]


def prose(text: str) -> str:
    """A page without its blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def test_a_page_for_each_rule() -> None:
    """Exactly the rules that exist, with the names and severities that they have; the file has the rule's name."""
    said = {rule: (page.name, page.severity) for rule, page in pages().items()}
    assert said == {rule.id: (rule.name, rule.severity) for rule in RULES}
    assert {path.stem for path in DOCS.glob("*.md")} == {*pages(), "README"}
    assert all(page.text == (DOCS / f"{rule}.md").read_text("utf-8") for rule, page in pages().items())


def test_every_rule_that_the_code_names_has_a_page() -> None:
    """Whatever finding or refusal names a rule: `--explain` knows it."""
    sources = "".join(path.read_text("utf-8") for path in (TOP / "service" / "confkeep").rglob("*.py"))
    assert set(re.findall(r"\b(?:MNT|STA)0\d\d\b", sources)) <= pages().keys()


def test_index() -> None:
    """The table of the README has each page with its name and severity."""
    row = re.compile(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\S+) \| (.+) \|$", re.MULTILINE)
    rows = row.findall((DOCS / "README.md").read_text("utf-8"))
    expected: list[tuple[str, str, str, str]] = []
    for page in pages().values():
        severity = re.search(r"^Severity: (.+)$", page.text, re.MULTILINE)
        assert severity is not None
        expected.append((page.rule, page.rule, page.name, severity[1]))
    assert rows == expected


@every_page
def test_sections(page: Page) -> None:
    """What it is, how to see it, why, how to fix it: these, in this order, and none is empty."""
    assert re.findall(r"^#+ (.+)$", prose(page.text), re.MULTILINE) == [f"{page.rule} {page.name}", *SECTIONS]
    assert all(len(section.split()) > 10 for section in page.text.split("\n## ")[1:])


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_readable_in_a_terminal(path: Path) -> None:
    """No line of text is wider than 80 columns, and each link leads to another page."""
    text = prose(path.read_text("utf-8"))
    assert [line for line in text.splitlines() if len(line) > 80 and not line.startswith("|")] == []
    assert all((DOCS / target).is_file() for target in re.findall(r"\]\(([^)]+)\)", text))


@every_page
def test_commands(page: Page) -> None:
    """There are some, and the shell understands them."""
    commands = blocks(page, "sh")
    assert commands
    for block in commands:
        done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), block


def mount_lines(text: str) -> list[str]:
    """Those that mountinfo can have."""
    return re.findall(r"^\d+ \d+ \d+:\d+ .+ - .+$", text, re.MULTILINE)


def own(line: str) -> bool:
    """Whether the kernel or the engine mounts it everywhere."""
    return parse_mount(line).mount_point.startswith(("/dev", "/proc", "/sys"))


@pytest.mark.parametrize(
    "page", [page for page in pages().values() if mount_lines(page.text)], ids=lambda page: page.rule
)
def test_commands_show_these_lines(page: Page, tmp_path: Path) -> None:
    """In a mount table that has the lines which are shown, the command finds these and no others."""
    shown = mount_lines(page.text)
    decoys = [line for line in DECOYS.read_text("utf-8").splitlines() if parse_mount(line).mount_point != "/"]
    (tmp_path / "mountinfo").write_text("\n".join([*decoys, *shown]) + "\n", "utf-8")
    (command,) = (line for line in blocks(page, "sh")[0].text.splitlines() if line.endswith('/proc/$pid/mountinfo"'))
    script = f"pid=..{tmp_path}\n{command}"
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)
    assert [line for line in done.stdout.splitlines() if line in shown or not own(line)] == shown


@every_page
def test_before_and_after(page: Page) -> None:
    """Two compose files that are whole and differ, in the last section, each with its word."""
    fix = page.text.partition("\n## How to fix it\n")[2]
    assert re.findall(r"^(\w+):\n\n```yaml$", fix, re.MULTILINE) == ["Before", "After"]
    before, after = blocks(page, "yaml")
    assert yaml.safe_load(before.text) != yaml.safe_load(after.text)
    assert all(block.text.startswith("services:\n") for block in (before, after))


@every_page
def test_compose_takes_both(page: Page, tmp_path: Path) -> None:
    """The real Docker Compose accepts them."""
    command = compose_command()
    need(command, "no docker compose")
    assert command is not None
    for block in blocks(page, "yaml"):
        (tmp_path / "compose.yaml").write_text(block.text, "utf-8")
        done = subprocess.run(
            [*command, "config", "--quiet"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), block


def rules_in(block: Block, directory: Path, environment: Mapping[str, str]) -> set[str]:
    """What the static check finds in it."""
    path = directory / "compose.yaml"
    path.write_text(block.text, "utf-8")
    return {found.rule for found in check_compose(str(path), environment).findings}


@pytest.mark.parametrize("rule", sorted(STATIC))
def test_the_fix_fixes_it(rule: str, tmp_path: Path) -> None:
    """`--compose` finds the rule in the file before, and not in the file after."""
    for name in ("conf", "shared"):
        (tmp_path / name).mkdir()
    before, after = blocks(pages()[rule], "yaml")
    assert rule in rules_in(before, tmp_path, {})
    assert rule not in rules_in(after, tmp_path, {})


@pytest.mark.slow
def test_installed(tmp_path: Path) -> None:
    """A wheel, built from a copy of the tree, brings the pages along into an environment of its own."""
    copy, wheels, environment = tmp_path / "copy", tmp_path / "wheels", tmp_path / "environment"
    shutil.copytree(TOP / "service", copy / "service", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TOP / name, copy)
    venv.create(environment, with_pip=False)
    python = str(environment / "bin" / "python")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(copy))
    pip("--python", python, "install", "--no-index", "--no-deps", *map(str, wheels.glob("*.whl")))
    shutil.rmtree(copy)
    script = "from confkeep.layout import explain; print(explain.__file__, *(p.text for p in explain.pages().values()))"
    done = subprocess.run([python, "-I", "-c", script], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(environment))
    assert done.stdout.endswith(" ".join(page.text for page in pages().values()) + "\n")


def pip(*arguments: str) -> None:
    """``pip ARGUMENTS``; what it says on failure is in the error."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
