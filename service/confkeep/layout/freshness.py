"""Whether any process sees other mounts than when we looked last: asked before each save, so it has to be cheap.

The kernel tells of mounts in a mount namespace whose mountinfo is open (poll(2), proc_pid_mountinfo(5)) and of the end
of a process (pidfd_open(2)), but not of new namespaces. Those are of new processes: while the number that the last
process got (/proc/loadavg) is the same, there is none.

An open mountinfo keeps its namespace, and every mount in it, after the last process has gone: a disk could not be taken
out. Whoever has one of these has to wait for ``fds`` and ``close`` at the first sign.
"""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from typing import Final

#: Seconds after which every process is asked for its namespace: numbers are used again.
_ROUND: Final = 60.0
#: Of the last processes so many may still be on their way into a namespace of their own, as runc's init is: they are
#: asked each time. An engine starts some 50 (threads have numbers too) for one container.
_YOUNG: Final = 128


class Freshness:
    """What was there when this was made. Make it before the look that it vouches for. Not thread-safe."""

    def __init__(self, proc: str = "/proc") -> None:
        """Look at every process once; a process that cannot be looked at has no namespace that counts."""
        self._proc = proc
        self._poll = select.poll()
        #: What to wait for, for those who do not ask: descriptors, and what poll(2) is to look for.
        self.fds: dict[int, int] = {}
        self._namespaces: set[str] = set()
        self._is_open = True
        self._last, self._looked = self._last_process(), time.monotonic()
        present = self._present()
        self._young = {process for process in present if 0 <= self._last - int(process) < _YOUNG}
        self._old = present - self._young
        for process in ("self", *sorted(present, key=int)):
            if not self._is_known(process) and self._follow(process):
                self._namespaces |= {self._number(process), self._first_mount(process)} - {""}

    def is_fresh(self) -> bool:
        """Whether nobody has mounted or unmounted anything since, and no process has a namespace that was not there.

        Once it is not, it never is again. That somebody has renamed what is mounted is not seen.
        """
        if not self._is_open or self._poll.poll(0) or not self._are_known():
            self.close()
            return False
        return True

    def close(self) -> None:
        """Let go of all namespaces; nothing is fresh any more."""
        self._is_open = False
        while self.fds:
            fd, _ = self.fds.popitem()
            self._poll.unregister(fd)
            os.close(fd)

    def _are_known(self) -> bool:
        last, now = self._last_process(), time.monotonic()
        if last == self._last and now - self._looked < _ROUND:
            return all(map(self._is_known, self._young))
        present = self._present()
        if last < self._last or now - self._looked >= _ROUND:
            self._old.clear()
            self._looked = now
        self._young = present - self._old
        if not all(map(self._is_known, self._young)):
            return False
        if not self._old:
            self._young = {process for process in present if 0 <= last - int(process) < _YOUNG}
            self._old = present - self._young
        self._last = last
        return True

    def _is_known(self, process: str) -> bool:
        """Whether its mount namespace is; of one that cannot be looked at, or is gone, there is nothing to know."""
        number = self._number(process)
        if number in self._namespaces:
            return True
        first = self._first_mount(process)
        return first in self._namespaces or not (number or first)

    def _number(self, process: str) -> str:
        """The kernel's number of the namespace, "" where it may not be read (ptrace(2), PTRACE_MODE_READ)."""
        try:
            return os.readlink(f"{self._proc}/{process}/ns/mnt")
        except OSError:
            return ""

    def _first_mount(self, process: str) -> str:
        """The line of the first mount, which has a number that no other namespace's has."""
        try:
            with open(f"{self._proc}/{process}/mountinfo", "rb") as file:
                return os.fsdecode(file.readline())
        except OSError:
            return ""

    def _follow(self, process: str) -> bool:
        """Whether it is there to be followed."""
        with suppress(OSError):
            if process != "self":
                self._wait_for(os.pidfd_open(int(process)), select.POLLIN)
            table = os.open(f"{self._proc}/{process}/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
            self._wait_for(table, select.POLLPRI)
            return True
        return False

    def _wait_for(self, fd: int, what: int) -> None:
        self.fds[fd] = what
        self._poll.register(fd, what)

    def _last_process(self) -> int:
        with open(f"{self._proc}/loadavg", "rb") as file:
            return int(file.read().split()[4])

    def _present(self) -> set[str]:
        return {name for name in os.listdir(self._proc) if name.isdecimal()}
