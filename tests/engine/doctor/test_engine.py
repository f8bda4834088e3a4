"""An engine that is stopped, started again, or hangs while its containers go on; and one that maps users: MNT020."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from confkeep.files import mounts
from confkeep.files.elsewhere import NOT_BOUND, Bound
from confkeep.files.place import resolve
from confkeep.files.root import ANYWHERE
from confkeep.layout.diagnosis import Source
from confkeep.layout.doctor import diagnose
from confkeep.layout.holders import Holders
from confkeep.layout.look import look
from confkeep.layout.survey import Survey
from tests.engine.cli import run
from tests.engine.container import ISOLATED
from tests.engine.doctor.engine import Engine
from tests.support.mounting import Mounts
from tests.support.needs import need

pytestmark = pytest.mark.root

FILE = "/config/a.yaml"
FIRST = 300_000
"""Of the host's users, the one that is root in a container."""


@pytest.fixture(scope="module")
def users(pytestconfig: pytest.Config) -> Iterator[str]:
    """A user whose subordinate ids an engine may map; only this process and its children see that in /etc."""
    need(os.geteuid() == 0, "an engine takes the superuser")
    base = Path(tempfile.mkdtemp(prefix="confkeep-etc-", dir="/var/tmp"))
    for name in ("upper", "work"):
        (base / name).mkdir()
    for name in ("subuid", "subgid"):
        (base / "upper" / name).write_text(f"nobody:{FIRST}:65536\nnogroup:{FIRST}:65536\n")
    made = Mounts()
    made.mount(Path("/etc"), "-t", "overlay", "-o", f"lowerdir=/etc,upperdir={base}/upper,workdir={base}/work", "etc")
    yield "nobody:nogroup"
    made.close()
    shutil.rmtree(base)


@pytest.fixture(scope="module")
def engine_of_ours(base_image: str, users: str) -> Iterator[Engine]:
    """An engine with the base image, whose containers outlive it."""
    directory = Path(tempfile.mkdtemp(prefix="ck", dir="/var/tmp"))
    directory.chmod(0o711)
    made = Engine(directory, f"--userns-remap={users}", "--live-restore")
    made.start()
    try:
        made.docker("load", stdin=run("docker", "save", base_image).stdout)
        yield made
    finally:
        made.close()


@pytest.fixture
def app(engine_of_ours: Engine, base_image: str, public: Path) -> Iterator[str]:
    """A container with a file mounted, as whose root the host's root counts; its id."""
    (public / "a.yaml").write_text("a: 1\n")
    options = ("--userns=host", "--init", "--name=app", f"--volume={public}/a.yaml:{FILE}")
    yield engine_of_ours.docker("run", "--detach", *ISOLATED, *options, base_image, "sleep", "infinity")
    engine_of_ours.docker("rm", "--force", "app")


def rules(survey: Survey, *names: str) -> set[tuple[str, str]]:
    """Rule and path of what is found about a container, by whichever of its names."""
    return {(found.rule, found.path) for found in diagnose(survey).findings if found.container in names}


def test_stopped_and_started_again(engine_of_ours: Engine, app: str, public: Path) -> None:
    """One process looks thrice: while the engine is stopped the kernel still tells, and afterwards all is as before."""
    addresses = [f"unix://{engine_of_ours.socket}"]
    before = look(addresses=addresses)
    assert rules(before, "app") == {("MNT001", FILE)}
    engine_of_ours.stop()
    try:
        (public / "new").write_text("a: 2\n")
        (public / "new").rename(public / "a.yaml")
        stopped = look(addresses=addresses)
    finally:
        engine_of_ours.start()
    assert any(why in stopped.sources[Source.API] for why in ("nothing is there", "nobody is listening"))
    assert rules(stopped, app[:12]) == {("MNT001", FILE), ("MNT002", FILE)}
    again = look(addresses=addresses)
    assert again.sources == before.sources
    assert rules(again, "app") == {("MNT001", FILE), ("MNT002", FILE)}
    engine_of_ours.docker("restart", "--time=0", "app")
    assert rules(look(addresses=addresses), "app") == {("MNT001", FILE)}


def test_a_save_asks_meanwhile(engine_of_ours: Engine, app: str, public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one object that a daemon asks before each save: the engine's stop costs the name, and its start brings it."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine_of_ours.socket}")
    holders = Holders()
    by_name, by_id = (Bound("yes", f"container {name} at {FILE}") for name in ("app", app[:12]))

    def asked() -> Bound:
        holders.look_around()
        with resolve(ANYWHERE, f"{public}/a.yaml") as place:
            fd = place.look()
            assert fd is not None
            facts = mounts.facts(fd, place.parent)
            os.close(fd)
            return holders(place, facts)

    try:
        assert asked() == by_name
        engine_of_ours.stop()
        try:
            assert asked() == by_id
        finally:
            engine_of_ours.start()
        assert asked() == by_name
        engine_of_ours.docker("stop", "--time=0", "app")
        assert asked() == NOT_BOUND
    finally:
        holders.close()


def test_engine_that_hangs(engine_of_ours: Engine, app: str) -> None:
    """It takes the connection and never answers: the doctor gives up after some seconds and asks the kernel."""
    engine_of_ours.hang()
    try:
        seen = look(addresses=[f"unix://{engine_of_ours.socket}"])
    finally:
        engine_of_ours.go_on()
    assert "timed out" in seen.sources[Source.API].lower(), seen.sources
    assert rules(seen, app[:12]) == {("MNT001", FILE)}


def test_two_engines(engine_of_ours: Engine, app: str) -> None:
    """Of several engines the one that answers is heard; the other's absence is no reason to skip."""
    seen = look(addresses=["unix:///nowhere/docker.sock", f"unix://{engine_of_ours.socket}"])
    assert seen.sources[Source.API] == "ok"
    assert rules(seen, "app") == {("MNT001", FILE)}


def test_userns_remap(engine_of_ours: Engine, base_image: str, public: Path) -> None:
    """Users are mapped: MNT020 with the map; neither after the chown it proposes, nor with the host's users, MNT019."""
    (public / "conf").mkdir()
    (public / "conf" / "a.yaml").write_text("a: 1\n")
    address = [f"unix://{engine_of_ours.socket}"]
    options = ("--init", "--name=mapped", f"--volume={public}/conf:/config", base_image, "sleep", "infinity")
    try:
        engine_of_ours.docker("run", "--detach", *ISOLATED, *options)
        survey = look(addresses=address)
        (found,) = (one for one in diagnose(survey).findings if one.container == "mapped")
        assert (found.rule, found.path) == ("MNT020", "/config")
        assert found.evidence == f"uid_map: 0 {FIRST} 65536"
        assert "may not write /config" in found.message
        assert f"`chown {FIRST}`" in found.remedy
        for path in (public / "conf", public / "conf" / "a.yaml"):
            os.chown(path, FIRST, FIRST)
        (found,) = (one for one in diagnose(look(addresses=address)).findings if one.container == "mapped")
        assert (found.rule, "may not write" in found.message) == ("MNT020", False)
        engine_of_ours.docker("rm", "--force", "mapped")
        engine_of_ours.docker("run", "--detach", "--userns=host", *ISOLATED, *options)
        assert rules(look(addresses=address), "mapped") == set()
    finally:
        engine_of_ours.docker("rm", "--force", "mapped")
