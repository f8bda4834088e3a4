"""Whether the history and the events say what is on the disk."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.daemon import client
from tests.daemon.looking import etag
from tests.watching.world import eventually

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.daemon.running import Daemon
    from tests.watching.told import Told

ROOT = "config"


def on_disk(path: Path) -> str | None:
    """The etag of a file; None where nothing is."""
    try:
        return etag(path.read_bytes())
    except FileNotFoundError:
        return None


def await_known(daemon: Daemon, *addresses: str) -> None:
    """Until these files, which were there at the start, have a history: from then on changes of them are told."""
    for address in addresses:
        eventually(partial(_revisions, daemon, address), f"{address} is known")


def _revisions(daemon: Daemon, address: str) -> object:
    return daemon.ask("GET", f"/v1/history/{quote(address)}").json["revisions"]


def histories(daemon: Daemon, directory: Path, paths: Iterable[Path]) -> dict[Path, list[dict[str, Any]]]:
    """The revisions of each, the newest first."""
    with client.connection(daemon.socket) as connection:
        return {
            path: connection.ask(
                "GET", f"/v1/history/{ROOT}/{quote(str(path.relative_to(directory)))}?limit=1000"
            ).json["revisions"]
            for path in paths
        }


def differences(daemon: Daemon, directory: Path, paths: list[Path]) -> dict[Path, object]:
    """The files of which the newest revision is not what is on the disk: what it says, and what is there."""
    found = histories(daemon, directory, paths)
    said = {path: revisions[0]["etag"] if revisions else None for path, revisions in found.items()}
    there = {path: on_disk(path) for path in paths}
    return {path: (said[path], there[path]) for path in paths if said[path] != there[path]}


def await_agreement(daemon: Daemon, directory: Path, paths: list[Path]) -> None:
    """Until the newest revision of each is what is on the disk; nothing may be written meanwhile."""
    last: dict[Path, object] = {}

    def agrees() -> bool:
        last.clear()
        last.update(differences(daemon, directory, paths))
        return not last

    try:
        eventually(agrees, "agreement")
    except AssertionError:
        raise AssertionError(
            f"{len(last)} of {len(paths)} differ, such as {list(last.items())[:3]}: {daemon.log}"
        ) from None


def check_told(told: Told, daemon: Daemon, directory: Path, paths: list[Path]) -> None:
    """Each revision was told once and in its order, but for those before the stream was opened (the first of each)."""

    def missing() -> dict[Path, object]:
        found: dict[Path, object] = {}
        for path, revisions in histories(daemon, directory, paths).items():
            events = told.events(ROOT, str(path.relative_to(directory)))
            said = [(event.data["revision"], event.data["etag"]) for event in events]
            recorded = [(each["id"], each["etag"]) for each in reversed(revisions)][1:]
            if said != recorded:
                found[path] = (said, recorded)
        return found

    told.wait(lambda: not missing())
    assert missing() == {}
