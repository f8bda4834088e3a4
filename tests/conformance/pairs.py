"""Pairs of identical files: one is saved, the other is written in place by the same user; then they are compared."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

from confkeep.errors import NoPermission
from confkeep.expect import ANYTHING
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
from tests.conformance.attributes import Attributes, attributes, write_in_place
from tests.support.saving import NEW, OLD
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.support.fixtures import AsUser

#: Who saves: the superuser, and somebody who has no capabilities and is in one group more than its own.
FRIENDS: Final = 54323
ACTORS: Final = {"root": (0, ()), "user": (STRANGER, (FRIENDS,))}


@dataclass(frozen=True, slots=True)
class Case:
    """``prepare`` gives a file its metadata, ``around`` its directory."""

    name: str
    prepare: Callable[[Path], object]
    around: Callable[[Path], object] | None = None
    umask: int = 0o022


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the two ways of writing did; ``code`` is None where both were refused."""

    code: str | None
    kept: bool
    notes: tuple[str, ...]


class Ground:
    """Pairs of identical files, each pair in a directory of its own, that ``uid`` writes in the two ways."""

    def __init__(self, directory: Path, state: Path, as_user: AsUser, actor: str) -> None:
        self.directory = directory
        self.state = state
        self.as_user = as_user
        self.uid, self.groups = ACTORS[actor]
        directory.chmod(0o755)
        state.mkdir()
        os.chown(state, self.uid, self.uid)

    def pair(self, case: Case) -> tuple[Path, Path]:
        """The file to be saved, and the one to be written in place."""
        directory = self.directory / case.name
        directory.mkdir()
        pair = directory / "saved.bin", directory / "reference.bin"
        if case.around is not None:
            for path in pair:
                path.write_bytes(OLD)
            case.around(directory)
        for path in pair:
            path.write_bytes(OLD)
            case.prepare(path)
        if directory.stat().st_uid == 0:
            os.chown(directory, self.uid, -1)
        return pair

    def write(self, cases: Iterable[Case]) -> dict[str, tuple[Attributes, Attributes, Attributes, Outcome]]:
        """What each file had before, has after the save, the reference has, and what the answer was."""
        table = {case: self.pair(case) for case in cases}
        before = {case: attributes(saved) for case, (saved, _) in table.items()}
        for case, (_, reference) in table.items():
            assert attributes(reference) == before[case]
        outcomes = self.as_user(self.uid, partial(_write_all, table, self.state), groups=self.groups)
        return {
            case.name: (before[case], attributes(saved), attributes(reference), outcome)
            for (case, (saved, reference)), outcome in zip(table.items(), outcomes, strict=True)
        }


def _write_all(table: dict[Case, tuple[Path, Path]], state: Path) -> list[Outcome]:
    with Keeper(state) as keeper:
        return [_write(keeper, case, *pair) for case, pair in table.items()]


def _write(keeper: Keeper, case: Case, saved: Path, reference: Path) -> Outcome:
    os.umask(case.umask)
    root = Root("config", os.fspath(saved.parent))
    try:
        answer = keeper.save(root, saved.name, Request(NEW, ANYTHING))
    except NoPermission:
        with pytest.raises(PermissionError):
            write_in_place(reference, NEW)
        return Outcome(None, kept=True, notes=())
    write_in_place(reference, NEW)
    assert saved.read_bytes() == reference.read_bytes() == NEW
    assert sorted(os.listdir(saved.parent)) == sorted([saved.name, reference.name])
    return Outcome(answer.route.code, answer.guarantees.metadata_kept, answer.notes)


def _same(before: Attributes, after: Attributes, reference: Attributes, outcome: Outcome) -> bool:
    """All was kept, or the answer says what was not, and then no more is missing than anybody's write takes away."""
    if outcome.kept:
        return after == before
    least, had, most = (int(each.mode, 8) for each in (reference, after, before))
    no_less = least | had == had and had | most == most  # setuid can come back where setgid cannot
    return no_less and after._replace(mode=reference.mode) == reference and after != before and outcome.notes != ()


def _taken_on_writing(before: Attributes) -> Attributes:
    """What the kernel leaves of ``before`` at least, when somebody without capabilities writes."""
    xattrs = {name: value for name, value in before.xattrs.items() if name != "security.capability"}
    return before._replace(mode=f"{int(before.mode, 8) & ~0o6000:04o}", xattrs=xattrs)


def check(ground: Ground, cases: Iterable[Case]) -> dict[str, Outcome]:
    """No case of the table loses anything unseen; what each of them answered."""
    table = ground.write(cases)
    assert {name: row for name, row in table.items() if not _same(*row)} == {}
    for before, _, reference, _ in table.values():
        assert _taken_on_writing(reference) == _taken_on_writing(before)
    return {name: outcome for name, (*_, outcome) in table.items()}
