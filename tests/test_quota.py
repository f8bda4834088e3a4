"""A user who may have no more: as on a full disk, the old content is intact, and the error names the quota."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from confkeep.documents.check import Validate
from confkeep.errors import OutOfSpace
from tests.support.quota import Quota, with_quotas
from tests.support.saving import OLD, ROUTES, Bench, bench, open_intents, save
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import AsUser
    from tests.support.mounting import Mounts

LIMIT = 8
BOTH_ROUTES = pytest.mark.parametrize("route", ROUTES)
EVERYWHERE = pytest.mark.parametrize("name", with_quotas())


@pytest.fixture
def quota(name: str, mounts: Mounts, public: Path, tmp_path: Path) -> Quota:
    """A filesystem on which the stranger may have LIMIT megabytes."""
    quota = Quota(mounts, name, public / name, tmp_path, STRANGER)
    quota.limit(LIMIT)
    return quota


@pytest.fixture
def one(quota: Quota, public: Path, route: str) -> Bench:
    """A file of the stranger's, and a state directory on another filesystem."""
    warm = bench(public / "warm", public / "warm-state", route)
    assert saving(warm, b"") == ("saved", 0)  # imports all there is: another user may not be able to read it
    (public / "state").mkdir()
    os.chown(public / "state", STRANGER, STRANGER)
    one = bench(quota.directory / "config", public / "state", route)
    for path in (one.directory, *one.directory.iterdir()):
        os.chown(path, STRANGER, STRANGER)
    return one


def fill(quota: Quota, megabytes: float) -> None:
    """Use so much of the quota."""
    with (quota.directory / "ballast").open("wb", buffering=0) as file:
        for _ in range(int(megabytes * 16)):
            file.write(os.urandom(1 << 16))
        os.fsync(file.fileno())


def saving(one: Bench, new: bytes) -> tuple[str, int]:
    """What became of a save, and how many intents are open."""
    with one.keeper() as keeper:
        try:
            save(keeper, one, new, validate=Validate.OFF)
        except OutOfSpace as error:
            return error.detail, open_intents(keeper)
        return "saved", open_intents(keeper)


@EVERYWHERE
@BOTH_ROUTES
def test_no_quota_left(quota: Quota, one: Bench, as_user: AsUser) -> None:
    """Refused although the disk has room: old bytes, nothing left over, the reason; done with a higher limit."""
    as_user(STRANGER, lambda: fill(quota, LIMIT - 2))
    names, new = one.names(), os.urandom(3 << 20)
    detail, pending = as_user(STRANGER, lambda: saving(one, new))
    assert "quota" in detail.lower()
    assert "the old content is intact" in detail
    assert one.path.read_bytes() == OLD
    assert one.names() == names
    assert pending == 0
    quota.limit(LIMIT + 10)
    assert as_user(STRANGER, lambda: saving(one, new)) == ("saved", 0)
    assert one.path.read_bytes() == new


@EVERYWHERE
@BOTH_ROUTES
@pytest.mark.parametrize("after", [1 << 20, 100], ids=["same size", "shrinking"])
def test_at_the_limit(quota: Quota, one: Bench, as_user: AsUser, after: int) -> None:
    """Nothing is left at all: a save that does not grow is done, or refused with the old bytes in place."""
    old, new = os.urandom(1 << 20), os.urandom(after)
    one.path.write_bytes(old)

    def to_the_limit() -> None:
        with pytest.raises(OSError, match="quota"):
            fill(quota, LIMIT)

    as_user(STRANGER, to_the_limit)
    subprocess.run(["sync", "-f", quota.at], check=True)
    detail, pending = as_user(STRANGER, lambda: saving(one, new))
    assert one.path.read_bytes() == (new if detail == "saved" else old)
    assert detail == "saved" or "quota" in detail.lower()
    assert pending == 0
