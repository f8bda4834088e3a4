"""What the drop-in does beyond 1.4.1: both routes, owner and mode kept or given, nothing left over."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.dropin.writing import descriptors, fail, mode_of, outcome, put, write
from tests.support.mounting import fill
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from tests.support.fixtures import AsUser, Small
    from tests.support.mounting import Mounts

ROUTES = ("plain", "hard link", "mounted", "mounted in a read-only directory")


@pytest.fixture(params=ROUTES)
def path(request: pytest.FixtureRequest, disk: Path, mounts: Mounts) -> Path:
    """A file with "old" in it, mode 0640, alone in its directory but for its other name; by each route."""
    directory, source = disk / "conf", disk / "source"
    directory.mkdir()
    source.write_text("old")
    source.chmod(0o640)
    path = directory / "a"
    match request.param:
        case "plain":
            source.rename(path)
        case "hard link":
            path.hardlink_to(source)
        case "mounted":
            mounts.bind(source, path)
        case _:
            path.touch()
            (disk / "outside").mkdir()
            mounts.bind(directory, disk / "outside", read_only=True)
            path = mounts.bind(source, disk / "outside" / "a")
    return path


def test_written(ours: ModuleType, path: Path) -> None:
    """Longer, shorter, empty; mode and owner are as before, and nothing lies beside it."""
    os.chown(path, STRANGER, OTHER)
    put(ours, path, "first")
    before = descriptors()
    for content in ("longer " * 1000, "short", ""):
        put(ours, path, content)
        assert path.read_text() == content
    found = path.stat()
    assert (mode_of(path), found.st_uid, found.st_gid) == (0o640, STRANGER, OTHER)
    assert os.listdir(path.parent) == ["a"]
    assert descriptors() == before


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o600, 0o640, 0o644, 0o666, 0o755, 0o4755, 0o2755])
def test_a_mode_that_the_caller_gives(ours: ModuleType, path: Path, mode: int) -> None:
    """It is the file's in the end, narrower or wider, setuid too."""
    put(ours, path, mode=mode)
    assert (path.read_text(), mode_of(path)) == ("new", mode)


@pytest.mark.parametrize(
    ("before", "mode", "after"), [(0o4755, None, 0o4755), (0o4755, 0o755, 0o755), (0o755, 0o4755, 0o4755)]
)
def test_setuid(ours: ModuleType, path: Path, before: int, mode: int | None, after: int) -> None:
    """It is kept, though writing takes it away; taken, if the caller takes it; given."""
    path.chmod(before)
    put(ours, path, mode=mode)
    assert (path.read_text(), mode_of(path)) == ("new", after)


def test_a_mode_that_is_given_last(ours: ModuleType, path: Path) -> None:
    """After the bytes, and the last of several counts."""
    with ours.atomic_write(path, overwrite=True) as file:
        os.fchmod(file.fileno(), 0o666)
        file.write("new")
        os.fchmod(file.fileno(), 0o604)
    assert mode_of(path) == 0o604


def test_a_mode_that_is_given_by_name(ours: ModuleType, path: Path) -> None:
    """By chmod or shutil.copymode of f.name: as good."""
    with ours.atomic_write(path, overwrite=True) as file:
        os.chmod(file.name, 0o604)
    assert mode_of(path) == 0o604
    path.with_name("a").chmod(0o640)
    with ours.atomic_write(path, overwrite=True) as file:
        shutil.copymode(path, file.name)
    assert mode_of(path) == 0o640


def test_an_exception_in_the_block(ours: ModuleType, path: Path) -> None:
    """Content and mode stay; no descriptor, no file."""
    put(ours, path, "old")
    before = descriptors()
    with pytest.raises(KeyError):
        write(
            ours,
            path,
            lambda file: file.write("new"),
            lambda file: file.flush(),
            lambda file: os.fchmod(file.fileno(), 0o666),
            lambda _: fail(KeyError()),
            overwrite=True,
        )
    assert (path.read_text(), mode_of(path)) == ("old", 0o640)
    assert os.listdir(path.parent) == ["a"]
    assert descriptors() == before


def test_without_overwrite(ours: ModuleType, path: Path) -> None:
    """FileExistsError by every route."""
    with pytest.raises(FileExistsError):
        put(ours, path, overwrite=False)
    assert path.read_text() == "old"
    assert os.listdir(path.parent) == ["a"]


@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
def test_kinds_of_paths(ours: ModuleType, path: Path, kind: Callable[[Path], Any]) -> None:
    """Text, bytes, objects; relative ones too."""
    put(ours, kind(path), "absolute")
    assert path.read_text() == "absolute"
    put(ours, kind(path.parent / ".." / path.parent.name / path.name), "with dots")
    assert path.read_text() == "with dots"


@pytest.mark.parametrize("what", ["text", "bytes", "unbuffered", "reading"])
def test_kinds_of_files(ours: ModuleType, path: Path, what: str) -> None:
    """Whatever open makes of it, the bytes arrive."""
    if what == "text":
        with ours.atomic_write(path, overwrite=True, encoding="utf-16-le", newline="\r\n") as file:
            file.write("ä\n")
        assert path.read_bytes() == "ä\r\n".encode("utf-16-le")
        return
    options: dict[str, Any] = {"mode": "w+b" if what == "reading" else "wb"}
    if what == "unbuffered":
        options["buffering"] = 0
    with ours.atomic_write(path, overwrite=True, **options) as file:
        file.write(b"0123456789")
        file.seek(4)
        file.truncate()
        if what == "reading":
            file.seek(0)
            assert file.read() == b"0123"
    assert path.read_bytes() == b"0123"


@pytest.mark.parametrize("mode", [0o666, 0o466, 0o660])
def test_a_file_of_another_user(ours: ModuleType, public: Path, as_user: AsUser, mode: int) -> None:
    """Who may write it, writes it: it stays the other's, and its mode that which it was."""
    public.chmod(0o777)
    path = public / "a"
    path.write_text("old")
    path.chmod(mode)
    os.chown(path, OTHER, STRANGER)
    groups = (STRANGER,)
    assert as_user(STRANGER, lambda: outcome(lambda: put(ours, path)), groups=groups) is None
    assert (path.read_text(), path.stat().st_uid, mode_of(path)) == ("new", OTHER, mode)


def test_a_mode_for_a_file_of_another_user(ours: ModuleType, public: Path, as_user: AsUser) -> None:
    """One that closes it to readers is refused before the first byte; one that only opens it is left out."""
    path = public / "a"
    path.write_text("old")
    path.chmod(0o666)
    assert as_user(STRANGER, lambda: outcome(lambda: put(ours, path, mode=0o600))) == "EPERM"
    assert (path.read_text(), mode_of(path)) == ("old", 0o666)
    assert as_user(STRANGER, lambda: outcome(lambda: put(ours, path, mode=0o644))) is None
    assert (path.read_text(), mode_of(path)) == ("new", 0o666)


def test_a_file_of_another_user_that_we_may_not_write(ours: ModuleType, public: Path, as_user: AsUser) -> None:
    """In a directory of ours it is replaced, as by a rename, and is ours then; its mode stays."""
    os.chown(public, STRANGER, STRANGER)
    path = public / "a"
    path.write_text("old")
    path.chmod(0o644)
    assert as_user(STRANGER, lambda: outcome(lambda: put(ours, path))) is None
    assert (path.read_text(), path.stat().st_uid, mode_of(path)) == ("new", STRANGER, 0o644)
    assert os.listdir(public) == ["a"]


@pytest.mark.parametrize("mode", [0o444, 0o400])
def test_a_mode_that_keeps_us_out(ours: ModuleType, public: Path, as_user: AsUser, mode: int) -> None:
    """Who owns file and directory replaces it all the same, and it stays so."""
    os.chown(public, STRANGER, STRANGER)
    path = public / "a"
    path.write_text("old")
    path.chmod(mode)
    os.chown(path, STRANGER, STRANGER)
    assert as_user(STRANGER, lambda: outcome(lambda: put(ours, path))) is None
    assert (path.read_text(), mode_of(path)) == ("new", mode)


def test_where_no_journal_can_be_kept(
    ours: ModuleType, public: Path, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save in place is done without one: the original had none either."""
    (public / "a").write_text("old")
    (public / "a").chmod(0o666)
    monkeypatch.setenv("CONFKEEP_STATE", str(public / "closed" / "state"))
    assert as_user(STRANGER, lambda: outcome(lambda: put(ours, public / "a"))) is None
    assert (public / "a").read_text() == "new"
    assert os.listdir(public) == ["a"]


def test_where_the_journal_s_disk_is_full(
    ours: ModuleType, disk: Path, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same: the disk of the file has room."""
    full = small("ext4", 16)
    fill(full)
    monkeypatch.setenv("CONFKEEP_STATE", str(full / "state"))
    (disk / "a").write_text("old")
    (disk / "b").hardlink_to(disk / "a")
    put(ours, disk / "a")
    assert (disk / "b").read_text() == "new"


def test_a_link_that_comes_between(ours: ModuleType, disk: Path) -> None:
    """A second name that the file gets in the block is kept: it is written in place instead."""
    path = disk / "conf" / "a"
    path.parent.mkdir()
    path.write_text("old")
    with ours.atomic_write(path, overwrite=True) as file:
        file.write("new")
        path.with_name("b").hardlink_to(path)
    assert path.with_name("b").read_text() == "new"
    assert sorted(os.listdir(path.parent)) == ["a", "b"]


def test_a_mount_that_comes_between(ours: ModuleType, disk: Path, mounts: Mounts) -> None:
    """Or goes: either way the file that is there in the end has the bytes."""
    path, source = disk / "conf" / "a", disk / "source"
    path.parent.mkdir()
    path.write_text("under")
    source.write_text("old")
    with ours.atomic_write(path, overwrite=True) as file:
        file.write("new")
        mounts.bind(source, path)
    assert source.read_text() == "new"
    with ours.atomic_write(path, overwrite=True) as file:
        file.write("newer")
        mounts.unmount(path)
    assert (path.read_text(), source.read_text()) == ("newer", "new")
    assert os.listdir(path.parent) == ["a"]
