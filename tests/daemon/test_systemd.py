import ctypes.util
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Generator, Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path

import pytest

from confkeep.daemon.settings import DEFAULT_SOCKET, DEFAULT_STATE
from tests.daemon import client, playing_systemd
from tests.daemon.running import PATIENCE, short_directory, toml
from tests.support.needs import need
from tests.support.users import OTHER, STRANGER

UNITS = Path(__file__).parents[2] / "docker/systemd"
PROGRAM, SETTINGS = "/opt/confkeep/bin/confkeep", "/etc/confkeep.toml"

#: CAP_NET_RAW as permitted: ``struct vfs_cap_data`` of linux/capability.h, revision 2.
FILE_CAPABILITY = struct.pack("<5I", 0x02000000, 1 << 13, 0, 0, 0)

#: Tenths; 1.2 was measured with systemd 252. Other versions weigh a little otherwise.
EXPOSURE = 20


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run systemd-analyze."""
    need(shutil.which("systemd-analyze"), "no systemd-analyze: apt-get install systemd")
    environment = os.environ | {"LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0"}
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def lines(unit: str, key: str) -> list[str]:
    """The values of ``key`` in the unit, in their order."""
    text = (UNITS / unit).read_text("utf-8")
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}=")]


def members(name: str) -> Iterator[str]:
    """The system calls of a set, or the one of that name."""
    if not name.startswith("@"):
        yield name
        return
    listed = analyze("syscall-filter", name)
    assert listed.returncode == 0, listed.stderr
    for line in listed.stdout.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            yield from members(word)


def system_calls() -> set[str]:
    """What SystemCallFilter= leaves (systemd.exec(5)): the lines count one after the other; @default is always in."""
    left = set(members("@default"))
    for line in lines("confkeep.service", "SystemCallFilter"):
        named = {call for word in line.removeprefix("~").split() for call in members(word)}
        left = left - named if line.startswith("~") else left | named
    return left


def capabilities() -> str:
    """CapabilityBoundingSet= as setpriv(1) takes it."""
    (line,) = lines("confkeep.service", "CapabilityBoundingSet")
    return ",".join(["-all", *(f"+{name.removeprefix('CAP_').lower()}" for name in line.split())])


def test_units_are_understood(tmp_path: Path) -> None:
    """Systemd has nothing to say about them: no unknown key, no value that it ignores."""
    for unit in UNITS.glob("confkeep.*"):
        text = unit.read_text("utf-8").replace(PROGRAM, sys.executable)
        (tmp_path / unit.name).write_text(text, "utf-8")
    done = analyze("verify", *map(str, sorted(tmp_path.glob("confkeep.*"))))
    said = [line for line in done.stderr.splitlines() if "confkeep" in line]
    assert (done.returncode, said) == (0, []), done.stderr


def test_service_is_hardened() -> None:
    """Its exposure stays below what is pinned here, and the list names what is left."""
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", str(UNITS / "confkeep.service"))
    assert done.returncode == 0, "\n".join(line for line in done.stdout.splitlines() if not line.startswith("✓"))
    assert "Overall exposure level" in done.stdout


def test_units_name_the_defaults() -> None:
    """Socket and state are where every client and the settings look for them; only the group may connect."""
    socket_unit = RawConfigParser(strict=False)
    socket_unit.read(UNITS / "confkeep.socket", "utf-8")
    assert socket_unit["Socket"]["ListenStream"] == DEFAULT_SOCKET
    assert socket_unit["Socket"]["SocketMode"] == "0660"
    assert lines("confkeep.service", "StateDirectory") == [os.path.basename(DEFAULT_STATE)]
    assert lines("confkeep.service", "ExecStart") == [f"{PROGRAM} serve --config {SETTINGS}"]


class Service:
    """confkeep.service as systemd runs it, where a test can: ExecStart=, socket, notification, limits."""

    def __init__(self, directory: Path, base: Path, root: Path) -> None:
        """Settings and state lie in ``base``."""
        self.base = base
        self.socket = str(directory / "confkeep.sock")
        settings = {"socket": self.socket, "state": str(base / "state")}
        (base / "confkeep.toml").write_text(toml(**settings, roots={"ha": {"path": str(root)}}), "utf-8")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        os.chmod(self.socket, 0o660)
        self.listener.listen()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(directory / "notify"))
        self.manager.settimeout(PATIENCE)

    @contextmanager
    def started(self, *before: str, limit: bool) -> "Generator[subprocess.Popen[bytes]]":
        """The process; ``before`` is put in front of its command line, ``limit`` is the filter of system calls."""
        (line,) = lines("confkeep.service", "ExecStart")
        program, *options = line.replace(SETTINGS, str(self.base / "confkeep.toml")).split()
        assert program == PROGRAM
        command = playing_systemd.hand_over(
            self.listener.fileno(),
            [sys.executable, "-m", "confkeep", *options],
            sorted(system_calls()) if limit else (),
        )
        environment = os.environ | {"NOTIFY_SOCKET": str(self.manager.getsockname())}
        with (
            (self.base / "log").open("ab") as log,
            subprocess.Popen(
                [*before, *command], pass_fds=[self.listener.fileno()], env=environment, stdout=log, stderr=log
            ) as process,
        ):
            try:
                yield process
            finally:
                process.kill()

    def hear(self, wanted: str) -> str:
        """Read notifications up to the one with ``wanted``; its text."""
        while True:
            assignments = self.manager.recv(4096).decode("utf-8").split("\n")
            if wanted in assignments:
                return "\n".join(assignments)

    @property
    def log(self) -> str:
        """What it has said."""
        return (self.base / "log").read_text("utf-8")

    def put(self, name: str, data: bytes, **headers: str) -> client.Answer:
        """Save a file."""
        wanted = {key.replace("_", "-"): value for key, value in headers.items()}
        return client.ask(self.socket, "PUT", f"/v1/files/ha/{name}", data, wanted)


@pytest.fixture
def root(public: Path) -> Path:
    """A directory to be edited, which belongs to another user and is closed to all others."""
    made = public / "config"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def service(disk: Path, root: Path) -> Generator[Service]:
    """The service, not yet started; its socket listens already."""
    with short_directory() as directory:
        made = Service(directory, disk, root)
        with made.listener, made.manager:
            yield made


def test_runs_on_the_socket_of_systemd(service: Service, root: Path) -> None:
    """It says when it is ready and when it stops, ends with 0 after SIGTERM, and the socket stays as it is."""
    before = os.stat(service.socket)
    with service.started(limit=False) as process:
        assert service.socket in service.hear("READY=1")
        assert service.put("a.yaml", b"a: 1\n", if_none_match="*").status == 201
        process.send_signal(signal.SIGTERM)
        service.hear("STOPPING=1")
        assert process.wait(PATIENCE) == 0, service.log
    assert (root / "a.yaml").read_bytes() == b"a: 1\n"
    after = os.stat(service.socket)
    assert (after.st_ino, after.st_mode, after.st_uid, after.st_gid) == (
        before.st_ino,
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    assert not os.path.exists(service.socket + ".lock")


def test_reloads(service: Service) -> None:
    """ExecReload= has the settings read again; the daemon says when it begins and when it is done, and serves on."""
    (line,) = lines("confkeep.service", "ExecReload")
    with service.started(limit=False) as process:
        service.hear("READY=1")
        assert client.ask(service.socket, "GET", "/healthz").status == 200
        subprocess.run(line.replace("$MAINPID", str(process.pid)).split(), check=True, timeout=PATIENCE)
        assert "MONOTONIC_USEC=" in service.hear("RELOADING=1")
        service.hear("READY=1")
        assert client.ask(service.socket, "GET", "/healthz").status == 200
        process.terminate()
        assert process.wait(PATIENCE) == 0, service.log


def test_callers_wait_for_the_next_start(service: Service) -> None:
    """Who connects while no daemon runs is answered by the next one."""
    with service.started(limit=False) as process:
        service.hear("READY=1")
        process.terminate()
        assert process.wait(PATIENCE) == 0, service.log
    with client.connected(service.socket) as early:
        early.sendall(b"GET /healthz HTTP/1.1\r\nHost: confkeep\r\nConnection: close\r\n\r\n")
        with service.started(limit=False) as process:
            assert early.recv(4096).startswith(b"HTTP/1.1 200 ")
            process.terminate()
            assert process.wait(PATIENCE) == 0, service.log


@pytest.mark.root
def test_saves_within_the_limits_of_the_unit(service: Service, root: Path) -> None:
    """With the unit's capabilities and system calls and no others, files of other users are saved on both routes.

    Owner, mode and capabilities are kept, and no reader sees half a file. In place goes what has two names; and what
    is setgid, which under RestrictSUIDSGID= an old file stays but no new one becomes.
    """
    need(os.geteuid() == 0, "the unit runs as the superuser")
    need(ctypes.util.find_library("seccomp"), "no libseccomp: apt-get install systemd")
    for name, mode in (("replaced", 0o640), ("in-place", 0o660), ("setgid", 0o2660)):
        (root / name).write_bytes(b"old\n")
        os.chown(root / name, STRANGER, OTHER)
        os.chmod(root / name, mode)
        os.setxattr(root / name, "security.capability", FILE_CAPABILITY)
    os.link(root / "in-place", root / "second-name")
    os.chown(root, STRANGER, OTHER)
    limits = ("setpriv", "--no-new-privs", "--inh-caps=-all", f"--bounding-set={capabilities()}")
    with service.started(*limits, limit=True) as process:
        service.hear("READY=1")
        told = {name: service.put(name, b"new\n", if_match="*") for name in ("replaced", "in-place", "setgid")}
        assert {name: answer.status for name, answer in told.items()} == dict.fromkeys(told, 200), service.log
        routes = {name: answer.json["route"]["name"] for name, answer in told.items()}
        assert routes == {"replaced": "replace", "in-place": "overwrite", "setgid": "overwrite"}
        assert all(answer.json["guarantees"]["reader_atomic"] for answer in told.values())
        assert service.put("made.yaml", b"a: 1\n", if_none_match="*").status == 201
        assert client.ask(service.socket, "GET", "/v1/history/ha/replaced").status == 200
        process.terminate()
        assert process.wait(PATIENCE) == 0, service.log
    for name, mode in (("replaced", 0o640), ("in-place", 0o660), ("setgid", 0o2660)):
        found = os.stat(root / name)
        assert (root / name).read_bytes() == b"new\n"
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (STRANGER, OTHER, mode), name
        assert os.getxattr(root / name, "security.capability") == FILE_CAPABILITY, name
    assert stat.S_IMODE(os.stat(root / "made.yaml").st_mode) == 0o644
    assert "Traceback" not in service.log
