"""The layouts of tests/watching in real containers: confkeep's, and another one on the same sources."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.engine.cli import LABEL, docker, run
from tests.engine.container import GROUP, OWNER, Container, Setup, give, serving, started
from tests.watching.changes import OLD, Kind, Who
from tests.watching.layouts import Layout, Seen
from tests.watching.told import told
from tests.watching.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

_TMPFS: Final = ("--opt=type=tmpfs", "--opt=device=tmpfs", f"--opt=o=uid={OWNER},gid={GROUP}")


@dataclass(kw_only=True)
class Contained(World):
    """Everybody where they really are."""

    containers: dict[Who, Container]

    def run(self, who: Who, seen: Seen, script: str) -> float:
        """Run a script on the file as ``who``; when it ended."""
        if who is Who.HOST:
            return super().run(who, seen, script)
        self.containers[who].exec("sh", "-euc", script, "sh", seen.by[who])
        return time.monotonic()

    def read(self, seen: Seen) -> bytes | None:
        """What a reader in confkeep's container sees; None where nothing is."""
        done = run("docker", "exec", self.containers[Who.INSIDE].id, "cat", seen.by[Who.INSIDE])
        if done.returncode != 0:
            assert b"No such file" in done.stderr, done.stderr
            return None
        return done.stdout


@dataclass(frozen=True, slots=True)
class Plan:
    """A layout, and the ``--volume`` options of both containers."""

    layout: Layout
    inside: list[str]
    other: list[str]


def _prepare(where: Path, names: list[str]) -> None:
    links = where.parent / "links"
    for directory in (where, links):
        directory.mkdir(exist_ok=True)
        give(directory)
    for name in names:
        (where / name).write_bytes(OLD)
        give(where / name)
        if name.startswith("hard-link"):
            (links / name).hardlink_to(where / name)


def _seen(address: tuple[str, str], name: str, inside: str, host: Path | str, other: str) -> Seen:
    by = {Who.INSIDE: f"{inside}/{name}", Who.HOST: f"{host}/{name}", Who.OTHER: f"{other}/{name}"}
    return Seen(*address, by, str(host).rpartition("/")[0] + f"/links/{name}")


def _directory(base: Path, names: list[str]) -> Plan:
    host = base / "config"
    _prepare(host, names)
    files = {name: _seen(("config", name), name, "/config", host, "/other") for name in names}
    layout = Layout(Kind.IN_DIRECTORY, {"config": "/config"}, files)
    return Plan(layout, [f"{host}:/config"], [f"{host}:/other"])


def _file(base: Path, names: list[str]) -> Plan:
    host = base / "files"
    _prepare(host, names)
    roots = {f"f{number}": name for number, name in enumerate(names)}
    files = {name: _seen((root, name), name, "/files", host, "/other") for root, name in roots.items()}
    layout = Layout(Kind.MOUNTED, {root: f"/files/{name}" for root, name in roots.items()}, files)
    volumes = ([f"{host}/{name}:{inside}/{name}" for name in names] for inside in ("/files", "/other"))
    return Plan(layout, *volumes)


def _nested_file(base: Path, names: list[str]) -> Plan:
    outer = _directory(base, [])
    host = base / "files"
    _prepare(host, names)
    files = {name: _seen(("config", name), name, "/config", host, "/files") for name in names}
    return Plan(
        Layout(Kind.MOUNTED, outer.layout.roots, files),
        [*outer.inside, *(f"{host}/{name}:/config/{name}" for name in names)],
        [*outer.other, *(f"{host}/{name}:/files/{name}" for name in names)],
    )


def _nested_directory(base: Path, names: list[str]) -> Plan:
    outer = _directory(base, [])
    host = base / "packages"
    _prepare(host, names)
    files = {name: _seen(("config", f"packages/{name}"), name, "/config/packages", host, "/packages") for name in names}
    return Plan(
        Layout(Kind.IN_DIRECTORY, outer.layout.roots, files),
        [*outer.inside, f"{host}:/config/packages"],
        [*outer.other, f"{host}:/packages"],
    )


PLANS: Final[dict[str, Callable[[Path, list[str]], Plan]]] = {
    "directory bind": _directory,
    "file bind": _file,
    "nested file bind": _nested_file,
    "nested directory bind": _nested_directory,
}


@contextmanager
def bound(name: str, base: Path, names: list[str], base_image: str, keeper_image: str) -> Generator[Contained]:
    """A layout of files of the host."""
    plan = PLANS[name](base, names)
    volumes = (f"--volume={each}" for each in plan.other)
    with (
        started("--init", *volumes, base_image, "sleep", "infinity") as other,
        _watched(plan, other, keeper_image) as world,
    ):
        yield world


@contextmanager
def in_memory(names: list[str], base_image: str, keeper_image: str) -> Generator[Contained]:
    """A tmpfs volume in both containers; the host reaches it as it reaches any container's files, by /proc/PID/root."""
    with ExitStack() as stack:
        volume = docker("volume", "create", f"--label={LABEL}=volume", *_TMPFS)
        stack.callback(docker, "volume", "rm", "--force", volume)
        options = ("--init", f"--volume={volume}:/memory")
        other = stack.enter_context(started(*options, base_image, "sleep", "infinity"))
        host = f"/proc/{other.state['Pid']}/root/memory/config"
        _fill(other, names)
        files = {name: _seen(("config", name), name, "/memory/config", host, "/memory/config") for name in names}
        layout = Layout(Kind.IN_DIRECTORY, {"config": "/memory/config"}, files)
        plan = Plan(layout, [f"{volume}:/memory"], [])
        yield stack.enter_context(_watched(plan, other, keeper_image))


def _fill(container: Container, names: list[str]) -> None:
    script = (
        "cd /memory; mkdir config links; text=$1; shift; "
        'for name; do printf %s "$text" >config/"$name"; done; '
        "for name in config/hard-link*; do ln $name links; done; "
        f"chown -R {OWNER}:{GROUP} config"
    )
    container.exec("sh", "-euc", script, "sh", OLD.decode(), *names)


@contextmanager
def _watched(plan: Plan, other: Container, keeper_image: str) -> Generator[Contained]:
    with serving(keeper_image, Setup(plan.layout.roots, plan.inside)) as keeper, told(keeper.socket) as stream:
        made = Contained(keeper, stream, plan.layout, containers={Who.INSIDE: keeper, Who.OTHER: other})
        made.await_first_sight()
        yield made
