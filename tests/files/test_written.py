"""confkeep.files.written: what a route did, and how it can end other than well."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import IoError, OutOfSpace
from confkeep.files.written import Unsettled, Written, failure, sync_directory, write_all
from tests.support.faults import raising
from tests.support.looking import opened

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_is_out_of_space(code: int) -> None:
    """A full disk and a full quota are one thing to the reader: make room."""
    error = failure(OSError(code, os.strerror(code)), "/config/a.yaml", "writing")
    assert isinstance(error, OutOfSpace)
    assert "free some space" in error.remedy
    assert "the old content is intact" in error.detail


def test_anything_else_is_an_io_error() -> None:
    """The errno is named."""
    error = failure(OSError(errno.EIO, "Input/output error"), "/config/a.yaml", "writing")
    assert isinstance(error, IoError)
    assert error.detail == "writing /config/a.yaml: Input/output error (EIO); the old content is intact"


def test_every_guarantee_is_had_unless_said_otherwise() -> None:
    """A write without notes is a whole one."""
    assert Written() == Written(reader_atomic=True, compare_and_swap=True, metadata_kept=True, notes=(), waited=0.0)


def test_unsettled_carries_its_cause() -> None:
    """For the message of whoever asked."""
    cause = OSError(errno.EIO, "Input/output error")
    assert Unsettled("torn", cause).cause is cause


@pytest.mark.parametrize("size", [0, 1, 5_000_000])
def test_all_is_written_from_the_start(tmp_path: Path, size: int) -> None:
    """Every byte at its place."""
    data = os.urandom(size)
    path = tmp_path / "a"
    path.write_bytes(b"")
    with opened(path, os.O_RDWR) as fd:
        write_all(fd, data)
    assert path.read_bytes() == data


def test_a_directory_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filesystem that cannot flush directories does its best by saying so; other errors count."""
    with opened(tmp_path, os.O_RDONLY) as fd:
        sync_directory(fd)
        monkeypatch.setattr(os, "fsync", raising(errno.EINVAL))
        sync_directory(fd)
        monkeypatch.setattr(os, "fsync", raising(errno.EIO))
        with pytest.raises(OSError, match="Input/output"):
            sync_directory(fd)
