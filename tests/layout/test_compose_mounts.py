"""What confkeep.layout reads out of a compose file, against what the real Compose reads out of it."""

from __future__ import annotations

import posixpath
from pathlib import Path

import pytest
import yaml

from confkeep.layout.compose_mount import Kind
from confkeep.layout.compose_nodes import Mapping
from tests.layout.composing import accepted, lay_out, stack_of

TOP = Path(__file__).parents[2]
VARIABLES = {"DATA": "./data", "COLON": "./x:/colon:ro", "CONFIG_DIR": "/srv/config"}
NOTATIONS = """
x-one: &one { type: bind, source: ./one, target: /one }
x-base: &base
  image: busybox
  read_only: true
  volumes: [/merged]
services:
  short:
    <<: *base
    volumes:
      - /anonymous/
      - named:/named
      - named:/named/ro:ro
      - ./a:/a
      - ../b/../c:/c/./d/../e:rw,z
      - ~/d:/d:ro,Z,rshared
      - ~bob/d:/bob
      - "~:/home"
      - /:/host:ro
      - .:/here
      - '${DATA}/x:/data:cached'
      - "${NO:-./no:/no}"
      - $COLON
      - ./first:/twice
      - ./second:/twice/
  long:
    image: busybox
    volumes:
      - *one
      - <<: *one
        target: /two
        read_only: "true"
      - { type: bind, source: relative/to, target: /three, bind: { create_host_path: false } }
      - { type: bind, source: /x, target: /four, bind: { propagation: rslave } }
      - { type: volume, source: named, target: /five, volume: { nocopy: true } }
      - { type: volume, target: /six, read_only: true }
      - { type: tmpfs, target: /seven, tmpfs: { size: 1m } }
  heir:
    extends: long
    volumes: ["./other:/one", "./more:/more"]
  heir-of-heir:
    extends: { service: heir }
    profiles: [never]
  merged: *base
  nothing:
    image: busybox
volumes:
  named:
"""


def ours(compose: Path) -> dict[str, list[tuple[object, ...]]]:
    """What we read."""
    stack = stack_of(compose, **VARIABLES)
    assert stack.skipped == []
    return {
        service: sorted(
            (one.kind.value, one.source, one.target, one.read_only, one.creates)
            for one in mounts.values()
            if one.kind in {Kind.BIND, Kind.VOLUME} or isinstance(one.item.node, Mapping)
        )
        for service, mounts in stack.mounts.items()
    }


def theirs(compose: Path) -> dict[str, list[tuple[object, ...]]]:
    """What Compose reads."""
    read = yaml.safe_load(accepted(compose, **VARIABLES))
    return {
        name: sorted(
            (
                one["type"],
                one.get("source", ""),
                posixpath.normpath(one["target"]),
                one.get("read_only", False),
                one["type"] == "bind" and one.get("bind", {}).get("create_host_path", True),
            )
            for one in service.get("volumes", ())
        )
        for name, service in read["services"].items()
    }


@pytest.mark.parametrize("text", [NOTATIONS, (TOP / "compose.yaml").read_text()], ids=["notations", "our own"])
def test_the_same_mounts(tmp_path: Path, text: str) -> None:
    """Type, source, target and options of every mount of every service are those that Compose would make."""
    compose = lay_out(tmp_path, text)
    assert ours(compose) == theirs(compose)
