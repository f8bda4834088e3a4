"""The ways in which a container engine mounts a file, made with plain mounts. Each gives the path of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.mounting import Mounts

CONTENT = b"greeting: hello\n"


@dataclass(frozen=True, slots=True)
class Ground:
    """``host`` and ``inside`` are on one filesystem, ``elsewhere`` is on another."""

    mounts: Mounts
    host: Path
    inside: Path
    elsewhere: Path

    def source(self, name: str = "a.yaml", content: bytes = CONTENT) -> Path:
        """A file on the host's side."""
        return _file(self.host / name, content)


def _file(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def plain(ground: Ground) -> Path:
    """No mount at all."""
    return ground.source()


def file_bind(ground: Ground) -> Path:
    """``-v ./a.yaml:/config/a.yaml``: os.path.ismount and st_dev do not see it."""
    return ground.mounts.bind(ground.source(), ground.inside / "a.yaml")


def file_bind_from_elsewhere(ground: Ground) -> Path:
    """The same, the source on another filesystem."""
    return ground.mounts.bind(_file(ground.elsewhere / "a.yaml"), ground.inside / "a.yaml")


def directory_bind(ground: Ground) -> Path:
    """``-v ./conf:/config``: the file in it is an ordinary one."""
    ground.source()
    return ground.mounts.bind(ground.host, ground.inside / "config") / "a.yaml"


def stacked_binds(ground: Ground) -> Path:
    """Two binds on one mount point: the upper one counts."""
    file_bind(ground)
    return ground.mounts.bind(_file(ground.host / "second.yaml", b"second: yes\n"), ground.inside / "a.yaml")


def nested_bind(ground: Ground) -> Path:
    """A file bind inside a directory bind."""
    directory = directory_bind(ground).parent
    return ground.mounts.bind(_file(ground.elsewhere / "nested.yaml"), directory / "nested.yaml")


def beside_nested_bind(ground: Ground) -> Path:
    """An ordinary file beside that one."""
    return nested_bind(ground).with_name("a.yaml")


def bind_of_a_link(ground: Ground) -> Path:
    """The source is named by a symbolic link, which mount(2) follows."""
    link = ground.host / "link.yaml"
    link.symlink_to(ground.source())
    return ground.mounts.bind(link, ground.inside / "a.yaml")


def inside_a_mounted_filesystem(ground: Ground) -> Path:
    """A file of another filesystem, mounted whole."""
    return _file(ground.elsewhere / "a.yaml")


#: Every layout, and whether its file is a mount point.
LAYOUTS: dict[Callable[[Ground], Path], bool] = {
    plain: False,
    file_bind: True,
    file_bind_from_elsewhere: True,
    directory_bind: False,
    stacked_binds: True,
    nested_bind: True,
    beside_nested_bind: False,
    bind_of_a_link: True,
    inside_a_mounted_filesystem: False,
}
