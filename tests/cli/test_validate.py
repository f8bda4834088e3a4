import os
import subprocess
import sys
from pathlib import Path

import pytest

from confkeep.cli.given import MOST
from tests.cli.command import Command
from tests.daemon.awkward import AWKWARD

#: No test here has a daemon: one that was asked for would be missed.
confkeep = Command({"CONFKEEP_HOST": "unix:///nowhere"})

VALID = {
    "a.yaml": "a: 1\n",
    "a.yml": "a: !secret x\n",
    "a.json": '{"a": 1}\n',
    "a.jsonc": '{"a": 1, // why\n}\n',
    "a.toml": "a = 1\n",
    "a.ini": "[a]\nb = 1\n",
    ".env": "A=1\n",
}
INVALID = {
    "a.yaml": "a: ]\n",
    "a.json": '{"a": }\n',
    "a.jsonc": '{"a" 1}\n',
    "a.toml": "a = \n",
    "a.ini": "[a\n",
    ".env": "=1\n",
}


def given(where: Path, files: dict[str, str]) -> list[str]:
    """Make these files; their names."""
    for name, text in files.items():
        (where / name).write_text(text, "utf-8")
    return list(files)


def test_valid(tmp_path: Path) -> None:
    """Each format by its name: nothing is said of them but their number."""
    done = confkeep("validate", *given(tmp_path, VALID), cwd=tmp_path)
    assert (done.code, done.text, done.errors) == (0, "7 files checked, 0 errors, 0 warnings\n", "")


@pytest.mark.parametrize("name", INVALID)
def test_invalid(name: str, tmp_path: Path) -> None:
    """Exit code 5, and a line that editors jump to: file, line, column, severity, message, code."""
    given(tmp_path, INVALID)
    done = confkeep("validate", name, cwd=tmp_path)
    assert done.code == 5
    file, line, column, severity, rest = done.text.splitlines()[0].split(":", 4)
    assert (file, severity) == (name, " error")
    assert int(line) >= 1
    assert int(column) >= 1
    assert rest.endswith("]")


def test_where(tmp_path: Path) -> None:
    """Lines and columns from one; a file with several mistakes has several lines."""
    given(tmp_path, {"a.yaml": "a: 1\nb: 2\na: 3\nb: 4\n"})
    done = confkeep("validate", "a.yaml", cwd=tmp_path)
    *found, summary = done.text.splitlines()
    assert [line.split(" error: ")[0] for line in found] == ["a.yaml:3:1:", "a.yaml:4:1:"]
    assert summary == "1 file checked, 2 errors, 0 warnings"


def test_warnings(tmp_path: Path) -> None:
    """A duplicate key is a warning to Home Assistant: valid, unless --strict counts them."""
    given(tmp_path, {"a.yaml": "a: 1\na: 2\n"})
    lenient = confkeep("validate", "a.yaml", "--dialect", "home-assistant", cwd=tmp_path)
    assert lenient.code == 0
    assert "a.yaml:2:1: warning: " in lenient.text
    assert "0 errors, 1 warning\n" in lenient.text
    assert confkeep("validate", "a.yaml", "--dialect", "home-assistant", "--strict", cwd=tmp_path).code == 5


def test_hints(tmp_path: Path) -> None:
    """What readers of YAML 1.1 and 1.2 take differently is told, and counts for nothing."""
    given(tmp_path, {"a.yaml": "a: yes\n"})
    done = confkeep("validate", "a.yaml", "--strict", cwd=tmp_path)
    assert done.code == 0
    assert "a.yaml:1:4: hint: " in done.text
    assert done.text.endswith(", 1 hint\n")


def test_format_that_is_said(tmp_path: Path) -> None:
    """--as counts more than the name, and is needed where the name says nothing."""
    given(tmp_path, {"a.conf": "[a]\nb = 1\n"})
    unknown = confkeep("validate", "a.conf", cwd=tmp_path)
    assert (unknown.code, "--as" in unknown.errors) == (2, True)
    assert confkeep("validate", "a.conf", "--as", "ini", cwd=tmp_path).code == 0
    assert confkeep("validate", "a.conf", "--as", "json", cwd=tmp_path).code == 5


def test_standard_input() -> None:
    """Its format by --name, which is what it is called, or by --as."""
    named = confkeep("validate", "-", "--name", "x.json", stdin=b"{")
    assert (named.code, named.text.startswith("x.json:1:")) == (5, True)
    assert confkeep("validate", "-", "--as", "yaml", stdin=b"a: 1\n").code == 0
    assert confkeep("validate", "-", stdin=b"a: 1\n").code == 2


def test_pipe() -> None:
    """A file need not be a regular one: a shell's <(…) is a pipe."""
    reading, writing = os.pipe()
    os.write(writing, b"a: ]\n")
    os.close(writing)
    with os.fdopen(reading):
        command = [sys.executable, "-m", "confkeep", "validate", "--as", "yaml", f"/dev/fd/{reading}"]
        done = subprocess.run(command, pass_fds=[reading], capture_output=True, check=False)
    assert done.returncode == 5


def test_files_that_cannot_be_checked(tmp_path: Path) -> None:
    """They are named, with the reason; the others are checked, and the exit code is not that of an invalid file."""
    given(tmp_path, {"a.yaml": "a: ]\n"})
    (tmp_path / "directory").mkdir()
    (tmp_path / "huge.yaml").write_bytes(b"#" * (MOST + 1))
    done = confkeep("validate", "none.yaml", "directory", "huge.yaml", "a.yaml", cwd=tmp_path)
    assert done.code == 2
    assert "none.yaml: No such file" in done.errors
    assert "directory is a directory" in done.errors
    assert "huge.yaml has more than" in done.errors
    assert "a.yaml:1:4: error" in done.text
    assert "1 file checked, 1 error, 0 warnings, 3 files not checked" in done.text


@pytest.mark.parametrize("data", AWKWARD.values(), ids=AWKWARD.keys())
def test_any_bytes(data: bytes, tmp_path: Path) -> None:
    """What is no text is invalid, and no mistake of the command."""
    (tmp_path / "a.yaml").write_bytes(data)
    assert confkeep("validate", "a.yaml", cwd=tmp_path).code in {0, 5}


@pytest.mark.parametrize("flags", [["--json"], ["--format", "json"]])
def test_json(flags: list[str], tmp_path: Path) -> None:
    """One document: diagnostics as the Language Server Protocol has them, from zero; errors of files among them."""
    given(tmp_path, {"a.yaml": "a: 1\nb: ]\n", "compose.yaml": "services: {}\n"})
    done = confkeep("validate", "a.yaml", "compose.yaml", "none.yaml", *flags, cwd=tmp_path)
    assert (done.code, done.errors) == (2, "")
    first, second, third = done.json["files"]
    assert (first["file"], first["format"], first["dialect"], first["valid"]) == ("a.yaml", "yaml", "generic", False)
    assert first["diagnostics"][0]["range"]["start"] == {"line": 1, "character": 3}
    assert (second["dialect"], second["valid"], second["diagnostics"]) == ("compose", True, [])
    assert (third["valid"], third["error"]["slug"]) == (None, "bad-path")
    assert done.json["valid"] is False


def test_sarif(tmp_path: Path) -> None:
    """SARIF 2.1.0: a result with its region and rule, a notification for what could not be checked."""
    given(tmp_path, {"a b.yaml": "a: 1\nb: ]\n"})
    done = confkeep("validate", "a b.yaml", "none.yaml", "--format", "sarif", cwd=tmp_path)
    assert (done.code, done.errors) == (2, "")
    (run,) = done.json["runs"]
    (result,) = run["results"]
    assert (result["level"], run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]) == ("error", result["ruleId"])
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b.yaml"
    assert (place["region"]["startLine"], place["region"]["startColumn"]) == (2, 4)
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "none.yaml" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_names_are_other_peoples(tmp_path: Path) -> None:
    """No control character of a name or a key reaches the terminal."""
    name = "a\x1b[31m.yaml"
    given(tmp_path, {name: '"\\e[1m": 1\n"\\e[1m": 2\n'})
    done = confkeep("validate", name, cwd=tmp_path)
    assert done.code == 5
    assert b"\x1b" not in done.out


@pytest.mark.parametrize("command", ["--help", "validate --help", "edit --help", "set --help", "merge --help"])
def test_parsers_are_imported_when_needed(command: str) -> None:
    """Whoever does not parse a document does not wait for its parser."""
    program = f"import sys; sys.argv[1:] = {command.split()}; from confkeep.cli import main\ntry: main()\nfinally: "
    program += "sys.exit(bool(sys.modules.keys() & {'yaml', 'tomlkit', 'http.client', 'confkeep.documents.check'}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["validate", "a.yaml"], 2),
        (["validate", "a.json"], 0),
        (["diff", "a.yaml", "b.yaml"], 1),
        (["diff", "a.yaml", "b.yaml", "--json"], 2),
        (["merge", "a.yaml", "b.yaml", "c.yaml"], 2),
    ],
)
def test_without_a_parser(arguments: list[str], code: int, tmp_path: Path) -> None:
    """Where only the core is installed, what needs PyYAML says how to get it, and the rest works."""
    given(tmp_path, {"a.yaml": "a: 1\n", "b.yaml": "a: 2\n", "c.yaml": "b: 1\n", "a.json": "{}\n"})
    program = f"import sys; sys.modules['yaml'] = None; from confkeep.cli import main; sys.exit(main({arguments!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code, done
    assert ("pip install 'confkeep[service]'" in done.stdout + done.stderr) is (code == 2)
