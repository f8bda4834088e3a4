"""What a superuser of a container lacks: capabilities of this process, given up for good."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path
from typing import Final

CAP_SETUID: Final = 7  # linux/capability.h
CAP_LEASE: Final = 28
_VERSION_3: Final = 0x20080522
_PR_CAPBSET_DROP: Final = 24
_HEADER: Final = struct.Struct("=Ii")
_DATA: Final = struct.Struct("=6I")  # effective, permitted, inheritable: the lower 32, then the upper ones


def drop(*capabilities: int) -> None:
    """Drop them from every set of this thread; it cannot have them again."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = ctypes.create_string_buffer(_HEADER.pack(_VERSION_3, 0))
    data = ctypes.create_string_buffer(_DATA.size)
    _check(libc.capget(header, data))
    sets = list(_DATA.unpack(data.raw[: _DATA.size]))
    for capability in capabilities:
        _check(libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0))
        sets = [
            bits & ~(1 << capability % 32) if number // 3 == capability // 32 else bits
            for number, bits in enumerate(sets)
        ]
    _check(libc.capset(header, _DATA.pack(*sets)))


def _check(result: int) -> None:
    assert result == 0, os.strerror(ctypes.get_errno())


def status(task: int | str, field: str) -> str:
    """A field of the status of one of this process's threads."""
    for line in Path(f"/proc/self/task/{task}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()
    raise KeyError(field)


def filesystem_users() -> dict[int, int]:
    """The fsuid of each thread of this process."""
    return {int(task): int(status(task, "Uid").split()[3]) for task in os.listdir("/proc/self/task")}
