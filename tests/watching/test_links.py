"""Symbolic links: a file that is read by another name changes with what that leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import etag
from tests.daemon.running import toml
from tests.watching.agreement import ROOT, await_agreement
from tests.watching.told import Told, told

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.daemon.fixtures import Serve


def _link(target: str, at: Path) -> None:
    """As everybody does who must not leave a moment without it."""
    new = at.with_name(f"{at.name}.new~")
    new.symlink_to(target)
    new.rename(at)


@pytest.fixture
def directory(disk: Path) -> Path:
    """As Kubernetes mounts a ConfigMap: the files are links through a link that is exchanged, ``plain.yaml`` is one."""
    made = disk / "config"
    for version in (b"1", b"2"):
        (made / f"..{version.decode()}").mkdir(parents=True)
        (made / f"..{version.decode()}" / "a.yaml").write_bytes(b"a: %s\n" % version)
    _link("..1", made / "..data")
    _link("..data/a.yaml", made / "a.yaml")
    (made / "plain.yaml").write_bytes(b"plain: 1\n")
    _link("plain.yaml", made / "link.yaml")
    return made


@pytest.fixture
def stream(serve: Serve, directory: Path) -> Generator[Told]:
    """What a daemon tells that has seen all of it."""
    daemon = serve(settings=toml(roots={ROOT: {"path": str(directory)}}))
    await_agreement(daemon, directory, [directory / name for name in ("..1/a.yaml", "..2/a.yaml", "plain.yaml")])
    with told(daemon.socket) as made:
        # What is looked at after all that was there at first; a link has no history of its own to be asked for.
        (directory / "marker.yaml").touch()
        assert made.wait(lambda: made.events(ROOT, "marker.yaml"))
        yield made


def _etags(stream: Told, path: str) -> list[str]:
    return [event.data["etag"] for event in stream.events(ROOT, path)]


def test_a_config_map_is_exchanged(stream: Told, directory: Path) -> None:
    """The file that readers read has another content, though no file has changed: that is told by its name."""
    _link("..2", directory / "..data")
    assert stream.wait(lambda: _etags(stream, "a.yaml") == [etag(b"a: 2\n")]), stream.events()


def test_what_a_link_leads_to_is_changed(stream: Told, directory: Path) -> None:
    """Told by both names, once each."""
    (directory / "plain.yaml").write_bytes(b"plain: 2\n")
    wanted = [etag(b"plain: 2\n")]
    assert stream.wait(lambda: _etags(stream, "plain.yaml") == _etags(stream, "link.yaml") == wanted), stream.events()


def test_a_link_is_made_to_lead_elsewhere(stream: Told, directory: Path) -> None:
    """Told by the link's name."""
    _link("..2/a.yaml", directory / "link.yaml")
    assert stream.wait(lambda: _etags(stream, "link.yaml") == [etag(b"a: 2\n")]), stream.events()


def test_a_link_becomes_a_file(stream: Told, directory: Path) -> None:
    """Told by its name; what it led to is as it was."""
    new = directory / "new~"
    new.write_bytes(b"own: 1\n")
    new.rename(directory / "link.yaml")
    assert stream.wait(lambda: _etags(stream, "link.yaml") == [etag(b"own: 1\n")]), stream.events()
    assert _etags(stream, "plain.yaml") == []
