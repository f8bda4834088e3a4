"""Somebody edits the file while it is saved, at every moment of it, and whatever happens next: no edit is ever lost."""

from __future__ import annotations

import errno
import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import pytest

from confkeep.documents.check import Validate
from confkeep.files import leftovers
from tests.support.looking import leftovers_in, opened
from tests.support.saving import NEW, OLD, ROUTES, Bench, bench, only, open_intents, recorded, save
from tests.support.sites import Site, Watch, all_sites, in_a_child

if TYPE_CHECKING:
    from pathlib import Path

EXCHANGE: Final = Site("main", "rename_exchange", 1, "before")
EXCHANGED: Final = Site("main", "rename_exchange", 1, "after")


class Scene:
    """One file, and an edit of it that nobody has seen before."""

    def __init__(self, one: Bench) -> None:
        self.one = one
        self.path = one.path
        self.edited = self.edited_again = b""

    def begin(self) -> None:
        """OLD is in the file, and nothing is left of the last time."""
        self.edited, self.edited_again = (b"by: hand %s\n" % os.urandom(8).hex().encode() for _ in range(2))
        for name in leftovers_in(self.one.directory):
            (self.one.directory / name).unlink()
        self.path.unlink(missing_ok=True)
        other = self.one.directory / "other-name.yaml"
        if other.exists():
            other.write_bytes(OLD)
            self.path.hardlink_to(other)
        else:
            self.path.write_bytes(OLD)

    def present(self) -> bytes | None:
        """What is in the file."""
        return self.path.read_bytes() if self.path.exists() else None

    def rename_over(self, content: bytes) -> None:
        """What most editors do."""
        other = self.one.directory / "other"
        other.write_bytes(content)
        other.rename(self.path)

    def leftovers(self) -> list[bytes]:
        """The contents of files that no sweep removes."""
        return [(self.one.directory / name).read_bytes() for name in leftovers_in(self.one.directory)]

    def recover(self) -> list[bytes]:
        """The next process recovers, and a sweep removes what is nobody's: the contents in the history."""
        with self.one.keeper() as keeper:
            assert all(found.settled for found in keeper.recover())
            assert open_intents(keeper) == 0
            contents = [content for _, content in recorded(keeper, self.one)]
        with opened(self.one.directory, os.O_RDONLY) as directory:
            leftovers.sweep(directory)
        return contents


def in_place(scene: Scene) -> bool:
    """What ``>`` does in a shell; an editor that would have to wait for a lease comes later."""
    try:
        fd = os.open(scene.path, os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK)
    except BlockingIOError:
        return False
    os.write(fd, scene.edited)
    os.close(fd)
    return True


def renamed_over(scene: Scene) -> bool:
    """What most editors do."""
    scene.rename_over(scene.edited)
    return True


def removed(scene: Scene) -> bool:
    """Somebody removes the file."""
    scene.path.unlink()
    return True


Edit = Callable[[Scene], object]
EDITS: dict[str, Edit] = {"in place": in_place, "renamed over": renamed_over, "removed": removed}
BOTH_ROUTES = pytest.mark.parametrize("route", ROUTES)


@pytest.fixture
def scene(disk: Path, route: str) -> Scene:
    """A file."""
    return Scene(bench(disk / "config", disk / "state", route))


@pytest.fixture
def route() -> str:
    """Tests that look at both routes give their own."""
    return "replace"


def watched_save(scene: Scene, at: dict[Site, Callable[[], object]]) -> tuple[str, list[object]]:
    """Save NEW if OLD is there, in a process of its own; at these sites something happens.

    How the save ended, and what those things returned.
    """
    returned: list[object] = []

    def act(site: Site) -> None:
        if site in at:
            returned.append(at[site]())

    def attempt() -> tuple[str, list[object]]:
        with scene.one.keeper() as keeper:
            try:
                with Watch(act):
                    save(keeper, scene.one, expect=only(OLD), validate=Validate.OFF)
            except BaseException as error:  # noqa: BLE001 - the test shall see it
                return f"{type(error).__name__}: {error}", returned
        return "saved", returned

    scene.begin()
    return in_a_child(attempt) or ("killed", [])


def sites_of(scene: Scene) -> list[Site]:
    """All sites of a save that nothing disturbs."""

    def record() -> list[Site]:
        with scene.one.keeper() as keeper:
            return all_sites(lambda: save(keeper, scene.one, expect=only(OLD), validate=Validate.OFF))

    scene.begin()
    found: list[Site] = in_a_child(record)
    assert scene.present() == NEW
    return found


def kill() -> None:
    """As by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    """The disk fails."""
    raise OSError(errno.EIO, "Input/output error")


def interrupt() -> None:
    """Ctrl-C."""
    raise KeyboardInterrupt


@BOTH_ROUTES
@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
def test_at_every_moment(scene: Scene, edit: Edit) -> None:
    """Before it: a conflict. After it: a later save. In either case what was edited is what is there."""
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    for site in sites_of(scene):
        if site.when == "after":  # what comes after a call comes before the next
            continue
        said, done = watched_save(scene, {site: lambda: edit(scene)})
        if done != [True]:
            ends["held off by the lease"] += 1
            continue
        expected = None if edit is removed else scene.edited
        if scene.present() != expected:
            wrong.append(f"{site}: {scene.present()!r}, {said}")
        scene.recover()
        if scene.present() != expected or scene.leftovers():
            wrong.append(f"after recovery {site}: {scene.present()!r}, {said}")
        end = said.partition(":")[0]
        ends[end] += 1
        if end not in {"saved", "Conflict"}:
            wrong.append(f"{site}: {said}")
    assert wrong == [], "\n".join(wrong)
    assert ends["saved"] > 0
    assert ends["Conflict"] > 0


@pytest.mark.parametrize("after", [kill, fail, interrupt])
@pytest.mark.parametrize("edit", [in_place, renamed_over])
def test_just_before_the_exchange_and_then_a_crash(scene: Scene, edit: Edit, after: Callable[[], object]) -> None:
    """The edit is displaced for a moment; whatever happens in it, recovery gives it its name again."""
    sites = sites_after(scene, {EXCHANGE: lambda: edit(scene)}, after)
    assert len(sites) >= 8
    wrong: list[str] = []
    for site in sites:
        said, _ = watched_save(scene, {EXCHANGE: lambda: edit(scene), site: after})
        contents = scene.recover()
        if scene.present() != scene.edited or scene.leftovers():
            wrong.append(f"{site}: {scene.present()!r}, {said}, {scene.edited in contents}")
    assert wrong == [], "\n".join(wrong)


def sites_after(scene: Scene, at: dict[Site, Callable[[], object]], after: Callable[[], object]) -> list[Site]:
    """The sites that a save passes after the last of these, when those things happen, and where ``after`` can come."""
    readable, writable = os.pipe()

    def act(site: Site) -> None:
        os.write(writable, json.dumps(site).encode() + b"\n")
        if site in at:
            at[site]()

    def attempt() -> str:
        with scene.one.keeper() as keeper, Watch(act):
            try:
                save(keeper, scene.one, expect=only(OLD), validate=Validate.OFF)
            except Exception as error:  # noqa: BLE001 - the test shall see it
                return type(error).__name__
        return "saved"

    scene.begin()
    assert in_a_child(attempt) == "Conflict"
    os.close(writable)
    with os.fdopen(readable) as pipe:
        passed = [Site(*json.loads(line)) for line in pipe]
    last = max(passed.index(site) for site in at)
    left = [site for site in passed[last + 1 :] if site.thread == "main"]
    return left if after is interrupt else [site for site in left if site.when == "before"]


@pytest.mark.parametrize("after", [None, kill, fail, interrupt])
def test_two_edits(scene: Scene, after: Callable[[], object] | None) -> None:
    """One just before the exchange, one just after it: the second is in the file, the first in the history."""
    at: dict[Site, Callable[[], object]] = {
        EXCHANGE: lambda: renamed_over(scene),
        EXCHANGED: lambda: scene.rename_over(scene.edited_again),
    }
    sites: list[Site | None] = [None]
    if after is not None:
        sites = [*sites_after(scene, at, after)]
    wrong: list[str] = []
    for site in sites:
        said, _ = watched_save(scene, at if site is None or after is None else {**at, site: after})
        contents = scene.recover()
        # What could not be noted stays beside the file.
        kept = contents + scene.leftovers() if after is fail else contents
        if (
            scene.present() != scene.edited_again
            or scene.edited not in kept
            or (scene.leftovers() and after is not fail)
        ):
            wrong.append(f"{site}: {scene.present()!r}, {said}, {scene.edited in contents}, {scene.leftovers()}")
    assert wrong == [], "\n".join(wrong)


def test_an_editor_that_has_it_open(scene: Scene) -> None:
    """Who opened the file before and writes up to the exchange, or just after it, is seen as well."""
    for site in (EXCHANGE, EXCHANGED):
        scene.begin()
        fds: list[int] = []

        def open_it(fds: list[int] = fds) -> None:
            fds.append(os.open(scene.path, os.O_RDWR))

        def write_it(fds: list[int] = fds) -> None:
            os.pwrite(fds[0], scene.edited, 0)

        said, _ = watched_save(scene, {sites_of(scene)[0]: open_it, site: write_it})
        scene.recover()
        assert said.startswith("Conflict"), (site, said)
        assert scene.present() is not None
        assert scene.edited in (scene.present() or b""), site


@pytest.mark.parametrize("edit", [None, renamed_over])
def test_a_sweep_at_every_moment(scene: Scene, edit: Edit | None) -> None:
    """Another process sweeps the directory while a file in it is published: that changes nothing."""

    def sweep() -> None:
        with opened(scene.one.directory, os.O_RDONLY) as directory:
            leftovers.sweep(directory)

    at: dict[Site, Callable[[], object]] = {} if edit is None else {EXCHANGE: lambda: edit(scene)}
    wrong: list[str] = []
    for site in sites_of(scene):
        if site.when == "before" and site not in at:
            said, _ = watched_save(scene, {**at, site: sweep})
            expected = ("saved", NEW) if edit is None else ("Conflict", scene.edited)
            if (said.partition(":")[0], scene.present()) != expected or scene.leftovers():
                wrong.append(f"{site}: {said}, {scene.present()!r}, {scene.leftovers()}")
    assert wrong == [], "\n".join(wrong)
