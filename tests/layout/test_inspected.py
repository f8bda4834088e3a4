"""What is read, and what may be kept, of an engine's answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkeep.layout.inspected import container, kept
from confkeep.layout.model import CAP_DAC_OVERRIDE, Declared

#: Everything in it that must not be kept has this word.
MARK = "hunter2"
TOLD: dict[str, Any] = {
    "Id": "ab" * 32,
    "Name": "/app",
    "Path": f"--password={MARK}",
    "Args": [MARK],
    "State": {"Running": True, "Pid": 7, "Error": "", "Health": {"Log": [{"Output": MARK}]}},
    "Config": {
        "User": "1000:1000",
        "Env": [f"PASSWORD={MARK}"],
        "Cmd": [MARK],
        "Healthcheck": {"Test": [MARK]},
        "Labels": {"com.docker.compose.service": "app", "traefik.auth": MARK, "com.docker.compose.image": MARK},
    },
    "HostConfig": {
        "Tmpfs": {"/run/app": "size=1m", "/twice": ""},
        "ReadonlyRootfs": True,
        "LogConfig": {"Config": {"token": MARK}},
        "SecurityOpt": [MARK],
        "Mounts": [
            {
                "Type": "volume",
                "Source": "data",
                "Target": "/data",
                "VolumeOptions": {"Subpath": "sub/a.yaml", "DriverConfig": {"Options": {"o": f"password={MARK}"}}},
            },
            {"Type": "bind", "Source": "/srv/c1", "Target": "/etc/c1", "ReadOnly": True},
            {"Type": "bind", "Source": "/srv/own", "Target": "/own", "ReadOnly": True, "BindOptions": {}},
        ],
    },
    "Mounts": [
        {"Type": "volume", "Name": "data", "Source": "/volumes/data/_data", "Destination": "/data", "RW": True},
        {"Type": "bind", "Source": "/srv/a", "Destination": "/a", "RW": False, "Mode": "ro"},
        {"Type": "bind", "Source": "/srv/c1", "Destination": "/etc/c1", "RW": False},
        {"Type": "bind", "Source": "/srv/own", "Destination": "/own", "RW": False},
        {"Type": "bind", "Source": "/srv/s1", "Destination": "/run/secrets/s1", "RW": False},
        {"Type": "tmpfs", "Source": "", "Destination": "/twice", "RW": True},
    ],
    "NetworkSettings": {"Networks": MARK},
}


def test_what_the_engine_was_told_to_mount() -> None:
    """With the part of a volume, who manages a file, and the tmpfs that `Mounts` does not list."""
    assert container(TOLD).declared == (
        Declared("volume", "/volumes/data/_data/sub/a.yaml", "/data", volume="data"),
        Declared("bind", "/srv/a", "/a", read_only=True, autocreated=True),
        Declared("bind", "/srv/c1", "/etc/c1", read_only=True, managed="compose config"),
        Declared("bind", "/srv/own", "/own", read_only=True),
        Declared("bind", "/srv/s1", "/run/secrets/s1", read_only=True, managed="compose secret", autocreated=True),
        Declared("tmpfs", "", "/twice"),
        Declared("tmpfs", "", "/run/app"),
    )


def test_nothing_secret_is_kept() -> None:
    """Neither environment nor command, labels, logs or options of drivers."""
    assert MARK in json.dumps(TOLD)
    assert MARK not in json.dumps(kept(TOLD))
    assert MARK not in repr(container(TOLD))
    assert container(TOLD).labels == {"com.docker.compose.service": "app"}


def test_what_was_kept_reads_the_same() -> None:
    """A capture tells what the engine told."""
    assert container(kept(TOLD)) == container(TOLD)


@pytest.mark.parametrize(
    ("user", "host", "expected"),
    [
        ("", {}, (0, 0, True)),
        ("0", {"CapDrop": ["ALL"]}, (0, 0, False)),
        ("root", {}, None),
        ("0", {"CapDrop": ["CAP_DAC_OVERRIDE"]}, (0, 0, False)),
        ("0", {"CapDrop": ["ALL"], "CapAdd": ["dac_override"]}, (0, 0, True)),
        ("0", {"CapDrop": ["ALL"], "Privileged": True}, (0, 0, True)),
        ("1000:100", {}, (1000, 100, False)),
        ("app", {}, None),
        ("1000:app", {}, None),
    ],
)
def test_as_whom_it_writes(user: str, host: dict[str, Any], expected: tuple[int, int, bool] | None) -> None:
    """Where it is said in numbers; the superuser may write everything unless that was dropped."""
    who = container({"Config": {"User": user}, "HostConfig": host}).credentials
    assert expected == (who and (who.uid, who.gid, bool(who.capabilities >> CAP_DAC_OVERRIDE & 1)))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Mounts", "State", "Config", "HostConfig", "Type", "Labels", "Tmpfs"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["Id", "Name", "Mounts", "State", "Config", "HostConfig"]), _JSON))
def test_whatever_an_engine_says_is_read(told: dict[str, Any]) -> None:
    """Podman leaves things out, and a capture may come from anybody."""
    assert container(told).declared is not None
