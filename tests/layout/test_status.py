"""The small files of /proc/PID."""

from __future__ import annotations

from pathlib import Path

import pytest

from confkeep.layout import status
from confkeep.layout.model import Credentials, IdRange

IDENT = "5216eb644787ac91d739be5ea126f54be411c7ad6c36eaadd00e27c1bb1c2f66"


@pytest.mark.parametrize(
    ("cgroup", "expected"),
    [
        (f"0::/docker/{IDENT}", IDENT),
        (f"0::/system.slice/docker-{IDENT}.scope", IDENT),
        (f"0::/user.slice/user-1000.slice/libpod-{IDENT}.scope/container", IDENT),
        (f"0::/../{IDENT}", IDENT),
        (f"9:name=systemd:/docker/{IDENT}\n8:pids:/docker/{IDENT}\n", IDENT),
        (f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{IDENT}.scope", IDENT),
        (f"0::/docker/{'0' * 64}/docker/{IDENT}", IDENT),
        ("0::/", ""),
        (f"0::/docker/{IDENT[:-1]}", ""),
        (f"0::/libpod-conmon-{IDENT}x.scope", ""),
        ("", ""),
    ],
)
def test_the_id_out_of_the_cgroup(cgroup: str, expected: str) -> None:
    """Version 1 and 2, cgroupfs and systemd; the innermost of nested engines."""
    assert status.container_id(cgroup) == expected


def test_this_process() -> None:
    """As the kernel writes it today."""
    assert status.credentials(Path("/proc/self/status").read_text(encoding="ascii")) is not None
    assert status.uid_map(Path("/proc/self/uid_map").read_text(encoding="ascii"))


def test_as_whom_a_process_writes() -> None:
    """The ids for file access, the groups, the effective capabilities."""
    text = "Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t9 10 \nCapEff:\t0000000000000002\n"
    assert status.credentials(text) == Credentials(4, 8, frozenset({9, 10}), 2)


@pytest.mark.parametrize("text", ["", "Uid:\t1\n", "Uid:\ta\tb\tc\td\n"])
def test_a_status_that_does_not_say_is_none(text: str) -> None:
    """A capture may have been cut off."""
    assert status.credentials(text) is None


@pytest.mark.parametrize(
    ("text", "ranges", "identity"),
    [
        ("         0          0 4294967295\n", (IdRange(0, 0, 4294967295),), True),
        ("0 100000 65536\n", (IdRange(0, 100000, 65536),), False),
        ("0 1000 1\n1 100000 65536\n", (IdRange(0, 1000, 1), IdRange(1, 100000, 65536)), False),
        ("1000 1000 1\n", (IdRange(1000, 1000, 1),), True),
    ],
)
def test_user_namespaces(text: str, ranges: tuple[IdRange, ...], *, identity: bool) -> None:
    """Each line is a range."""
    assert status.uid_map(text) == ranges
    assert status.is_identity(ranges) is identity
