"""Where ours does on purpose what 1.4.1 does not: the one table of it, each line shown of both. See docs/library.md."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.dropin.writing import mode_of, outcome, put
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from tests.support.fixtures import AsUser
    from tests.support.mounting import Mounts


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a difference shows: ``path`` holds "old" unless its line says otherwise."""

    module: ModuleType
    path: Path
    mounts: Mounts
    as_user: AsUser

    @property
    def other(self) -> Path:
        """Another name in the same directory."""
        return self.path.with_name("other")

    def put(self, **options: Any) -> None:
        """Write "new"."""
        put(self.module, self.path, **options)

    def put_as_user(self) -> Any:  # noqa: ANN401 - how that went
        """The same as a user without capabilities."""
        return self.as_user(STRANGER, lambda: outcome(self.put))


def mode_of_a_replaced_file(scene: Scene) -> str:
    """The caller gives none."""
    scene.path.chmod(0o640)
    scene.put()
    return f"{mode_of(scene.path):04o}"


def owner_of_a_replaced_file(scene: Scene) -> tuple[int, int]:
    """We may give files away."""
    os.chown(scene.path, STRANGER, OTHER)
    scene.put()
    return scene.path.stat().st_uid, scene.path.stat().st_gid


def attributes_of_a_replaced_file(scene: Scene) -> list[str]:
    """Anything that setfattr(1) sets."""
    os.setxattr(scene.path, "user.note", b"keep me")
    scene.put()
    return os.listxattr(scene.path)


def link_to_a_file(scene: Scene) -> tuple[bool, str]:
    """Is it a link afterwards, and what holds the file it led to."""
    scene.path.rename(scene.other)
    scene.path.symlink_to(scene.other.name)
    scene.put()
    return scene.path.is_symlink(), scene.other.read_text()


def link_to_nothing(scene: Scene) -> tuple[bool, bool]:
    """Is it a link afterwards, and is there a file now where it led to."""
    scene.path.unlink()
    scene.path.symlink_to(scene.other.name)
    scene.put()
    return scene.path.is_symlink(), scene.other.exists()


def hard_links(scene: Scene) -> str:
    """What the other name holds."""
    scene.other.hardlink_to(scene.path)
    scene.put()
    return scene.other.read_text()


def what_is_no_file(scene: Scene) -> object:
    """A FIFO, that somebody reads from."""
    scene.path.unlink()
    os.mkfifo(scene.path)
    return outcome(scene.put)


def path_of_bytes(scene: Scene) -> object:
    """With bytes that are no UTF-8."""
    return outcome(lambda: put(scene.module, os.fsencode(scene.path) + b"\xff"))


def working_directory_that_changes(scene: Scene) -> bool:
    """In the block: is a relative path still the one that it was at its beginning."""
    (scene.path.parent / "below").mkdir()
    before = os.getcwd()
    os.chdir(scene.path.parent)
    try:
        with scene.module.atomic_write(scene.path.name, overwrite=True) as file:
            file.write("new")
            os.chdir("below")
    finally:
        os.chdir(before)
    return scene.path.read_text() == "new"


def what_a_mode_that_fails_leaves(scene: Scene) -> int:
    """``rw`` has a w in it, but is no mode of open: how many temporary files stay."""
    with pytest.raises(ValueError, match="mode"), scene.module.atomic_write(scene.path, mode="rw"):
        pass
    return len(os.listdir(scene.path.parent)) - 1


def temporary_file_that_is_removed(scene: Scene) -> object:
    """By a tidy neighbour, in the block."""

    def removing() -> None:
        with scene.module.atomic_write(scene.path, overwrite=True) as file:
            file.write("new")
            os.unlink(file.name)

    return outcome(removing) or scene.path.read_text()


def mounted_file(scene: Scene) -> object:
    """``-v ./a.yaml:/config/a.yaml``."""
    source = scene.path.parent.with_name("source")
    source.write_text("old")
    scene.mounts.bind(source, scene.path)
    return outcome(scene.put) or source.read_text()


def mounted_file_in_a_read_only_directory(scene: Scene) -> object:
    """The same where the directory around it is mounted ``:ro``."""
    source = scene.path.parent.with_name("source")
    source.write_text("old")
    scene.mounts.bind(scene.path.parent, scene.path.parent.with_name("inside"), read_only=True)
    inside = scene.path.parent.with_name("inside") / scene.path.name
    scene.mounts.bind(source, inside)
    return outcome(lambda: put(scene.module, inside)) or source.read_text()


def file_of_ours_in_a_closed_directory(scene: Scene) -> object:
    """We may write the file, but make none beside it."""
    os.chown(scene.path, STRANGER, STRANGER)
    scene.path.parent.chmod(0o755)
    return scene.put_as_user() or scene.path.read_text()


def mode_that_keeps_us_out(scene: Scene) -> tuple[Any, str, str]:
    """0400, of our own: it is replaced all the same, and stays so."""
    scene.path.chmod(0o400)
    os.chown(scene.path, STRANGER, STRANGER)
    return scene.put_as_user(), scene.path.read_text(), f"{mode_of(scene.path):04o}"


def file_of_ours_that_we_may_not_read(scene: Scene) -> tuple[Any, str]:
    """0200: what attributes it has cannot be seen, so that it could not keep them."""
    scene.path.chmod(0o200)
    os.chown(scene.path, STRANGER, STRANGER)
    return scene.put_as_user(), scene.path.read_text()


def file_of_another_that_we_may_write(scene: Scene) -> tuple[Any, str, int]:
    """Whose it is afterwards."""
    scene.path.chmod(0o666)
    return scene.put_as_user(), scene.path.read_text(), scene.path.stat().st_uid


#: What 1.4.1 does, and what ours does.
DIFFERENCES: dict[Callable[[Scene], Any], tuple[Any, Any]] = {
    mode_of_a_replaced_file: ("0600", "0640"),
    owner_of_a_replaced_file: ((0, 0), (STRANGER, OTHER)),
    attributes_of_a_replaced_file: ([], ["user.note"]),
    link_to_a_file: ((False, "old"), (True, "new")),
    link_to_nothing: ((False, False), (True, True)),
    hard_links: ("old", "new"),
    what_is_no_file: (None, "EINVAL"),
    path_of_bytes: (TypeError, None),
    working_directory_that_changes: (False, True),
    what_a_mode_that_fails_leaves: (1, 0),
    temporary_file_that_is_removed: ("ENOENT", "new"),
    mounted_file: ("EBUSY", "new"),
    mounted_file_in_a_read_only_directory: ("EROFS", "new"),
    file_of_ours_in_a_closed_directory: ("EACCES", "new"),
    mode_that_keeps_us_out: ((None, "new", "0600"), (None, "new", "0400")),
    file_of_ours_that_we_may_not_read: ((None, "new"), ("EACCES", "old")),
    file_of_another_that_we_may_write: ((None, "new", STRANGER), (None, "new", 0)),
}


@pytest.fixture
def scenes(original: ModuleType, ours: ModuleType, public: Path, mounts: Mounts, as_user: AsUser) -> list[Scene]:
    """The same for both, in places of their own."""
    made: list[Scene] = []
    for module in (original, ours):
        directory = public / module.__name__ / "conf"
        directory.mkdir(parents=True)
        directory.chmod(0o777)
        (directory / "a").write_text("old")
        made.append(Scene(module, directory / "a", mounts, as_user))
    return made


@pytest.mark.parametrize("does", DIFFERENCES)
def test_each_of_them(scenes: list[Scene], does: Callable[[Scene], Any]) -> None:
    """The original does the one, ours the other."""
    assert tuple(does(scene) for scene in scenes) == DIFFERENCES[does]
