"""One save through the socket, looked at from every side."""

import os
from dataclasses import dataclass
from typing import Any

from tests.daemon.client import Answer
from tests.engine.container import Keeper

OLD = b"# by hand\n- id: old\n  alias: Hall light at sunset\n"
NEW = b"# by hand\n- id: new\n  alias: Hall light, a good while before sunset\n"


@dataclass(frozen=True, slots=True)
class Saved:
    """The answer, and the inode that the container saw before and sees now."""

    answer: dict[str, Any]
    inode_before: int
    inode_now: int

    @property
    def rules(self) -> list[str]:
        """The rules of the findings that came with the answer."""
        return [finding["rule"] for finding in self.answer["findings"]]


def stat(keeper: Keeper, address: str) -> dict[str, Any]:
    """What the daemon says about a file before anybody types."""
    answer = keeper.ask("GET", f"/v1/stat/{address}")
    assert answer.status == 200, answer
    seen: dict[str, Any] = answer.json
    return seen


def put(keeper: Keeper, address: str, body: bytes = NEW) -> Answer:
    """Save over what GET shows now."""
    etag = keeper.ask("GET", f"/v1/files/{address}").headers["ETag"]
    return keeper.ask("PUT", f"/v1/files/{address}", body, {"If-Match": etag})


def plain_rename(keeper: Keeper, target: str) -> list[str]:
    """Where a plain temporary file and rename stops in the daemon's own container, and the errno.

    It runs as the owner of the directory, so that no mode is to blame.
    """
    owner = keeper.exec("stat", "--format=%u", os.path.dirname(target)).decode().strip()
    outcome: list[str] = keeper.python("plain_rename", target, user=owner)
    return outcome


def save(keeper: Keeper, address: str, inside: str, route: str) -> Saved:
    """Save NEW over OLD. It is answered 200 by this route, the container reads it, and OLD is a revision."""
    assert keeper.read(inside) == OLD
    before = keeper.inode(inside)
    assert stat(keeper, address)["route"]["name"] == route
    answer = put(keeper, address)
    assert answer.status == 200, answer
    assert answer.json["route"]["name"] == route
    assert answer.json["guarantees"]["reader_atomic"] is True
    assert keeper.read(inside) == NEW
    assert history(keeper, address) == [NEW, OLD]
    return Saved(answer.json, before, keeper.inode(inside))


def history(keeper: Keeper, address: str) -> list[bytes]:
    """Every recorded content of a file, the newest first."""
    answer = keeper.ask("GET", f"/v1/history/{address}")
    assert answer.status == 200, answer
    contents = [keeper.ask("GET", f"/v1/revisions/{revision['id']}/content") for revision in answer.json["revisions"]]
    assert [content.status for content in contents] == [200] * len(contents)
    return [content.body for content in contents]
