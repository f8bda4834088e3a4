"""What systemd does to a process between fork and exec, as far as a test can do it; a program of its own for that."""

import ctypes
import json
import os
import socket
import sys
from collections.abc import Iterable, Sequence
from typing import TypedDict

_ALLOW = 0x7FFF0000
_EPERM = 0x00050001
_UNKNOWN = -1
_MASKED_EQUAL = 7
_WRITE, _EXEC = 2, 4
_SET_ID = 0o6000

#: Calls that are allowed with some arguments only, as MemoryDenyWriteExecute=, RestrictAddressFamilies= (AF_UNIX) and
#: RestrictSUIDSGID= have it: position, mask and value, any of them.
_CONDITIONS: dict[str, list[tuple[int, int, int]]] = {
    "mmap": [(2, _EXEC, 0), (2, _WRITE, 0)],
    "mprotect": [(2, _EXEC, 0)],
    "pkey_mprotect": [(2, _EXEC, 0)],
    "socket": [(0, 0xFFFFFFFF, socket.AF_UNIX)],
    "chmod": [(1, _SET_ID, 0)],
    "fchmod": [(1, _SET_ID, 0)],
    "fchmodat": [(2, _SET_ID, 0)],
    "fchmodat2": [(2, _SET_ID, 0)],
}


class Start(TypedDict):
    """What is done before ``command`` takes the process over."""

    fd: int
    environment: dict[str, str]
    system_calls: list[str]
    command: list[str]


def hand_over(fd: int, command: Sequence[str], system_calls: Iterable[str] = (), **environment: str) -> list[str]:
    """A command line that runs ``command`` with ``fd`` as descriptor 3 and LISTEN_PID its own (sd_listen_fds(3)).

    With ``system_calls`` no others are possible (systemd.exec(5): SystemCallFilter=), nor what MemoryDenyWriteExecute=,
    RestrictAddressFamilies=AF_UNIX and RestrictSUIDSGID= forbid.
    """
    start = Start(fd=fd, environment=environment, system_calls=list(system_calls), command=list(command))
    return [sys.executable, __file__, json.dumps(start)]


def _play(start: Start) -> None:
    os.dup2(start["fd"], 3)
    if start["fd"] != 3:
        os.close(start["fd"])
    os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "confkeep.socket"}
    os.environ |= start["environment"]
    if start["system_calls"]:
        _allow(start["system_calls"])
    os.execv(start["command"][0], start["command"])  # noqa: S606 - it is to take this process over


class _Comparison(ctypes.Structure):
    """``struct scmp_arg_cmp`` of seccomp_rule_add(3)."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    )


def _allow(names: Iterable[str]) -> None:
    """Every other system call fails with EPERM, as SystemCallErrorNumber=EPERM has it."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(_EPERM))
    for name in names:
        number = seccomp.seccomp_syscall_resolve_name(name.encode("ascii"))
        if number == _UNKNOWN:
            continue
        for argument, mask, value in _CONDITIONS.get(name, [(0, 0, 0)]):
            comparison = _Comparison(argument, _MASKED_EQUAL, mask, value)
            added = seccomp.seccomp_rule_add_array(rules, _ALLOW, number, 1, ctypes.byref(comparison))
            assert added == 0, (name, added)
    assert seccomp.seccomp_load(rules) == 0
    seccomp.seccomp_release(rules)


if __name__ == "__main__":
    _play(json.loads(sys.argv[1]))
