"""The floors of the ratios: the least Python that replaces a file durably."""

from __future__ import annotations

import os
from typing import Final

#: What ``replace_at`` gives the new file; a route that keeps metadata finds it there and gives it again.
MODE: Final = 0o640


def replace(directory: int, name: str, data: bytes) -> None:
    """Temporary file, write, flush, rename, flush the directory."""
    fd = os.open("floor.tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=directory)
    os.write(fd, data)
    os.fsync(fd)
    os.close(fd)
    os.rename("floor.tmp", name, src_dir_fd=directory, dst_dir_fd=directory)
    os.fsync(directory)


def replace_at(path: str, data: bytes) -> None:
    """The same of an absolute path, with nothing open before and nothing left open."""
    temporary = path + ".tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    os.write(fd, data)
    os.fsync(fd)
    os.close(fd)
    os.rename(temporary, path)
    directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    os.fsync(directory)
    os.close(directory)
