"""Metadata: whatever a file has besides its bytes it still has after a save, by whichever route that was.

The reference is an identical file that the same user wrote in place. The one difference is what the kernel takes away
on any write (setuid, setgid, a capability): that is kept as well, as far as this user may set it, and told otherwise.
"""

from __future__ import annotations

import itertools
import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from confkeep.expect import ANYTHING
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
from tests.conformance.attributes import (
    ACCESS,
    DEFAULT,
    GROUP,
    MASK,
    NAMED_GROUP,
    OTHERS,
    OWNER,
    USER,
    XFLAG_NODEFRAG,
    acl,
    attributes,
    capability,
    set_flags,
    set_more,
)
from tests.conformance.pairs import ACTORS, FRIENDS, Case, Ground, check
from tests.support.looking import leftovers_in
from tests.support.saving import NEW, OLD, ROUTES, bench, save
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fixtures import AsUser, Filesystem


@pytest.fixture(params=ACTORS)
def actor(request: pytest.FixtureRequest) -> str:
    """Each of them in turn."""
    return str(request.param)


@pytest.fixture
def ground(on: str, actor: str, filesystem: Filesystem, public: Path, as_user: AsUser) -> Ground:
    """A directory on each filesystem, written to by each of them."""
    return Ground(filesystem(on), public / "state", as_user, actor)


def having(mode: int, uid: int, gid: int, *more: Callable[[Path], object]) -> Callable[[Path], None]:
    """A file with this mode and owner, and whatever ``more`` give it."""

    def prepare(path: Path) -> None:
        os.chown(path, uid, gid)
        path.chmod(mode)
        for step in more:
            step(path)

    return prepare


def attribute(name: str, value: bytes) -> Callable[[Path], None]:
    """Give it an extended attribute."""
    return lambda path: os.setxattr(path, name, value)


MODES = (0o644, 0o600, 0o444, 0o640, 0o664, 0o666, 0o755, 0o777, 0o1644, 0o4755, 0o2755, 0o6755, 0o2644, 0o4644, 0o6777,
         0o7777)  # fmt: skip
#: Ours or another's, with one of our groups, our friends' or others'.
OWNERS = tuple(itertools.product((STRANGER, OTHER), (STRANGER, FRIENDS, OTHER)))


def test_modes_and_owners(ground: Ground, actor: str) -> None:
    """Every mode of every owner; a user loses setuid and setgid where only the owner, or a member, may set them."""
    cases = [
        Case(f"{mode:04o} {uid} {gid}", having(mode, uid, gid)) for mode, (uid, gid) in itertools.product(MODES, OWNERS)
    ]
    outcomes = check(ground, cases)
    if actor == "root":
        assert {outcome.code for outcome in outcomes.values()} == {"ordinary-file"}
        assert all(outcome.kept for outcome in outcomes.values())
        return
    assert outcomes[f"0444 {STRANGER} {STRANGER}"].code is None
    assert outcomes[f"0640 {OTHER} {OTHER}"].code is None
    assert outcomes[f"0644 {STRANGER} {STRANGER}"].code == "ordinary-file"
    assert outcomes[f"0644 {STRANGER} {FRIENDS}"].code == "ordinary-file"
    assert outcomes[f"0644 {STRANGER} {OTHER}"].code == "metadata"
    assert outcomes[f"0666 {OTHER} {STRANGER}"].code == "metadata"
    lost = {name for name, outcome in outcomes.items() if not outcome.kept}
    assert lost == {
        f"{mode:04o} {uid} {gid}"
        for mode, (uid, gid) in itertools.product(MODES, OWNERS)
        if outcomes[f"{mode:04o} {uid} {gid}"].code is not None
        and (mode & 0o6000 if uid != STRANGER else mode & 0o2000 and gid == OTHER)
    }


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o177], ids=oct)
def test_the_umask_does_not_count(ground: Ground, umask: int) -> None:
    """What a new file would get is not what one gets that replaces another."""
    modes = (0o600, 0o644, 0o666, 0o755, 0o4755)
    outcomes = check(ground, [Case(f"{mode:04o}", having(mode, ground.uid, ground.uid), umask=umask) for mode in modes])
    assert {outcome.code for outcome in outcomes.values()} == {"ordinary-file"}


def test_the_directory_does_not_count(ground: Ground) -> None:
    """Nor does the group that new files take over from a directory (setgid), or its default ACL, or both."""
    inherited = attribute(DEFAULT, acl((OWNER, 7), (USER, 6, OTHER), (GROUP, 5), (MASK, 7), (OTHERS, 0)))

    def setgid(directory: Path) -> None:
        os.chown(directory, -1, OTHER)
        directory.chmod(0o2755)

    def both(directory: Path) -> None:
        setgid(directory)
        inherited(directory)

    own = attribute(ACCESS, acl((OWNER, 6), (USER, 4, OTHER), (GROUP, 4), (MASK, 4), (OTHERS, 0)))
    cases = [
        Case(f"{around.__name__} {name}", having(mode, ground.uid, ground.uid, *more), around)
        for around in (setgid, inherited, both)
        for name, mode, more in [
            ("plain", 0o644, ()),
            ("closed", 0o600, ()),
            ("setuid", 0o4755, ()),
            ("acl", 0o640, (own,)),
        ]
    ]
    assert {outcome.code for outcome in check(ground, cases).values()} == {"ordinary-file"}


ACLS = {
    "a user": acl((OWNER, 6), (USER, 6, OTHER), (GROUP, 4), (MASK, 6), (OTHERS, 4)),
    "a group": acl((OWNER, 6), (GROUP, 0), (NAMED_GROUP, 4, OTHER), (MASK, 4), (OTHERS, 0)),
    "masked": acl((OWNER, 6), (USER, 7, OTHER), (GROUP, 7), (NAMED_GROUP, 7, FRIENDS), (MASK, 4), (OTHERS, 0)),
    "mask alone": acl((OWNER, 6), (GROUP, 6), (MASK, 4), (OTHERS, 4)),
    "many": acl((OWNER, 6), *((USER, 4, 60000 + number) for number in range(20)), (GROUP, 4), (MASK, 6), (OTHERS, 4)),
    "us": acl((OWNER, 6), (USER, 6, STRANGER), (GROUP, 0), (MASK, 6), (OTHERS, 0)),
}


def test_access_lists(ground: Ground, actor: str) -> None:
    """POSIX ACLs, of our own files and of those that we may write by nothing but their list."""
    ours = [
        Case(f"ours, {name}", having(0o640, ground.uid, ground.uid, attribute(ACCESS, ACLS[name]))) for name in ACLS
    ]
    theirs = [Case(f"theirs, {name}", having(0o640, OTHER, OTHER, attribute(ACCESS, ACLS[name]))) for name in ACLS]
    outcomes = check(ground, ours + theirs)
    assert {outcome.code for name, outcome in outcomes.items() if name.startswith("ours")} == {"ordinary-file"}
    if actor == "root":
        assert {outcome.code for outcome in outcomes.values()} == {"ordinary-file"}
    else:
        codes = {name: outcome.code for name, outcome in outcomes.items() if name.startswith("theirs")}
        assert codes == {f"theirs, {name}": "metadata" if name == "us" else None for name in ACLS}


XATTRS = {
    "user": ("user.comment", b"by hand"),
    "empty": ("user.empty", b""),
    "bytes": ("user.bytes", bytes(range(256))),
    "long": ("user.long", b"x" * 600),
    "long name": ("user." + "n" * 100, b"1"),
    "label": ("security.selinux", b"system_u:object_r:etc_t:s0\x00"),
    "security": ("security.note", b"\x00\xff"),
    "capability": ("security.capability", capability()),
    "trusted": ("trusted.note", b"\x00\xff"),
}


def test_extended_attributes(ground: Ground, actor: str) -> None:
    """Users', security modules' and the superuser's. Those that only others may set stay because the inode does."""
    names = [name for name in XATTRS if actor == "root" or name != "trusted"]
    outcomes = check(
        ground, [Case(name, having(0o644, ground.uid, ground.uid, attribute(*XATTRS[name]))) for name in names]
    )
    closed = {"security", "capability"} if actor == "user" else set[str]()
    outcomes.pop("label")  # an owner may set it where SELinux says so
    assert {name for name, outcome in outcomes.items() if outcome.code == "metadata"} == closed
    assert {name for name, outcome in outcomes.items() if not outcome.kept} == closed - {"security"}


def test_several_attributes_at_once(ground: Ground, actor: str) -> None:
    """All of them, with an ACL, setuid and another's group."""
    names = ["user", "empty", "long name", *(["label", "security", "trusted", "capability"] if actor == "root" else [])]
    every = [attribute(*XATTRS[name]) for name in names]
    more = attribute(ACCESS, ACLS["a user"])
    (outcome,) = check(ground, [Case("all", having(0o4754, ground.uid, FRIENDS, more, *every))]).values()
    assert outcome.code == "ordinary-file"


def test_hashes_of_the_content_are_not_copied(filesystem: Filesystem, state: Path) -> None:
    """What IMA or EVM say of the old bytes would be wrong of the new ones: the kernel makes its own."""
    path = filesystem("ext4") / "a.bin"
    path.write_bytes(OLD)
    for name in ("security.ima", "security.evm"):
        os.setxattr(path, name, b"\x04\x04of the old bytes")
    with Keeper(state) as keeper:
        assert keeper.save(Root("config", os.fspath(path.parent)), path.name, Request(NEW, ANYTHING)).route.name
    assert os.listxattr(path) == []


#: The flags (chattr) that a filesystem keeps, by its own list; an overlay has those of what is below it.
KEEPING = {"ext4": "suSdAct", "xfs": "SdA", "btrfs": "SdAcCm", "tmpfs": "dA", "overlay": "suSdAct"}


def flagged(letters: str) -> Callable[[Path], None]:
    """Give it inode flags."""
    return lambda path: set_flags(path, letters)


def while_empty(give: Callable[[Path], object]) -> Callable[[Path], None]:
    """Some of it is only for who has no bytes yet."""

    def prepare(path: Path) -> None:
        os.truncate(path, 0)
        give(path)
        path.write_bytes(OLD)

    return prepare


def test_inode_flags(ground: Ground, on: str) -> None:
    """chattr(1): a file that has one keeps it, also where its directory would give it to a new file."""
    mine = (0o644, ground.uid, ground.uid)
    alone = [Case(f"+{letter}", having(*mine, while_empty(flagged(letter)))) for letter in KEEPING[on]]
    given = [
        Case(f"+{letter} in +{letter}", having(*mine, while_empty(flagged(letter))), flagged(letter))
        for letter in KEEPING[on]
    ]
    outcomes = check(ground, alone + given)
    assert all(outcome.kept for outcome in outcomes.values())
    # Some a new file has by itself: btrfs finds out what it cannot compress.
    assert "metadata" in {outcomes[case.name].code for case in alone}


def test_inode_flags_of_the_directory(ground: Ground, on: str) -> None:
    """A file that has none gets none: on btrfs +C would take its checksums away, +S makes every write wait."""
    cases = [
        Case(f"in +{letter}", having(0o644, ground.uid, ground.uid), flagged(letter))  # made before the flag
        for letter in KEEPING[on]
    ]
    assert all(outcome.kept for outcome in check(ground, cases).values())


@pytest.mark.parametrize("on", ["xfs"], indirect=True)
def test_what_only_xfs_has(ground: Ground) -> None:
    """The project that a file counts for (quota), its extent sizes, whether it may be defragmented."""
    settings = {
        "project": partial(set_more, project=42),
        "extents": partial(set_more, extent=1 << 16),
        "copied extents": partial(set_more, cow=1 << 16),
        "no defragmentation": partial(set_more, flags=XFLAG_NODEFRAG),
    }
    mine = (0o644, ground.uid, ground.uid)
    outcomes = check(ground, [Case(name, having(*mine, while_empty(give))) for name, give in settings.items()])
    assert {outcome.code for outcome in outcomes.values()} == {"metadata"}


@pytest.mark.parametrize("on", ["btrfs"], indirect=True)
def test_compression(ground: Ground) -> None:
    """btrfs: how a file is compressed is an attribute in a namespace of its own."""
    prepare = having(0o644, ground.uid, ground.uid, attribute("btrfs.compression", b"zstd"))
    (outcome,) = check(ground, [Case("zstd", prepare)]).values()
    assert outcome.kept


def test_the_times_are_those_of_the_save(ground: Ground) -> None:
    """As after any write: the time of the last change is not carried over, by neither route."""

    def old(path: Path) -> None:
        os.utime(path, ns=(10**18, 10**18))

    def shared(path: Path) -> None:
        old(path)
        (ground.directory / f"{path.name}.link").hardlink_to(path)

    mine = (0o644, ground.uid, ground.uid)
    outcomes = check(ground, [Case("replaced", having(*mine, old)), Case("in place", having(*mine, shared))])
    assert [outcome.code for outcome in outcomes.values()] == ["ordinary-file", "several-links"]
    for name in outcomes:
        saved, reference = (ground.directory / name / f"{which}.bin" for which in ("saved", "reference"))
        assert saved.stat().st_mtime_ns > 10**18
        assert abs(saved.stat().st_mtime - reference.stat().st_mtime) < 60


def _more_links(path: Path) -> None:
    path.with_name("one more.bin").hardlink_to(path)


MEANWHILE: dict[str, Callable[[Path], object]] = {
    "chmod": lambda path: path.chmod(0o600),
    "chown": lambda path: os.chown(path, STRANGER, OTHER),
    "setxattr": attribute("user.note", b"meanwhile"),
    "setfacl": attribute(ACCESS, acl((OWNER, 6), (USER, 4, OTHER), (GROUP, 4), (MASK, 4), (OTHERS, 4))),
    "chattr": flagged("d"),
    "link": _more_links,
}


@pytest.mark.parametrize("change", MEANWHILE)
@pytest.mark.parametrize("route", ROUTES)
def test_what_changes_meanwhile(
    filesystem: Filesystem, state: Path, change: str, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody changes the metadata while a save is under way, between the look and the publishing: it is kept."""
    one = bench(filesystem("ext4"), state, route)
    with one.keeper() as keeper:
        durable = keeper.store.durable
        done: list[object] = []

        def after_the_change() -> object:
            if not done:
                done.append(MEANWHILE[change](one.path))
                done.append(attributes(one.path))
            return durable()

        monkeypatch.setattr(keeper.store, "durable", after_the_change)
        assert save(keeper, one).guarantees.metadata_kept
    assert one.path.read_bytes() == NEW
    assert attributes(one.path) == done[1]
    assert leftovers_in(one.directory) == []


PRIVILEGES: dict[str, Callable[[Path], object]] = {
    "setuid": having(0o4755, STRANGER, OTHER),
    "setgid": having(0o2755, STRANGER, OTHER),
    "capability": having(0o755, STRANGER, OTHER, attribute("security.capability", capability())),
}


@pytest.mark.parametrize("privilege", PRIVILEGES)
def test_no_privilege_before_the_owner(
    filesystem: Filesystem, state: Path, privilege: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At no moment is there a setuid file of root's with bytes of somebody else: kill -9 would leave it there."""
    one = bench(filesystem("ext4"), state)
    PRIVILEGES[privilege](one.path)
    seen: list[tuple[int, int]] = []

    def spy(name: str) -> None:
        real = getattr(os, name)

        def spied(fd: int, *arguments: object) -> None:
            real(fd, *arguments)
            found = os.fstat(fd)
            if found.st_mode & 0o6000 or "security.capability" in os.listxattr(fd):
                seen.append((found.st_uid, found.st_gid))

        monkeypatch.setattr(os, name, spied)

    with one.keeper() as keeper:
        for name in ("fchmod", "fchown", "setxattr"):
            spy(name)
        assert save(keeper, one).route.name == "replace"
    assert set(seen) == {(STRANGER, OTHER)}
