"""What others do to files becomes revisions, and is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from confkeep.etag import etag_of
from confkeep.expect import ABSENT, ANYTHING
from confkeep.files.root import CONFIGURATION, Root
from confkeep.history.revisions import Origin
from confkeep.keeper import Request
from confkeep.watch.tree import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confkeep.keeper import Keeper
    from confkeep.saved import Saved
    from tests.watch.conftest import Watch


def contents(keeper: Keeper, root: Root, relative: str) -> list[bytes | None]:
    """All recorded contents of a file, oldest first; None is a removal."""
    found = keeper.history(root, relative, 100)
    return [None if each.etag is None else keeper.revision(each.id)[2] for each in reversed(found)]


def save(keeper: Keeper, root: Root, relative: str, data: bytes) -> Saved:
    """By confkeep itself."""
    expect = ANYTHING if os.path.lexists(os.path.join(root.path, relative)) else ABSENT
    return keeper.save(root, relative, Request(data, expect))


def renamed_over(path: Path, data: bytes) -> None:
    """As most editors save."""
    beside = path.with_name(path.name + ".new~")
    beside.write_bytes(data)
    beside.rename(path)


def moved_away_first(path: Path, data: bytes) -> None:
    """As vim saves."""
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    path.write_bytes(data)
    backup.unlink()


def in_two_steps(path: Path, data: bytes) -> None:
    """A first half, later the rest."""
    with path.open("wb", buffering=0) as file:
        file.write(data[:2])
        os.fsync(file.fileno())
        file.write(data[2:])


def in_place(path: Path, data: bytes) -> None:
    """As a shell's ``>`` does."""
    path.write_bytes(data)


WRITERS = [in_place, renamed_over, moved_away_first, in_two_steps]


@pytest.mark.parametrize("write", WRITERS, ids=["in place", "rename", "vim", "two steps"])
def test_a_change(write: Callable[[Path, bytes], None], keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """One event, one revision, however it was written; the content before is in the history too."""
    (config / "a.yaml").write_bytes(b"a: 1\n")
    heard = watch(root)
    write(config / "a.yaml", b"a: 2\n")
    change = heard.content("a.yaml", b"a: 2\n")
    heard.nothing_more()
    assert (change.root, change.size, change.created) == ("ha", 5, False)
    assert contents(keeper, root, "a.yaml") == [b"a: 1\n", b"a: 2\n"]
    newest = keeper.history(root, "a.yaml", 1)[0]
    assert (newest.id, newest.origin, newest.uid) == (change.revision, Origin.EXTERNAL, None)


def test_the_first_sight_is_recorded_and_not_told(keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """What was there before can be had back later; nobody has changed it."""
    (config / "a.yaml").write_bytes(b"a: 1\n")
    heard = watch(root)
    assert contents(keeper, root, "a.yaml") == [b"a: 1\n"]
    heard.nothing_more()


def test_what_happened_meanwhile(keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """Changed and removed while nobody watched: both are found at the start."""
    for name in ("a.yaml", "b.yaml"):
        save(keeper, root, name, b"1\n")
    (config / "a.yaml").write_bytes(b"2\n")
    (config / "b.yaml").unlink()
    heard = watch(root)
    told = {change.relative: change.etag for change in (heard.change(), heard.change())}
    assert told == {"a.yaml": etag_of(b"2\n"), "b.yaml": None}
    assert contents(keeper, root, "b.yaml") == [b"1\n", None]


def test_own_saves(keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """They are known by their content, on both routes, and not told a second time."""
    (config / "b.yaml").write_bytes(b"0\n")
    os.link(config / "b.yaml", config / "b.log")
    heard = watch(root)
    for number in range(20):
        save(keeper, root, "a.yaml", b"%d\n" % number)
        save(keeper, root, "b.yaml", b"%d\n" % number)
    heard.nothing_more()


def test_gone_and_back(keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """A file that was removed and made again keeps its history."""
    (config / "a.yaml").write_bytes(b"1\n")
    heard = watch(root)
    (config / "a.yaml").unlink()
    heard.content("a.yaml", None)
    (config / "a.yaml").write_bytes(b"1\n")
    assert heard.content("a.yaml", b"1\n").created
    assert contents(keeper, root, "a.yaml") == [b"1\n", None, b"1\n"]


def test_away_for_a_moment(root: Root, config: Path, watch: Watch) -> None:
    """Moved away and back at once: nothing has changed."""
    (config / "a.yaml").write_bytes(b"1\n")
    heard = watch(root)
    (config / "a.yaml").rename(config / "a.yaml~")
    (config / "a.yaml~").rename(config / "a.yaml")
    heard.nothing_more()


def test_directories(root: Root, config: Path, watch: Watch) -> None:
    """New ones with what is in them, at any depth; moved and removed ones."""
    heard = watch(root)
    (config / "x" / "y").mkdir(parents=True)
    (config / "x" / "y" / "a.yaml").write_bytes(b"1\n")
    heard.content("x/y/a.yaml", b"1\n")
    (config / "x" / "y" / "a.yaml").write_bytes(b"2\n")
    heard.content("x/y/a.yaml", b"2\n")
    (config / "x").rename(config / "z")
    heard.content("z/y/a.yaml", b"2\n")
    heard.content("x/y/a.yaml", None)
    (config / "z" / "y" / "a.yaml").write_bytes(b"3\n")
    heard.content("z/y/a.yaml", b"3\n")
    shutil.rmtree(config / "z")
    heard.content("z/y/a.yaml", None)
    heard.nothing_more()


def test_a_directory_that_comes_full(root: Root, config: Path, tmp_path: Path, watch: Watch) -> None:
    """Moved here with its files in it."""
    (tmp_path / "full" / "deep").mkdir(parents=True)
    (tmp_path / "full" / "deep" / "a.yaml").write_bytes(b"1\n")
    heard = watch(root)
    (tmp_path / "full").rename(config / "full")
    heard.content("full/deep/a.yaml", b"1\n")


def test_another_name_of_the_file(root: Root, config: Path, tmp_path: Path, watch: Watch) -> None:
    """Written by a hard link in a directory that nobody watches."""
    (config / "a.yaml").write_bytes(b"1\n")
    os.link(config / "a.yaml", tmp_path / "link-a")
    heard = watch(root)
    (tmp_path / "link-a").write_bytes(b"2\n")
    heard.content("a.yaml", b"2\n")
    heard.nothing_more()


def test_which_files(keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """Those called like configuration, and those with a history; not logs, databases, or what is in skipped places."""
    save(keeper, root, "known.log", b"1\n")
    (config / ".git").mkdir()
    heard = watch(root)
    for name in ("home.log", "home.db", ".git/a.yaml", "a.yaml.swp"):
        (config / name).write_bytes(b"2\n")
    (config / "known.log").write_bytes(b"2\n")
    (config / "b.json").write_bytes(b"{}\n")
    assert {heard.change().relative for _ in range(2)} == {"known.log", "b.json"}
    heard.nothing_more()
    save(keeper, root, "new.log", b"1\n")
    (config / "new.log").write_bytes(b"2\n")
    heard.content("new.log", b"2\n")
    assert ".git" in SKIPPED
    assert "*.yaml" in CONFIGURATION


def test_globs_of_the_root(root: Root, config: Path, watch: Watch) -> None:
    """They take the place of the usual ones."""
    heard = watch(replace(root, watch=("*.py", "scripts/*")))
    (config / "scripts").mkdir()
    for name in ("a.yaml", "a.py", "scripts/run"):
        (config / name).write_bytes(b"1\n")
    assert {heard.change().relative for _ in range(2)} == {"a.py", "scripts/run"}
    heard.nothing_more()


def test_nothing_is_watched(keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """Where the root says so: nothing is recorded either."""
    heard = watch(replace(root, watch=()))
    (config / "a.yaml").write_bytes(b"1\n")
    heard.nothing_more()
    assert contents(keeper, root, "a.yaml") == []


def test_a_single_file(config: Path, keeper: Keeper, watch: Watch) -> None:
    """Whatever its name; renamed over, removed, made again. Its neighbours are nobody's business."""
    (config / "app").write_bytes(b"1\n")
    root = Root("one", str(config / "app"))
    heard = watch(root)
    (config / "app").write_bytes(b"2\n")
    heard.content("app", b"2\n")
    renamed_over(config / "app", b"3\n")
    heard.content("app", b"3\n")
    (config / "app").write_bytes(b"4\n")
    heard.content("app", b"4\n")
    (config / "app").unlink()
    heard.content("app", None)
    (config / "other.yaml").write_bytes(b"1\n")
    (config / "app").write_bytes(b"5\n")
    heard.content("app", b"5\n")
    heard.nothing_more()
    assert contents(keeper, root, "app") == [b"1\n", b"2\n", b"3\n", b"4\n", None, b"5\n"]


def test_a_root_that_is_not_there_yet(tmp_path: Path, watch: Watch) -> None:
    """It is watched from when it comes, and after it was replaced."""
    root = Root("late", str(tmp_path / "late"))
    heard = watch(root)
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "a.yaml").write_bytes(b"1\n")
    heard.content("a.yaml", b"1\n")
    (tmp_path / "late").rename(tmp_path / "old")
    heard.nothing_more()  # a disk that is not mounted is no removal of what is on it
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "b.yaml").write_bytes(b"1\n")
    heard.content("b.yaml", b"1\n")
    heard.content("a.yaml", None)
    (tmp_path / "old" / "a.yaml").write_bytes(b"2\n")
    heard.nothing_more()


def test_a_root_that_is_a_link(tmp_path: Path, watch: Watch) -> None:
    """A deployment that switches a link to another directory."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_bytes(name.encode())
    (tmp_path / "current").symlink_to("one")
    heard = watch(Root("ha", str(tmp_path / "current")))
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").rename(tmp_path / "current")
    heard.content("a.yaml", b"two")
    (tmp_path / "two" / "a.yaml").write_bytes(b"2\n")
    heard.content("a.yaml", b"2\n")


def test_two_roots_of_one_directory(config: Path, watch: Watch) -> None:
    """Both are told, each by its own address; the directory may be reached by two ways."""
    (config / "x").mkdir()
    heard = watch(Root("all", str(config)), Root("x", str(config / "x")), Root("one", str(config / "x" / "a.yaml")))
    (config / "x" / "a.yaml").write_bytes(b"1\n")
    told = {(change.root, change.relative) for change in (heard.change(), heard.change(), heard.change())}
    assert told == {("all", "x/a.yaml"), ("x", "a.yaml"), ("one", "a.yaml")}
    heard.nothing_more()


def test_a_link_to_a_file(root: Root, config: Path, watch: Watch) -> None:
    """Readers know the file by the link's name: that is told too, and when the link leads elsewhere."""
    (config / "one.yaml").write_bytes(b"1\n")
    (config / "two.yaml").write_bytes(b"2\n")
    (config / "a.yaml").symlink_to("one.yaml")
    heard = watch(root)
    (config / "one.yaml").write_bytes(b"3\n")
    told = {change.relative: change.etag for change in (heard.change(), heard.change())}
    assert told == {"one.yaml": etag_of(b"3\n"), "a.yaml": etag_of(b"3\n")}
    (config / "b").symlink_to("two.yaml")
    (config / "b").rename(config / "a.yaml")
    heard.content("a.yaml", b"2\n")
    heard.nothing_more()


def test_links_through_a_directory(root: Root, config: Path, watch: Watch) -> None:
    """As Kubernetes mounts a ConfigMap: ``..data`` is switched, and with it every file."""
    for name in ("..1", "..2"):
        (config / name).mkdir()
        (config / name / "a.yaml").write_bytes(name.encode())
    (config / "..data").symlink_to("..1")
    (config / "a.yaml").symlink_to("..data/a.yaml")
    heard = watch(root)
    (config / "..tmp").symlink_to("..2")
    (config / "..tmp").rename(config / "..data")
    heard.content("a.yaml", b"..2")


def test_a_link_that_leads_out(root: Root, config: Path, tmp_path: Path, watch: Watch) -> None:
    """It is none of ours."""
    (tmp_path / "outside.yaml").write_bytes(b"1\n")
    heard = watch(root)
    (config / "a.yaml").symlink_to(tmp_path / "outside.yaml")
    (tmp_path / "outside.yaml").write_bytes(b"2\n")
    heard.nothing_more()


def test_a_file_that_stays_open(root: Root, config: Path, watch: Watch) -> None:
    """A writer that never closes it: what it has written is found all the same."""
    with (config / "a.yaml").open("wb", buffering=0) as file:
        heard = watch(root)
        file.write(b"1\n")
        heard.content("a.yaml", b"1\n")


def test_a_file_that_never_rests(root: Root, config: Path, watch: Watch) -> None:
    """Somebody writes it all the time: it is looked at now and then, and at the end."""
    heard = watch(root)
    script = "i=0; while [ $i -lt 400 ]; do echo $i > a.yaml; i=$((i+1)); sleep 0.005; done"
    subprocess.run(["sh", "-c", script], cwd=config, check=True)
    seen = [heard.change()]
    while seen[-1].etag != etag_of(b"399\n"):
        seen.append(heard.change())
    assert 2 <= len(seen) <= 200
    heard.nothing_more()


def test_a_burst(keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """A thousand changes of 200 files: each file's last content is recorded and told."""
    heard = watch(root)
    for number in range(1_000):
        (config / f"{number % 200}.yaml").write_bytes(b"%d\n" % number)
    left = {f"{number % 200}.yaml": etag_of(b"%d\n" % number) for number in range(800, 1_000)}
    while left:
        change = heard.change()
        if left.get(change.relative) == change.etag:
            del left[change.relative]
    heard.nothing_more()
    for number in range(800, 1_000):
        assert contents(keeper, root, f"{number % 200}.yaml")[-1] == b"%d\n" % number


def test_many_files(keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """Ten thousand: what is remembered of them does not grow, and a change is still found."""
    for number in range(10_000):
        directory = config / str(number % 100)
        directory.mkdir(exist_ok=True)
        (directory / f"{number}.yaml").write_bytes(b"%d\n" % number)
    heard = watch(root)
    (config / "42" / "4242.yaml").write_bytes(b"changed\n")
    heard.content("42/4242.yaml", b"changed\n")
    heard.nothing_more()
    assert contents(keeper, root, "99/9999.yaml") == [b"9999\n"]


def test_a_save_is_never_taken_for_somebody_elses(keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """Saves one after the other of a watched file, in place: every lease is had at once, and nothing is told."""
    (config / "a.yaml").write_bytes(b"0\n")
    os.link(config / "a.yaml", config / "link.log")
    heard = watch(root)
    for number in range(300):
        saved = save(keeper, root, "a.yaml", b"%d\n" % number * 100)
        assert saved.guarantees.reader_atomic
    heard.nothing_more()
