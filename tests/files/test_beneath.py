"""confkeep.files.beneath: the directories of a path by openat2(2), and when they are walked instead."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confkeep.errors import ConfkeepError
from confkeep.files import beneath, syscalls
from confkeep.files.place import resolve
from confkeep.files.root import Root
from tests.support.needs import need
from tests.support.users import STRANGER, forget
from tests.support.walkers import WALKERS, choose, led

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fixtures import AsUser


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """``sub/deeper`` in it, and a directory beside it."""
    (tmp_path / "root/sub/deeper").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    return Root("config", f"{tmp_path}/root")


@pytest.fixture
def _granted() -> None:
    need(not beneath.refused(), "openat2(2) is refused here")


def opened(root: Root, *names: str) -> str | None:
    """Where the directory is that was opened, None where the call could not decide."""
    fd = beneath.open_directory(root.path, list(names))
    if fd is None:
        return None
    try:
        return os.path.relpath(os.readlink(f"/proc/self/fd/{fd}"), root.path)
    finally:
        os.close(fd)


@pytest.mark.usefixtures("_granted")
def test_what_the_call_decides(root: Root) -> None:
    """Directories below the root, by relative links and ``..`` as well."""
    os.symlink("sub/deeper", f"{root.path}/short")
    assert (
        opened(root, "sub", "deeper") == opened(root, "short") == opened(root, "short", "..", "deeper") == "sub/deeper"
    )
    assert opened(root, "short", "..") == "sub"
    assert opened(root) == opened(root, "sub", "..") == "."


@pytest.mark.parametrize(
    "names", [["out"], ["back"], ["absolute"], ["loop"], [".."], ["missing"], ["file"], ["x" * 256], ["sub/../.."]]
)
def test_what_the_walk_has_to_decide(root: Root, names: list[str]) -> None:
    """A way out, a way that comes back, an absolute link, and all that is an error; and no descriptor is left."""
    links = {"out": "../outside", "back": "../root/sub", "absolute": f"{root.path}/sub", "loop": "loop"}
    for name, destination in links.items():
        os.symlink(destination, f"{root.path}/{name}")
    (open(f"{root.path}/file", "w")).close()
    before = os.listdir("/proc/self/fd")
    assert opened(root, *names) is None
    assert os.listdir("/proc/self/fd") == before


def counted(monkeypatch: pytest.MonkeyPatch, code: int, failing: int) -> list[str]:
    """Let the first calls of openat2 below a directory fail; the list of all of them."""
    real, seen = syscalls.openat2, list[str]()

    def call(directory: int, path: str, flags: int, resolve: int) -> int:
        seen.append(path)
        if directory >= 0 and len(seen) <= failing:
            raise OSError(code, os.strerror(code))
        return real(directory, path, flags, resolve)

    monkeypatch.setattr(syscalls, "openat2", call)
    return seen


@pytest.mark.usefixtures("_granted")
def test_eagain_is_asked_again(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rename came between: the next call decides."""
    seen = counted(monkeypatch, errno.EAGAIN, beneath.ATTEMPTS - 1)
    assert opened(root, "sub") == "sub"
    assert len(seen) == beneath.ATTEMPTS


@pytest.mark.usefixtures("_granted")
def test_eagain_is_not_asked_for_ever(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some attempts the walk decides; the next path is tried by the call again."""
    seen = counted(monkeypatch, errno.EAGAIN, beneath.ATTEMPTS)
    assert led(root, "sub/a.yaml") == "sub/a.yaml"
    assert len(seen) == beneath.ATTEMPTS
    assert opened(root, "sub") == "sub"


@pytest.mark.usefixtures("_granted")
@pytest.mark.parametrize("code", [errno.EACCES, errno.EMFILE, errno.EINTR, errno.EPERM, errno.ENOSYS])
def test_one_failure_is_not_remembered(root: Root, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Whatever one call says of one path: the walk decides, and the next call is made."""
    seen = counted(monkeypatch, code, 1)
    assert led(root, "sub/a.yaml") == "sub/a.yaml"
    assert opened(root, "sub") == "sub"
    assert seen == ["sub", "sub"]


_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_OPENAT2 = 437


def seccomp(code: int) -> None:
    """Refuse openat2(2) to this process, as a container engine's profile does."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    steps = (
        (0x20, 0, 0, 0),  # load the number of the call
        (0x15, 0, 1, _OPENAT2),  # go on, or skip one
        (0x06, 0, 0, 0x00050000 | code),  # SECCOMP_RET_ERRNO
        (0x06, 0, 0, 0x7FFF0000),  # SECCOMP_RET_ALLOW
    )
    program = Program(len(steps), b"".join(struct.pack("=HBBI", *step) for step in steps))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for arguments in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (_PR_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)):
        if prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


def refused_by(code: int, call: Callable[[], Any]) -> tuple[Any, list[str]]:
    """What ``call`` returns where the system call is refused, and the system calls it tried."""
    seccomp(code)
    forget()
    with pytest.MonkeyPatch.context() as patch:
        seen = counted(patch, 0, 0)
        return call(), seen


@pytest.fixture
def reachable(public: Path) -> Root:
    """A root that every user reaches."""
    (public / "sub").mkdir()
    (public / "link").symlink_to("sub")
    return Root("config", os.fspath(public))


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOSYS])
def test_a_refusal_is_remembered(reachable: Root, as_user: AsUser, code: int) -> None:
    """Under a seccomp profile that does not know the call every path is walked, and the call tried once."""
    paths, seen = as_user(
        STRANGER, lambda: refused_by(code, lambda: [led(reachable, f"{name}/a.yaml") for name in ("sub", "link")])
    )
    assert paths == ["sub/a.yaml"] * 2
    assert seen == ["."]


def test_another_error_is_not_remembered(reachable: Root, as_user: AsUser) -> None:
    """A profile that answers EACCES looks like a path that is closed to us: it is walked, and tried each time."""
    paths, seen = as_user(
        STRANGER,
        lambda: refused_by(errno.EACCES, lambda: [led(reachable, f"{name}/a.yaml") for name in ("sub", "link")]),
    )
    assert paths == ["sub/a.yaml"] * 2
    assert seen == [".", "sub", "link"]


def test_a_bare_name_needs_neither(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the root itself costs no call of this kind."""
    seen = counted(monkeypatch, 0, 0)
    forget()
    assert led(root, "a.yaml") == "a.yaml"
    assert seen == []


RESOLVE: Final = """
import os, sys
from confkeep.files.place import resolve
from confkeep.files.root import Root
root = Root("config", sys.argv[1])
for path in sys.argv[2:] * 2:
    os.access("/begin", os.F_OK)
    with resolve(root, path):
        pass
    os.access("/end", os.F_OK)
"""


@pytest.mark.usefixtures("_granted")
def test_a_deep_path_costs_no_more_calls(root: Root, strace: str, tmp_path: Path) -> None:
    """The system calls are the same for 2 and for 30 directories, and a handful."""
    shallow, deep = "sub/deeper", "/".join("d" * 30)
    os.makedirs(f"{root.path}/{deep}")
    command = [sys.executable, "-c", RESOLVE, root.path, f"{shallow}/a.yaml", f"{deep}/a.yaml"]
    subprocess.run([strace, "-o", tmp_path / "trace", *command], check=True)
    parts = (tmp_path / "trace").read_text().split('"/begin"')[1:]
    calls = [[line.partition("(")[0] for line in part.partition('"/end"')[0].splitlines()[1:-1]] for part in parts]
    first, *others = calls[-2:]
    assert others == [first]
    assert (len(first), first.count("openat2")) == (6, 1)


def outcome(root: Root, relative: str) -> tuple[object, ...]:
    """All that a place or an error says."""
    try:
        with resolve(root, relative) as place:
            return place.path, place.name, place.directory, place.passed, os.fstat(place.parent).st_ino
    except ConfkeepError as error:
        return type(error), str(error), error.members


_NAMES = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a", "d/e/b"])
_RELATIVE = st.lists(st.sampled_from(["a", "b", "d", "e", ".."]), min_size=1, max_size=6).map("/".join)
_LINKS = st.one_of(
    _RELATIVE, _RELATIVE.map("{root}/".__add__), st.sampled_from(["/", "{root}", "{root}-2", "/etc/passwd"])
)


@given(links=st.dictionaries(_NAMES, _LINKS), path=_RELATIVE)
@settings(max_examples=300, deadline=None)
def test_both_walkers_agree(tmp_path_factory: pytest.TempPathFactory, links: dict[str, str], path: str) -> None:
    """For any tree of links they have the same place, or the same error in the same words."""
    base = tmp_path_factory.mktemp("tree")
    (base / "d/e").mkdir(parents=True)
    for name in ("a", "d/b", "d/e/a"):
        (base / name).write_text(name)
    for name, destination in links.items():
        (base / name).unlink(missing_ok=True)
        (base / name).symlink_to(destination.replace("{root}", os.fspath(base)))
    outcomes = list[tuple[object, ...]]()
    for walker in WALKERS:
        with pytest.MonkeyPatch.context() as patch:
            choose(walker, patch)
            outcomes.append(outcome(Root("root", os.fspath(base)), path))
    assert outcomes[0] == outcomes[1]
    shutil.rmtree(base)
