from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.daemon.looking import tree
from tests.support.needs import need

#: Neither a daemon nor an engine is anywhere near.
doctor = partial(Command({"CONFKEEP_HOST": "unix:///nowhere", "DOCKER_HOST": "unix:///nowhere"}), "doctor")
TOP = Path(__file__).parents[2]
LAYOUTS = TOP / "tests" / "fixtures" / "mount-layouts"
STALE = LAYOUTS / "02-stale-after-host-rename" / "after"
COMPOSE = """\
services:
  app:
    image: example
    volumes:
      - ./conf/a.yaml:/config/a.yaml
  other:
    image: example
    volumes:
      - ./more/b.yaml:/etc/b.yaml:ro
"""


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    """A compose file with a warning about each of two services, and a note about one."""
    for name in ("conf/a.yaml", "more/b.yaml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE)
    return path


def rules(*arguments: str | Path) -> list[tuple[str, str]]:
    """Container and rule of each finding."""
    return [(found["container"], found["rule"]) for found in doctor(*arguments, "--json").json["findings"]]


class TestExplain:
    @pytest.mark.parametrize("rule", ["MNT001", "mnt001", "single-file-bind"])
    def test_page(self, rule: str) -> None:
        """The page as it is, by id or name; nothing is looked at."""
        done = doctor("--explain", rule)
        assert (done.code, done.errors) == (0, "")
        assert done.text == (TOP / "docs" / "doctor" / "MNT001.md").read_text("utf-8")

    def test_json(self) -> None:
        """The same as one document."""
        made = doctor("--explain", "MNT001", "--json").json
        assert (made["rule"], made["name"], made["severity"]) == ("MNT001", "single-file-bind", "warning")
        assert made["text"].startswith("# MNT001")

    @pytest.mark.parametrize("option", ["--explain", "--ignore"])
    def test_no_such_rule(self, option: str) -> None:
        """Exit code 2, and the rules that there are."""
        done = doctor(option, "MNT999")
        assert (done.code, done.out) == (2, b"")
        assert "MNT001, MNT002" in done.errors


class TestCompose:
    def test_table(self, compose: Path) -> None:
        """Findings with line and patch, for people; the file is not touched."""
        before = tree(compose.parent)
        done = doctor("--compose", "compose.yaml", cwd=compose.parent)
        assert tree(compose.parent) == before
        assert (done.code, done.errors) == (0, "")
        assert "warning: MNT001 single-file-bind\n  where   app:/config/a.yaml\n" in done.text
        assert "  file    compose.yaml:5\n" in done.text
        assert "+      - ./conf:/config\n" in done.text
        assert "  compose ok\n" in done.text

    @pytest.mark.parametrize("line_end", ["\n", "\r\n", "\t# a note\n"])
    def test_patch_applies(self, compose: Path, line_end: str) -> None:
        """What is printed can be handed to patch(1) as it is, and the finding is gone."""
        compose.write_text(COMPOSE.replace("\n", line_end), newline="")
        need(shutil.which("patch"), "no patch(1)")
        found = doctor("--compose", "compose.yaml", "--container", "app", cwd=compose.parent)
        subprocess.run(
            ["patch", "-p0", "--batch"], input=found.out, cwd=compose.parent, check=True, capture_output=True
        )
        assert ("app", "MNT001") not in rules("--compose", compose)

    def test_json(self, compose: Path) -> None:
        """`--format json` and `--json` are the same."""
        made = doctor("--compose", compose, "--format", "json").json
        assert made == doctor("--compose", compose, "--json").json
        assert made["sources"] == {"compose": "ok"}
        assert made["findings"][0]["location"] == {"file": str(compose), "line": 5}

    def test_sarif(self, compose: Path) -> None:
        """One SARIF document."""
        (run,) = doctor("--compose", compose, "--format", "sarif").json["runs"]
        assert run["results"][0]["ruleId"] == "MNT001"

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ([], 0),
            (["--fail-on", "error"], 0),
            (["--fail-on", "warning"], 1),
            (["--fail-on", "never"], 0),
            (["--fail-on", "warning", "--ignore", "MNT001"], 0),
            (["--fail-on", "warning", "--ignore", "single-file-bind"], 0),
            (["--fail-on", "warning", "--ignore", "MNT009"], 1),
            (["--fail-on", "warning", "--ignore", "MNT009", "--ignore", "MNT001"], 0),
        ],
    )
    def test_exit_code(self, compose: Path, options: list[str], code: int) -> None:
        """1 for what counts and is not ignored."""
        assert doctor("--compose", compose, *options).code == code

    def test_one_service(self, compose: Path) -> None:
        """Only what concerns the service, or the path, that was asked for."""
        assert set(rules("--compose", compose)) == {("app", "MNT001"), ("other", "MNT001"), ("other", "MNT009")}
        assert rules("--compose", compose, "--container", "app") == [("app", "MNT001")]
        assert rules("--compose", compose, "--path", "/config/a.yaml") == [("app", "MNT001")]
        assert rules("--compose", compose, "--path", "/config/b.yaml") == []
        assert len(rules("--compose", compose, "--path", "/config/a.yaml", "--path", "/etc/b.yaml")) == 3

    def test_control_characters(self, compose: Path) -> None:
        """What other people wrote cannot colour or move a terminal."""
        compose.write_text(COMPOSE.replace("./conf/a.yaml:/config/a.yaml", '"./conf/a.yaml:/config/\\e[31m.yaml"'))
        done = doctor("--compose", compose)
        assert "app:/config/\\x1b[31m.yaml\n" in done.text
        assert b"\x1b" not in done.out

    def test_service_that_no_finding_names(self, compose: Path) -> None:
        """A misspelt name is not taken for a service without findings."""
        assert doctor("--compose", compose, "--container", "app", "--json").json["skipped"] == []
        done = doctor("--compose", compose, "--container", "ap")
        assert done.code == 2
        assert "no service 'ap'" in done.errors
        assert "app" in done.errors

    @pytest.mark.parametrize("text", [None, "a: [", "a: &a [*a]"])
    @pytest.mark.parametrize("form", ["table", "json", "sarif"])
    def test_cannot_be_read(self, tmp_path: Path, form: str, text: str | None) -> None:
        """Exit code 3 in each format, with the name of the file and why."""
        path = tmp_path / "compose.yaml"
        if text is not None:
            path.write_text(text)
        done = doctor("--compose", path, "--format", form, "--fail-on", "never")
        assert done.code == 3
        assert "compose.yaml" in done.text
        assert form == "table" or json.loads(done.text)

    def test_without_pyyaml(self, compose: Path, tmp_path: Path) -> None:
        """Where only the core is installed: exit code 3, and what to install."""
        (tmp_path / "yaml.py").write_text("raise ModuleNotFoundError('yaml')")
        done = Command({"PYTHONPATH": str(tmp_path)})("doctor", "--compose", compose)
        assert done.code == 3
        assert "confkeep[service]" in done.text


class TestReplay:
    def test_findings(self) -> None:
        """What a captured layout has: exit code 1, with the evidence."""
        done = doctor("--replay", STALE, "--json")
        assert done.code == 1
        found = {finding["rule"]: finding for finding in done.json["findings"]}
        assert found.keys() == {"MNT001", "MNT002"}
        assert "//deleted" in found["MNT002"]["evidence"]

    def test_table_and_sarif(self) -> None:
        """The same for people and for code scanning."""
        assert "error: MNT002 stale-file-mount\n  where   lab-02:/config/a.yaml\n" in doctor("--replay", STALE).text
        (run,) = doctor("--replay", STALE, "--format", "sarif").json["runs"]
        assert [result["ruleId"] for result in run["results"]] == ["MNT002", "MNT001"]

    def test_what_was_not_looked_at(self) -> None:
        """A rule that lacks its evidence is listed, with the reason."""
        skipped = doctor("--replay", STALE, "--json").json["skipped"]
        assert "STA001" in {one["rule"] for one in skipped}
        assert all(one["reason"] for one in skipped)

    def test_ignore(self) -> None:
        """What is ignored is neither found nor skipped."""
        made = doctor("--replay", STALE, "--json", "--ignore", "MNT002", "--ignore", "STA001").json
        assert {found["rule"] for found in made["findings"]} == {"MNT001"}
        assert "STA001" not in {one["rule"] for one in made["skipped"]}

    def test_container(self) -> None:
        """One container by its name; one that is not there is wrong usage, and those that are there are named."""
        assert doctor("--replay", STALE, "--container", "lab-02").code == 1
        done = doctor("--replay", STALE, "--container", "lab-3")
        assert (done.code, done.out) == (2, b"")
        assert "lab-02" in done.errors

    def test_path(self) -> None:
        """A path that is to be saved turns the note about a read-only mount into an error."""
        layout = LAYOUTS / "08-readonly-binds"
        assert doctor("--replay", layout).code == 0
        assert doctor("--replay", layout, "--path", "/config/a.yaml").code == 1

    def test_no_capture(self, tmp_path: Path) -> None:
        """Any other folder is wrong usage, as lines or as JSON."""
        done = doctor("--replay", tmp_path)
        assert (done.code, done.out) == (2, b"")
        assert str(tmp_path) in done.errors
        assert doctor("--replay", tmp_path, "--format", "json").json["remedy"]


class TestLive:
    def test_without_an_engine(self) -> None:
        """Our own mounts are looked at; of the engine it says why not."""
        made = doctor("--json", "--fail-on", "never")
        assert made.code == 0
        assert made.json["sources"]["self"] == "ok"
        assert "/nowhere" in made.json["sources"]["api"]

    def test_capture(self, tmp_path: Path) -> None:
        """What is seen is stored in a new directory, which can be replayed: with the same sources, and nothing else."""
        made = doctor("--capture", tmp_path / "new", "--json").json
        assert made["captured"] == str(tmp_path / "new")
        assert sorted(made["files"]) == sorted(path.name for path in (tmp_path / "new").iterdir())
        replayed = doctor("--replay", tmp_path / "new", "--json", "--fail-on", "never")
        assert (replayed.code, replayed.json["sources"]) == (0, made["sources"])

    def test_capture_for_people(self, tmp_path: Path) -> None:
        """Where it is, and which sources it is from."""
        done = doctor("--capture", tmp_path / "new")
        assert (done.code, done.errors) == (0, "")
        assert done.text.startswith(f"{tmp_path}/new: ")
        assert "\n  self    ok\n" in done.text

    def test_capture_into_what_is_there(self, tmp_path: Path) -> None:
        """Wrong usage: nothing is overwritten, and a file is no directory."""
        (tmp_path / "file").touch()
        for place in (tmp_path, tmp_path / "file"):
            done = doctor("--capture", place)
            assert (done.code, done.out) == (2, b"")
            assert str(place) in done.errors
        assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_options_that_exclude_each_other(compose: Path) -> None:
    """One thing at a time: exit code 2."""
    assert doctor("--compose", compose, "--replay", STALE).code == 2


def test_state_directory_that_is_none(tmp_path: Path) -> None:
    """Wrong usage."""
    done = doctor("--state", tmp_path / "none")
    assert (done.code, done.out) == (2, b"")


def test_other_commands_do_not_pay_for_it() -> None:
    """The command line imports nothing of the doctor until it is asked for."""
    script = "import sys, confkeep.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert [name for name in done.stdout.split() if name.startswith(("confkeep.layout", "docker", "yaml"))] == []
