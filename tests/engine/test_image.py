"""The image that docker/Dockerfile makes: who it runs as, how it is watched, how it stops."""

import time
from pathlib import Path

from tests.engine.cli import docker, inspect, run
from tests.engine.container import HARDENED, ISOLATED, Setup, started
from tests.engine.fixtures import Serve

HEALTHCHECK = ("/opt/confkeep/bin/python", "-IS", "/opt/confkeep/bin/healthcheck")


def _setup(config: Path, *options: str) -> Setup:
    return Setup({"config": "/config"}, [f"{config}:/config"], ["--read-only", *options])


def test_it_runs_with_nothing(serve: Serve, keeper_image: str, config: Path) -> None:
    """By default it is 1000:1000. With a read-only root filesystem and no capability it is ready."""
    assert inspect(keeper_image)["Config"]["User"] == "1000:1000"
    keeper = serve(_setup(config))
    process = keeper.process()
    assert "0" not in process["Uid"].split()
    assert int(process["CapEff"], 16) == int(process["CapBnd"], 16) == 0
    assert process["NoNewPrivs"] == "1"
    assert keeper.exec("cat", "/proc/1/cmdline").split(b"\0")[1].endswith(b"confkeep")


def test_its_own_directories_belong_to_its_user(keeper_image: str) -> None:
    """A fresh named volume takes over owner and mode of these two: the daemon needs no help to use it."""
    ask = ("stat", "--format=%u:%g %a", "/run/confkeep", "/var/lib/confkeep")
    said = docker("run", "--rm", *ISOLATED, f"--entrypoint={ask[0]}", keeper_image, *ask[1:])
    assert said.splitlines() == ["1000:1000 750", "1000:1000 700"]


def test_everything_is_byte_code(keeper_image: str) -> None:
    """No module that the daemon can load is compiled at start, the standard library's included."""
    with started(*HARDENED, "--entrypoint=sleep", keeper_image, "infinity") as container:
        modules = container.python("uncompiled")
    assert modules["loaded"] > 100
    assert modules["missing"] == []


def test_it_becomes_healthy(serve: Serve, config: Path) -> None:
    """The engine calls it healthy, by the image's own health check."""
    keeper = serve(_setup(config, "--health-interval=200ms"))
    deadline = time.monotonic() + 30
    while keeper.state["Health"]["Status"] == "starting" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert keeper.state["Health"]["Status"] == "healthy", keeper.state["Health"]


def test_the_health_check_can_fail(serve: Serve, config: Path) -> None:
    """Where nobody listens the health check ends with 1 and says which socket it asked."""
    keeper = serve(_setup(config))
    nobody = "CONFKEEP_HOST=unix:///run/confkeep/nobody.sock"
    done = run("docker", "exec", f"--env={nobody}", keeper.id, *HEALTHCHECK)
    assert done.returncode == 1
    assert b"/run/confkeep/nobody.sock" in done.stderr
    assert run("docker", "exec", keeper.id, *HEALTHCHECK).returncode == 0


def test_it_stops_when_asked(serve: Serve, config: Path) -> None:
    """`docker stop` ends it within a second, by itself: exit code 0, not the 137 of a kill."""
    keeper = serve(_setup(config))
    begun = time.monotonic()
    docker("stop", "--time=1", keeper.id)
    print(f"docker stop took {time.monotonic() - begun:.2f} s")  # noqa: T201  # measured, not asserted
    state = keeper.state
    assert (state["Status"], state["ExitCode"], state["OOMKilled"]) == ("exited", 0, False), keeper.logs()
    assert not Path(keeper.socket).exists()
