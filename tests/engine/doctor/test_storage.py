"""Where a file would be lost, or hides others: MNT011 to MNT014, STA001."""

import pytest

from tests.engine.doctor.live import Live

pytestmark = pytest.mark.root

FILE = "/config/a.yaml"


def test_not_persistent(live: Live) -> None:
    """A file in the container's own layer: MNT011 where the container is named; not once its directory is mounted."""
    app = live.run("app")
    app.exec("sh", "-c", f"mkdir /config && echo a >{FILE}")
    named = ("--container", live.name("app"))
    unnamed = live.doctor()
    assert unnamed.keys == set()
    assert unnamed.why("MNT011") == {"the container's own layer is read only where a container or a path is named"}
    found = live.doctor(*named)
    assert found.keys == {("app", "MNT011", FILE)}
    assert found.of("MNT011")["evidence"] == live.line("app", "/")
    assert live.doctor(*named, "--path", "/srv/b.yaml").keys == {("app", "MNT011", "/srv/b.yaml")}
    live.run("app", f"--volume={live.file('conf/a.yaml').parent}:/config")
    assert live.doctor(*named, "--path", FILE).keys == live.doctor(*named).keys == set()


@pytest.mark.parametrize("option", ["--tmpfs=/config", "--mount=type=tmpfs,target=/config"])
def test_tmpfs(live: Live, option: str) -> None:
    """In memory, however it was asked for: MNT012; a volume in its place mends it."""
    live.run("app", option)
    found = live.doctor()
    assert found.keys == {("app", "MNT012", "/config")}
    assert found.of("MNT012")["evidence"] == live.line("app", "/config")
    live.run("app", f"--volume={live.volume('config')}:/config")
    assert live.doctor().keys == set()


def test_tmpfs_for_what_is_temporary(live: Live) -> None:
    """A read-only container has its /tmp and /run in memory, and nobody keeps configuration there."""
    live.run(
        "app", "--read-only", "--tmpfs=/tmp", "--tmpfs=/run", f"--volume={live.file('conf/a.yaml').parent}:/config"
    )
    assert live.doctor().keys == set()
    asked = live.doctor("--container", live.name("app"), "--path", "/run/a.yaml")
    assert asked.keys == {("app", "MNT012", "/run")}


def test_anonymous_volume(live: Live) -> None:
    """A volume without a name: MNT013; with a name it is gone."""
    live.run("app", "--volume=/config")
    found = live.doctor()
    assert found.keys == {("app", "MNT013", "/config")}
    assert found.of("MNT013")["evidence"] == live.line("app", "/config")
    live.run("app", f"--volume={live.volume('config')}:/config")
    assert live.doctor().keys == set()


def test_volume_shadows_image(live: Live) -> None:
    """A volume over files of the image: a note, and none where the image has nothing."""
    volume = live.volume("config")
    live.run("app", f"--volume={volume}:/usr/share/base-files")
    found = live.doctor()
    assert found.keys == {("app", "MNT014", "/usr/share/base-files")}
    assert found.of("MNT014")["severity"] == "note"
    assert found.of("MNT014")["evidence"] == live.line("app", "/usr/share/base-files")
    live.run("app", f"--volume={volume}:/config")
    assert live.doctor().keys == set()


def test_volume_of_a_bound_directory(live: Live) -> None:
    """A volume that is a directory of the host (`o: bind`): the files there are found by the kernel's word."""
    source = live.file("conf/a.yaml")
    options = ("--opt=type=none", "--opt=o=bind", f"--opt=device={source.parent}")
    volume = live.volume("config", *options)
    live.run("app", f"--volume={volume}:/config")
    live.run("single", f"--volume={source}:{FILE}:ro")
    found = live.doctor()
    assert ("single", "MNT018", FILE) in found.keys
    assert live.name("app") in found.of("MNT018")["message"]


def test_state_not_durable(live: Live) -> None:
    """Confkeep's own state in memory: STA001 with the mount; not on a disk."""
    memory = live.base / "memory"
    memory.mkdir()
    live.mount(memory, "-t", "tmpfs", "confkeep-test")
    findings = live.report("--state", memory)["findings"]
    (found,) = (finding for finding in findings if finding["rule"] == "STA001")
    assert (found["severity"], found["path"]) == ("error", str(memory))
    assert found["evidence"].split()[4] == str(memory)
    live.file("state/history.db")
    assert "STA001" not in {finding["rule"] for finding in live.report("--state", live.base / "state")["findings"]}
