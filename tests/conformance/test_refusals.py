"""Refusals: before the first byte, on every filesystem, with evidence and remedy; and none of them is remembered."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import NoPermission, Refused
from confkeep.expect import ABSENT, ANYTHING
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
from tests.conformance.attributes import ACCESS, GROUP, MASK, OTHERS, OWNER, USER, acl
from tests.conformance.causes import CAUSES, Cause, Ground, Refusal
from tests.conformance.traces import revisions_of_all, traces
from tests.support.saving import NEW, OLD, open_intents
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fixtures import AsUser, Filesystem, Small
    from tests.support.mounting import Mounts


@pytest.fixture
def ground(  # noqa: PLR0917 - what a layout is made of
    on: str, filesystem: Filesystem, public: Path, mounts: Mounts, small: Small, monkeypatch: pytest.MonkeyPatch
) -> Ground:
    """Where the causes are made."""
    directory = filesystem(on) / "host"
    directory.mkdir()
    return Ground(on, directory, public, mounts, small, monkeypatch)


def _name(cause: Cause) -> str:
    return cause.__name__


def _check(refusal: Refused | None, wanted: Refusal) -> None:
    assert refusal is not None
    assert type(refusal) is wanted.error
    assert refusal.members.get("rule") == wanted.rule
    assert wanted.detail in refusal.detail
    assert os.fspath(wanted.path) in refusal.detail
    assert wanted.remedy in refusal.remedy


@pytest.mark.parametrize("cause", CAUSES, ids=_name)
def test_a_refusal_leaves_everything_and_is_not_remembered(ground: Ground, state: Path, cause: Cause) -> None:
    """Its class, rule, reason and remedy; nothing is written, recorded or left. Once the cause is gone, it is saved."""
    with Keeper(state) as keeper:
        with cause(ground) as wanted:
            root = Root("config", os.fspath(wanted.path.parent))
            before = traces(wanted.path.parent), traces(ground.directory)
            for request in (Request(NEW, wanted.expect), Request(NEW, wanted.expect, dry_run=True)):
                with pytest.raises(Refused) as caught:
                    keeper.save(root, wanted.path.name, request)
                _check(caught.value, wanted)
            verdict = keeper.verdict(root, wanted.path.name)
            assert (verdict.route, verdict.guarantees) == (None, None)
            _check(verdict.refusal, wanted)
            assert (traces(wanted.path.parent), traces(ground.directory)) == before
            assert (revisions_of_all(keeper), open_intents(keeper)) == (0, 0)
        assert keeper.save(root, wanted.path.name, Request(NEW, wanted.expect)).changed
        assert wanted.path.read_bytes() == NEW
        assert keeper.verdict(root, wanted.path.name).refusal is None


@pytest.mark.parametrize("on", ["ext4"], indirect=True)
@pytest.mark.parametrize("cause", CAUSES, ids=_name)
def test_each_names_its_evidence(ground: Ground, state: Path, cause: Cause) -> None:
    """What the kernel said: the line of the mount table where it is the mount, otherwise what was found."""
    with Keeper(state) as keeper, cause(ground) as wanted, pytest.raises(Refused) as caught:
        keeper.save(Root("config", os.fspath(wanted.path.parent)), wanted.path.name, Request(NEW, wanted.expect))
    assert caught.value.members.get("evidence")
    assert (wanted.evidence or "") in caught.value.members["evidence"]


def _mode(path: Path, mode: int) -> None:
    path.chmod(mode)


def _denied_by_list(path: Path) -> None:
    denying = acl((OWNER, 6), (USER, 0, STRANGER), (GROUP, 6), (MASK, 6), (OTHERS, 6))
    os.setxattr(path, ACCESS, denying)


def _unreadable(path: Path) -> None:
    os.chown(path, STRANGER, STRANGER)
    path.chmod(0o200)


PERMISSIONS: dict[str, Callable[[Path], object]] = {
    "read-only for others": partial(_mode, mode=0o644),
    "closed to others": partial(_mode, mode=0o660),
    "denied by its list": _denied_by_list,
    "ours, but not readable": _unreadable,
}


@pytest.mark.parametrize("cause", PERMISSIONS)
def test_no_permission(on: str, cause: str, filesystem: Filesystem, public: Path, as_user: AsUser) -> None:
    """Who may not write (or read) the file is told whose it is; nothing is left. With the permission it is saved."""
    directory = filesystem(on) / "config"
    directory.mkdir()
    directory.chmod(0o777)
    directory.parent.chmod(0o755)
    (public / "state").mkdir()
    os.chown(public / "state", STRANGER, STRANGER)
    path = directory / "a.yaml"
    path.write_bytes(OLD)
    os.chown(path, OTHER, OTHER)
    PERMISSIONS[cause](path)
    before = traces(directory)
    attempt = partial(_save_as_user, directory, public / "state")
    with pytest.raises(NoPermission) as caught:
        as_user(STRANGER, attempt)
    assert caught.value.members["rule"] == "MNT019"
    assert str(STRANGER) in caught.value.detail
    assert os.fspath(path) in caught.value.detail
    assert caught.value.remedy
    assert traces(directory) == before
    os.chown(path, STRANGER, STRANGER)
    path.chmod(0o644)
    assert as_user(STRANGER, attempt) == 2
    assert path.read_bytes() == NEW


def _save_as_user(directory: Path, state: Path) -> int:
    with Keeper(state) as keeper:
        try:
            keeper.save(Root("config", os.fspath(directory)), "a.yaml", Request(NEW, ANYTHING))
        finally:
            revisions = revisions_of_all(keeper)
        return revisions


def test_no_way_to_the_directory(on: str, filesystem: Filesystem, public: Path, as_user: AsUser) -> None:
    """A directory on the way that may not be searched is named, for a file that is there and for a new one."""
    base = filesystem(on)
    base.chmod(0o755)
    (base / "closed").mkdir()
    (base / "closed").chmod(0o700)
    (base / "closed/a.yaml").write_bytes(OLD)
    (public / "state").mkdir()
    os.chown(public / "state", STRANGER, STRANGER)

    def attempt() -> None:
        with Keeper(public / "state") as keeper:
            for name, expect in (("closed/a.yaml", ANYTHING), ("closed/new.yaml", ABSENT)):
                with pytest.raises(NoPermission, match="on the way to") as caught:
                    keeper.save(Root("config", os.fspath(base)), name, Request(NEW, expect))
                assert caught.value.members["rule"] == "MNT019"

    as_user(STRANGER, attempt)
    assert os.listdir(base / "closed") == ["a.yaml"]


def test_a_state_directory_that_is_closed_is_not_blamed_on_the_path(
    filesystem: Filesystem, public: Path, as_user: AsUser
) -> None:
    """The lock file cannot be opened: the answer does not tell to open the way to the file, which is open."""
    directory = filesystem("ext4")
    directory.chmod(0o777)
    (public / "state").mkdir()
    os.chown(public / "state", STRANGER, STRANGER)

    def attempt() -> str:
        with Keeper(public / "state") as keeper:
            (public / "state/locks").touch()
            (public / "state/locks").chmod(0o400)
            with pytest.raises(Exception, match="locks") as caught:
                keeper.save(Root("config", os.fspath(directory)), "a.yaml", Request(NEW, ABSENT))
        return str(caught.value)

    assert "on the way to" not in as_user(STRANGER, attempt)
