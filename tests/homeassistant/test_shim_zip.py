"""The zip of `make shim`: what is in it, and what it does with nothing but a Python. No Home Assistant is needed."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tomllib
import zipfile
from typing import TYPE_CHECKING, Any, Final

import pytest

from home_assistant.build import build
from tests.dropin.writing import TOP, mode_of
from tests.support.needs import need
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mounting import Mounts

#: Another user may not be able to reach the one of an environment.
PYTHON: Final = "/usr/bin/python3"
#: What Home Assistant's save of one file comes to, with what it logs.
SAVE: Final = """
import atomicwrites, sys
with atomicwrites.AtomicWriter(sys.argv[1], overwrite=True).open() as file:
    file.write(sys.argv[2])
print(atomicwrites.__file__)
"""
#: The same, killed when half of it is written in place.
KILLED: Final = """
import os, signal
write = os.pwrite

def half(fd, data, offset):
    write(fd, bytes(data)[: len(data) // 2], offset)
    os.kill(os.getpid(), signal.SIGKILL)

os.pwrite = half
"""
#: Three hundred of them, and as old as an hour.
MANY: Final = """
import atomicwrites, os, sqlite3, sys
for _ in range(300):
    with atomicwrites.AtomicWriter(sys.argv[1], mode="wb", overwrite=True).open() as file:
        file.write(os.urandom(30_000))
with sqlite3.connect(os.environ["CONFKEEP_STATE"] + "/history.db") as store:
    store.execute("UPDATE revisions SET time = time - 3600000")
store.close()
"""
IMPORT_ALL: Final = """
import importlib, json, os, sys
top = sys.argv[1]
without = {}
for directory, _, files in os.walk(top):
    for file in files:
        if file.endswith(".py"):
            name = os.path.relpath(os.path.join(directory, file), top)[:-3].replace("/", ".").removesuffix(".__init__")
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                without[name] = error.name
print(json.dumps(without))
"""


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip."""
    path = tmp_path_factory.mktemp("dist") / "made" / "confkeep-shim.zip"
    build(path)
    return path


def unpack(archive: Path, directory: Path) -> Path:
    """A configuration directory with the zip unpacked in it, as unzip does it: with the modes."""
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            os.chmod(opened.extract(member, directory), member.external_attr >> 16 & 0o7777)
    (directory / "configuration.yaml").write_text("")
    return directory


@pytest.fixture
def home(archive: Path, disk: Path) -> Path:
    """A configuration directory with the zip unpacked in it."""
    return unpack(archive, disk / "config")


def run(home: Path, program: str, *arguments: object, python: str = sys.executable, **options: Any) -> Any:  # noqa: ANN401 - as subprocess.run
    """Run ``program`` with the shim and no other package, as Home Assistant would in a container."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{home}/confkeep", **options.pop("environ", {})}
    command = [python, "-S", "-P", "-c", program, *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False, **options)


def save(home: Path, path: Path, data: str, **options: Any) -> str:
    """Save as Home Assistant does; it must succeed. What was logged."""
    done = run(home, SAVE, path, data, **options)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{home}/confkeep/atomicwrites/drop_in.py\n"
    assert path.read_text() == data
    said: str = done.stderr
    return said


def test_what_is_in_it(archive: Path) -> None:
    """The drop-in, the library below it, the integration, the licence and a page; no daemon, no byte code."""
    with zipfile.ZipFile(archive) as opened:
        names = set(opened.namelist())
        version = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["version"]
        assert f"confkeep {version} for Home Assistant" in opened.read("confkeep/README.txt").decode()
        assert opened.read("confkeep/LICENSE") == (TOP / "LICENSE").read_bytes()
    assert {name.split("/")[0] for name in names} == {"confkeep", "custom_components"}
    ours = {name.removeprefix("confkeep/").split("/")[0] for name in names if name.startswith("confkeep/")} - {""}
    assert ours == {"LICENSE", "README.txt", "atomicwrites", "confkeep"}
    rooms = {name.split("/")[2] for name in names if name.startswith("confkeep/confkeep/") and name.count("/") > 2}
    assert rooms == {"documents", "files", "history", "library"}
    assert {"confkeep/confkeep/history/schema.sql", "confkeep/confkeep/history/migrations/2.sql"} <= names
    assert {"custom_components/confkeep/manifest.json", "custom_components/confkeep/__init__.py"} <= names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_same_bytes_each_time(archive: Path, tmp_path: Path) -> None:
    """Sorted, without times, and with the modes that everybody can read it by."""
    build(tmp_path / "again.zip")
    assert archive.read_bytes() == (tmp_path / "again.zip").read_bytes()
    with zipfile.ZipFile(archive) as opened:
        members = opened.infolist()
    assert [member.filename for member in members] == sorted(member.filename for member in members)
    for member in members:
        mode = stat.S_IFDIR | 0o755 if member.is_dir() else stat.S_IFREG | 0o644
        assert (member.external_attr >> 16, member.date_time) == (mode, (1980, 1, 1, 0, 0, 0))


def test_make_shim(archive: Path, tmp_path: Path) -> None:
    """The target's command, with an interpreter that has nothing installed."""
    path = tmp_path / "made.zip"
    command = [sys.executable, "-S", "-B", "-m", "home_assistant.build", str(path)]
    done = subprocess.run(command, cwd=TOP / "service", capture_output=True, text=True, check=True)
    assert str(path) in done.stdout
    assert path.read_bytes() == archive.read_bytes()


def test_every_module_is_there_that_any_module_imports(home: Path) -> None:
    """With the standard library alone; what checks YAML needs PyYAML, which Home Assistant has."""
    done = run(home, IMPORT_ALL, home / "confkeep")
    assert done.returncode == 0, done.stderr
    without: dict[str, str] = json.loads(done.stdout)
    assert set(without.values()) == {"yaml"}
    assert all(name.startswith("confkeep.documents.yaml.") for name in without)


def test_an_ordinary_file(home: Path) -> None:
    """It is replaced, and leaves no journal behind."""
    path = home / "automations.yaml"
    path.write_text("[]\n")
    inode = path.stat().st_ino
    assert save(home, path, "- id: '1'\n") == ""
    assert path.stat().st_ino != inode
    assert not (home / ".confkeep").exists()


def test_a_mounted_file(home: Path, mounts: Mounts) -> None:
    """It is written in place, by way of a journal beside configuration.yaml."""
    source = home.parent / "automations.yaml"
    source.write_text("[]\n")
    source.chmod(0o640)
    inside = mounts.bind(source, home / "automations.yaml")
    assert save(home, inside, "- id: '1'\n") == ""
    assert (source.read_text(), mode_of(source)) == ("- id: '1'\n", 0o640)
    assert (home / ".confkeep" / "history.db").exists()


def test_a_journal_that_somebody_has_named(home: Path, mounts: Mounts, state: Path) -> None:
    """CONFKEEP_STATE counts."""
    (home.parent / "source").write_text("old")
    inside = mounts.bind(home.parent / "source", home / "automations.yaml")
    assert save(home, inside, "new", environ={"CONFKEEP_STATE": str(state)}) == ""
    assert (state / "history.db").exists()
    assert not (home / ".confkeep").exists()


def test_a_directory_that_is_not_home_assistants(home: Path, mounts: Mounts, disk: Path) -> None:
    """Nothing is made beside the folder; the journal is the user's, as the library has it."""
    (home / "configuration.yaml").unlink()
    (disk / "source").write_text("old")
    inside = mounts.bind(disk / "source", home / "automations.yaml")
    assert save(home, inside, "new", environ={"HOME": str(disk / "root")}) == ""
    assert (disk / "root" / ".local" / "state" / "confkeep" / "history.db").exists()
    assert not (home / ".confkeep").exists()


def test_a_crash_is_settled_before_home_assistant_reads_the_file(home: Path, mounts: Mounts) -> None:
    """The import is enough, and the container may be another one by then: nothing but its mounts is left."""
    source = home.parent / "source"
    source.write_text("old\n" * 100)
    inside = mounts.bind(source, home / "automations.yaml")
    new = "new, and longer\n" * 100
    assert run(home, KILLED + SAVE, inside, new).returncode == -9
    torn = source.read_text()
    assert torn not in {"old\n" * 100, new}
    done = run(home, "import atomicwrites")
    assert source.read_text() == new
    assert "a crash had interrupted a save" in done.stderr
    assert str(inside) in done.stderr
    assert run(home, "import atomicwrites").stderr == ""


def test_the_journal_stays_small(home: Path, mounts: Mounts) -> None:
    """A start takes old contents out of a large one; the last are kept, and the next save works."""
    (home.parent / "source").write_text("old")
    inside = mounts.bind(home.parent / "source", home / "automations.yaml")
    assert run(home, MANY, inside).returncode == 0
    journal = home / ".confkeep" / "history.db"
    before = journal.stat().st_size
    assert before > 4 << 20
    assert run(home, "import atomicwrites").stderr == ""
    assert journal.stat().st_size < before / 4
    assert save(home, inside, "new") == ""


def test_a_journal_that_cannot_be_settled(home: Path) -> None:
    """Home Assistant starts, and its log says why."""
    (home / ".confkeep").mkdir()
    (home / ".confkeep" / "history.db").mkdir()
    (home / ".confkeep" / "history.db-wal").write_text("")
    done = run(home, "import atomicwrites; print(atomicwrites.AtomicWriter)")
    assert done.returncode == 0, done.stderr
    assert "what a crash left open could not be settled" in done.stderr


def test_an_ordinary_user_without_a_home(archive: Path, public: Path, mounts: Mounts) -> None:
    """The shim mounted read-only, so that no byte code can be kept; the journal where the user may write."""
    need(shutil.which(PYTHON), f"no {PYTHON}")
    need(_is_new_enough(), f"{PYTHON} is before 3.11")
    home = unpack(archive, public / "config")
    (public / "source").write_text("old")
    inside = mounts.bind(public / "source", home / "automations.yaml")
    shutil.move(home / "confkeep", public / "shim")
    mounts.bind(public / "shim", home / "confkeep", read_only=True)
    for path in (home, public / "source"):
        os.chown(path, STRANGER, STRANGER)
    user: dict[str, Any] = {"python": PYTHON, "user": STRANGER, "group": STRANGER, "extra_groups": ()}
    assert save(home, inside, "new", **user) == ""
    assert (home / ".confkeep").stat().st_uid == STRANGER
    assert not list(home.rglob("__pycache__"))


@pytest.mark.parametrize(("state", "what"), [("tmpfs", "without a durable journal"), ("/proc/x", "without a journal")])
def test_no_journal_to_be_had(home: Path, mounts: Mounts, state: str, what: str) -> None:
    """It is saved all the same, and the log says what that save went without, why, and what to do."""
    (home.parent / "source").write_text("old")
    inside = mounts.bind(home.parent / "source", home / "automations.yaml")
    mounts.mount(home / "tmpfs", "-t", "tmpfs", "tmpfs")
    said = save(home, inside, "new", environ={"CONFKEEP_STATE": str(home / state)})
    for words in (str(inside), what, "set CONFKEEP_STATE to a directory on a disk"):
        assert words in said


def test_an_isolated_python(home: Path) -> None:
    """-I takes no notice of PYTHONPATH: the shim is not active."""
    program = "import importlib.util; print(importlib.util.find_spec('atomicwrites'))"
    command = [sys.executable, "-I", "-S", "-c", program]
    environment = {"PYTHONPATH": f"{home}/confkeep"}
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"


@pytest.mark.parametrize("there", [True, False])
def test_an_older_python(home: Path, tmp_path: Path, *, there: bool) -> None:
    """Home Assistant's own module is used, and the log says so; where there is none, the import fails as ever."""
    original = tmp_path / "site-packages" / "atomicwrites"
    original.mkdir(parents=True)
    if there:
        (original / "__init__.py").write_text("class AtomicWriter: pass")
    program = "import sys; sys.version_info = (3, 10, 13); sys.path.append(sys.argv[1]); import atomicwrites"
    done = run(home, f"{program}; print(atomicwrites.__file__)", tmp_path / "site-packages")
    if there:
        assert done.stdout == f"{original}/__init__.py\n"
        assert "confkeep is not active: it needs Python 3.11" in done.stderr
    else:
        assert "ImportError: confkeep's atomicwrites needs Python 3.11" in done.stderr


def _is_new_enough() -> bool:
    test = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([PYTHON, "-c", test], check=False).returncode == 0
