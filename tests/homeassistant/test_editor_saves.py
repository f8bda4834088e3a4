"""The editors of Home Assistant's pages save: as it is, on file binds (which is the complaint), and with the shim."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.homeassistant import shim
from tests.homeassistant.editing import AUTOMATION, KINDS, MODE, Edited, create_update_delete, until_seen
from tests.support.users import OTHER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.homeassistant.fixtures import Prepare, Start
    from tests.support.mounting import Mounts

every_kind = pytest.mark.parametrize("edited", KINDS, ids=[each.kind for each in KINDS])
EACH = 5


def bound(mounts: Mounts, config: Path, edited: Edited, *, read_only: bool = False) -> Path:
    """The file as compose binds it, ``./automations.yaml:/config/automations.yaml``: the one on the host."""
    inside = config / edited.file
    source = config.parent / "host" / edited.file
    source.parent.mkdir()
    source.write_bytes(inside.read_bytes())
    source.chmod(MODE)
    mounts.bind(source, inside, read_only=read_only)
    return source


def about(path: Path) -> tuple[int, int]:
    """Inode and permissions."""
    return path.stat().st_ino, path.stat().st_mode & 0o7777


@every_kind
def test_an_ordinary_file(start: Start, config: Path, edited: Edited) -> None:
    """Home Assistant alone: everything works, each save makes a new file, and its mode is 0644."""
    path = config / edited.file
    path.chmod(MODE)
    inode, _ = about(path)
    with path.open():  # or its number might be used again
        create_update_delete(start(config), edited, path)
        assert about(path)[0] != inode
    assert about(path)[1] == 0o644


@every_kind
def test_a_bound_file_without_confkeep(start: Start, config: Path, mounts: Mounts, edited: Edited) -> None:
    """The complaint: 500 for each of them, EBUSY in the log, and the file stays as it was."""
    text = yaml.safe_dump(edited.stored("Old"))
    (config / edited.file).write_text(text)
    source = bound(mounts, config, edited)
    before = about(source)
    home = start(config)
    for key in ("another", edited.key):
        assert home.owner.post(edited.kind, key, edited.called("New")).status == 500
    assert home.owner.delete(edited.kind, edited.key).status == 500
    log = (config / "home-assistant.log").read_text("utf-8")
    assert log.count(f"Saving file failed: {config / edited.file}") == 3
    assert log.count("[Errno 16] Device or resource busy") >= 3
    assert (source.read_text(), about(source)) == (text, before)


@every_kind
def test_a_bound_file_with_the_shim(start: Start, config: Path, mounts: Mounts, edited: Edited) -> None:
    """Everything works, in the file on the host, whose inode stays; its mode is what Home Assistant wants."""
    source = bound(mounts, config, edited)
    inode, _ = about(source)
    home = start(config, environ=shim.install(config))
    create_update_delete(home, edited, source)
    assert about(source) == (inode, 0o644)
    assert (config / edited.file).read_bytes() == source.read_bytes()
    assert (shim.has_saved(config), (config / ".confkeep").is_dir()) == (True, True)  # the second is its journal
    assert "busy" not in home.log()


def test_an_ordinary_file_with_the_shim(start: Start, config: Path) -> None:
    """In a directory that is mounted whole a save is still a new file in the place of the old one."""
    path = config / AUTOMATION.file
    inode, _ = about(path)
    names = set(os.listdir(config))
    with path.open():
        create_update_delete(start(config, environ=shim.install(config)), AUTOMATION, path)
        assert about(path)[0] != inode
    assert about(path)[1] == 0o644
    assert shim.has_saved(config)
    assert [name for name in set(os.listdir(config)) - names if name.startswith((".", "tmp"))] == []


def test_a_file_bound_read_only_with_the_shim(start: Start, config: Path, mounts: Mounts) -> None:
    """Still 500, but the log says why and what to do: a rename would have said "busy" here too."""
    source = bound(mounts, config, AUTOMATION, read_only=True)
    before = source.read_bytes(), about(source)
    home = start(config, environ=shim.install(config))
    assert home.owner.post("automation", AUTOMATION.key, AUTOMATION.called("New")).status == 500
    for words in (f"{config}/automations.yaml", "read-only mount", "drop ':ro'"):
        assert words in home.log()
    assert "busy" not in home.log()
    assert (source.read_bytes(), about(source)) == before


def test_two_people_at_once_with_the_shim(start: Start, config: Path, mounts: Mounts) -> None:
    """Different automations of the same file: none is lost."""
    source = bound(mounts, config, AUTOMATION)
    home = start(config, environ=shim.install(config))
    people = (home.owner, home.login())
    together = threading.Barrier(len(people), timeout=60)
    statuses: list[int] = []

    def save(number: int) -> None:
        for index in range(EACH):
            together.wait()
            name = f"{number}-{index}"
            statuses.append(people[number].post("automation", name, AUTOMATION.called(name)).status)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * EACH * len(people)
    wanted = {f"{number}-{index}" for number in range(len(people)) for index in range(EACH)}
    assert {each["id"] for each in yaml.safe_load(source.read_bytes())} == wanted
    until_seen(home, "automation", wanted)


def test_another_user_with_the_shim(
    start: Start, prepare: Prepare, public: Path, mounts: Mounts, open_python: Path
) -> None:
    """Without any capability: whoever owns the file saves it in place."""
    config = prepare(public / "config")
    source = bound(mounts, config, AUTOMATION)
    inode, _ = about(source)
    home = start(config, environ=shim.install(config), uid=OTHER, python=open_python)
    create_update_delete(home, AUTOMATION, source)
    assert about(source) == (inode, 0o644)
    assert (source.stat().st_uid, shim.has_saved(config)) == (OTHER, True)
