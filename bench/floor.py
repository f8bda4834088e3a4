"""The floor of every ratio: the least Python that replaces a file durably."""

from __future__ import annotations

import os


def replace(directory: int, name: str, data: bytes) -> None:
    """Temporary file, write, flush, rename, flush the directory."""
    fd = os.open("floor.tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=directory)
    os.write(fd, data)
    os.fsync(fd)
    os.close(fd)
    os.rename("floor.tmp", name, src_dir_fd=directory, dst_dir_fd=directory)
    os.fsync(directory)
