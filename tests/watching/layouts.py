"""Where the files of the matrix are: what a daemon's roots are, and how others reach the same files."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.support.passthrough import passthrough
from tests.watching.changes import OLD, Kind, Who

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from tests.support.mounting import Mounts


class Seen(NamedTuple):
    """One file: its address in the API, and what it is called by whom. ``link``: a hard link outside every root."""

    root: str
    path: str
    by: dict[Who, str]
    link: str


@dataclass(frozen=True)
class Layout:
    """A layout that is there: the daemon's roots by name, and its files by name."""

    kind: Kind
    roots: dict[str, str]
    files: dict[str, Seen] = field(default_factory=dict[str, Seen])


class _Builder:
    """Below ``base``: the host's directories, what confkeep's container sees, and what another one sees."""

    def __init__(self, base: Path, mounts: Mounts, stack: ExitStack) -> None:
        self.mounts, self.stack = mounts, stack
        self.host, self.inside, self.other = (base / name for name in ("host", "inside", "other"))
        for path in (self.host, self.inside, self.other):
            path.mkdir()

    def prepare(self, where: Path, names: Iterable[str]) -> None:
        """Files in ``where``, each with a link elsewhere on the same filesystem."""
        where.mkdir(exist_ok=True)
        self.links.mkdir(exist_ok=True)
        for name in names:
            (where / name).write_bytes(OLD)
            if name.startswith("hard-link"):  # others would be saved in place
                (self.links / name).hardlink_to(where / name)

    @property
    def links(self) -> Path:
        """Where the links are."""
        return self.host / "links"

    def seen(self, address: tuple[str, str], name: str, inside: Path, host: Path, other: Path) -> Seen:
        """One file."""
        by = {Who.INSIDE: str(inside / name), Who.HOST: str(host / name), Who.OTHER: str(other / name)}
        return Seen(*address, by, str(self.links / name))


def _directory(made: _Builder, names: list[str]) -> Layout:
    host, inside, other = (at / "config" for at in (made.host, made.inside, made.other))
    made.prepare(host, names)
    made.mounts.bind(host, inside)
    made.mounts.bind(host, other)
    files = {name: made.seen(("config", name), name, inside, host, other) for name in names}
    return Layout(Kind.IN_DIRECTORY, {"config": str(inside)}, files)


def _tmpfs(made: _Builder, names: list[str]) -> Layout:
    made.mounts.mount(made.host, "-t", "tmpfs", "tmpfs")
    return _directory(made, names)


def _file(made: _Builder, names: list[str]) -> Layout:
    host = made.host / "files"
    made.prepare(host, names)
    for name in names:
        made.mounts.bind(host / name, made.inside / name)
        made.mounts.bind(host / name, made.other / name)
    files = {name: made.seen(("", name), name, made.inside, host, made.other) for name in names}
    return _each_a_root(Layout(Kind.MOUNTED, {}, files))


def _each_a_root(found: Layout) -> Layout:
    """Every file is a root of its own."""
    files = {name: seen._replace(root=f"f{at}", path=name) for at, (name, seen) in enumerate(found.files.items())}
    return Layout(found.kind, {seen.root: seen.by[Who.INSIDE] for seen in files.values()}, files)


def _nested_file(made: _Builder, names: list[str]) -> Layout:
    outer = _directory(made, [])
    inside, host = made.inside / "config", made.host / "files"
    made.prepare(host, names)
    for name in names:
        made.mounts.bind(host / name, inside / name)
        made.mounts.bind(host / name, made.other / name)
    files = {name: made.seen(("config", name), name, inside, host, made.other) for name in names}
    return Layout(Kind.MOUNTED, outer.roots, files)


def _nested_directory(made: _Builder, names: list[str]) -> Layout:
    outer = _directory(made, [])
    inside, host, other = made.inside / "config" / "packages", made.host / "packages", made.other / "packages"
    made.prepare(host, names)
    made.mounts.bind(host, inside)
    made.mounts.bind(host, other)
    files = {name: made.seen(("config", f"packages/{name}"), name, inside, host, other) for name in names}
    return Layout(Kind.IN_DIRECTORY, outer.roots, files)


def _fuse(made: _Builder, names: list[str]) -> Layout:
    host, inside, other = (at / "config" for at in (made.host, made.inside, made.other))
    made.prepare(host, names)
    inside.mkdir()
    made.stack.enter_context(passthrough(host, inside))
    made.mounts.bind(inside, other)
    files = {name: made.seen(("config", name), name, inside, host, other) for name in names}
    return Layout(Kind.IN_DIRECTORY, {"config": str(inside)}, files)


def _nested_fuse(made: _Builder, names: list[str]) -> Layout:
    outer = _directory(made, [])
    inside, host, other = made.inside / "config" / "remote", made.host / "remote", made.other / "remote"
    made.prepare(host, names)
    inside.mkdir()
    other.mkdir()
    made.stack.enter_context(passthrough(host, inside))
    made.mounts.bind(inside, other)
    files = {name: made.seen(("config", f"remote/{name}"), name, inside, host, other) for name in names}
    return Layout(Kind.IN_DIRECTORY, outer.roots, files)


_MAKERS: Final[dict[str, Callable[[_Builder, list[str]], Layout]]] = {
    "directory bind": _directory,
    "file bind": _file,
    "nested file bind": _nested_file,
    "nested directory bind": _nested_directory,
    "tmpfs": _tmpfs,
    "FUSE": _fuse,
    "nested FUSE": _nested_fuse,
    "single files": lambda made, names: _each_a_root(_directory(made, names)),
    "single files in FUSE": lambda made, names: _each_a_root(_fuse(made, names)),
}
#: Every layout, and what its files are.
LAYOUTS: Final = {
    name: Kind.MOUNTED if name in {"file bind", "nested file bind"} else Kind.IN_DIRECTORY for name in _MAKERS
}


@contextmanager
def layout(name: str, base: Path, mounts: Mounts, names: list[str]) -> Generator[Layout]:
    """The layout ``name`` with these files, below ``base``; ``mounts`` are taken away by their owner."""
    with ExitStack() as stack:
        yield _MAKERS[name](_Builder(base, mounts, stack), names)
