"""The order of the steps decides what a power cut can find: flushed before it is named, removed after that."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from confkeep.files import syscalls
from tests.support.folders import NEW, OLD, building, publish, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.mounting import Mounts

SMALL = {"a.yaml": b"new a"}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is flushed (by its last name), exchanged, renamed, changed and removed, in that order."""
    seen: list[str] = []

    def watch(owner: Any, name: str, what: Callable[..., str]) -> None:  # noqa: ANN401 - a module
        real = getattr(owner, name)

        def watched(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the call
            result = real(*arguments, **named)
            seen.append(what(*arguments))
            return result

        monkeypatch.setattr(owner, name, watched)

    def flushed(fd: int) -> str:
        return f"fsync {Path(os.readlink(f'/proc/self/fd/{fd}')).name}".partition(".confkeep-")[0].strip()

    watch(os, "fsync", flushed)
    watch(syscalls, "syncfs", lambda *_: "syncfs")
    watch(syscalls, "rename_exchange", lambda *_: "exchange")
    watch(syscalls, "rename_noreplace", lambda *_: "rename")
    watch(os, "fchmod", lambda *_: "fchmod")
    for name in ("unlink", "rmdir"):
        watch(os, name, lambda *_: "remove")
    return seen


def without_repeats(steps: list[str]) -> list[str]:
    """Each run of equal steps once."""
    return [step for at, step in enumerate(steps) if at == 0 or steps[at - 1] != step]


def test_a_large_folder(disk: Path, steps: list[str]) -> None:
    """Flushed whole, with the mode it shall have; exchanged; its directory flushed; then the old one goes."""
    path = write(disk / "conf", OLD)
    publish(path, NEW)
    assert without_repeats(steps) == ["fchmod", "syncfs", "exchange", f"fsync {disk.name}", "remove"]


def test_a_small_folder(disk: Path, steps: list[str]) -> None:
    """The same, file by file."""
    path = write(disk / "conf", OLD)
    publish(path, SMALL)
    assert without_repeats(steps) == ["fchmod", "fsync", "fsync a.yaml", "exchange", f"fsync {disk.name}", "remove"]


def test_a_new_folder(disk: Path, steps: list[str]) -> None:
    """Nothing to remove."""
    publish(disk / "conf", NEW)
    assert steps == ["fchmod", "syncfs", "rename", f"fsync {disk.name}"]


def test_a_mounted_folder(disk: Path, mounts: Mounts, steps: list[str]) -> None:
    """All is flushed before the first entry is moved, and before the first old one is removed."""
    write(disk / "host", OLD)
    publish(mounts.bind(disk / "host", disk / "conf"), NEW)
    assert without_repeats(steps)[-6:] == ["rename", "exchange", "rename", "fsync", "fsync conf", "remove"]
    assert "syncfs" in steps[: steps.index("rename")]


def test_a_folder_that_changed_meanwhile(disk: Path, steps: list[str]) -> None:
    """What the new one takes from another old one is flushed as well."""
    path = write(disk / "conf", OLD)
    with building(path) as made:
        write(Path(made.path), NEW)
        syncfs = syscalls.syncfs

        def then_another_mode(fd: int) -> None:
            syncfs(fd)
            path.chmod(0o711)

        syscalls.syncfs = then_another_mode
        made.publish()
    assert path.stat().st_mode & 0o777 == 0o711
    assert without_repeats(steps)[-5:] == ["fchmod", "fsync", "exchange", f"fsync {disk.name}", "remove"]
