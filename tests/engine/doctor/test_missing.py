"""Sources that are not there, or not of the right kind: MNT006, MNT007, MNT008."""

import pytest

from tests.engine.cli import docker
from tests.engine.doctor.live import Live

pytestmark = pytest.mark.root

FILE = "/config/a.yaml"


def test_autocreated_directory(live: Live) -> None:
    """The engine made a directory where the file was to be: MNT006; with the file there, only how it is mounted."""
    source = live.base / "conf" / "a.yaml"
    live.run("app", f"--volume={source}:{FILE}")
    found = live.doctor()
    assert found.keys == {("app", "MNT006", FILE)}
    made = found.of("MNT006")
    assert (made["severity"], made["evidence"]) == ("error", f"{source}: directory, mode 755, owner 0:0")
    # The container's own layer has a directory there too, by now: it has to be made anew.
    docker("stop", "--time=0", live.name("app"))
    source.rmdir()
    live.file("conf/a.yaml")
    assert "a directory onto a file" in live.start_fails("app")
    live.run("app", f"--volume={source}:{FILE}")
    assert live.doctor().keys == {("app", "MNT001", FILE)}


def test_autocreated_directory_over_a_file(live: Live) -> None:
    """The image has a file there: the engine's directory cannot be mounted onto it; MNT006 says why, MNT007 what."""
    source = live.base / "conf" / "passwd.conf"
    error = live.fail("app", f"--volume={source}:/etc/passwd")
    found = live.doctor()
    assert found.keys == {("app", "MNT006", "/etc/passwd"), ("app", "MNT007", "/etc/passwd")}
    assert found.of("MNT007")["evidence"] == error
    source.rmdir()
    live.file("conf/passwd.conf", "root:x:0:0:root:/root:/bin/sh\n")
    live.start("app")
    assert live.doctor().keys == set()  # /etc/passwd is a file of the system, and nobody saves it


def test_type_mismatch(live: Live) -> None:
    """A file onto a directory of the image: MNT007 with the engine's words, until the source is a directory."""
    source = live.file("data")
    error = live.fail("app", f"--volume={source}:/usr/share")
    found = live.doctor()
    assert found.keys == {("app", "MNT007", "/usr/share")}
    assert (found.of("MNT007")["evidence"], found.of("MNT007")["host_path"]) == (error, str(source))
    source.unlink()
    source.mkdir()
    live.start("app")
    assert live.doctor().keys == set()


def test_source_missing(live: Live) -> None:
    """The source of a stopped container is gone: MNT008; created again, the container starts."""
    source = live.file("conf/a.yaml")
    live.run("app", f"--mount=type=bind,source={source.parent},target=/config")
    docker("stop", "--time=0", live.name("app"))
    source.unlink()
    source.parent.rmdir()
    found = live.doctor()
    assert found.keys == {("app", "MNT008", "/config")}
    assert found.of("MNT008")["host_path"] == str(source.parent)
    assert found.of("MNT008")["evidence"] == f"{source.parent}: no such file or directory"
    live.start_fails("app")
    assert live.doctor().keys == {("app", "MNT008", "/config")}
    live.file("conf/a.yaml")
    live.start("app")
    assert live.doctor().keys == set()
