"""What engines say, and how they fail. The engines here answer what they are told; real ones are tests/engine's."""

from __future__ import annotations

import hashlib
import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from confkeep.layout.containers import containers
from confkeep.layout.contexts import addresses
from confkeep.layout.model import OK
from tests.layout.engine import VERSION, answers, engine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import AsUser

IDENT = "ab" * 32


def _attributes(ident: str = IDENT, name: str = "/app", **more: Any) -> dict[str, Any]:
    return {"Id": ident, "Name": name, "State": {"Running": True, "Pid": 7}, "Mounts": [], **more}


def test_containers_of_an_engine(tmp_path: Path) -> None:
    """Each with the address of its engine."""
    with engine(tmp_path, answers(_attributes(), _attributes("cd" * 32, "/db"))) as address:
        asked = containers([address])
    assert asked.state == OK
    assert [(one.name, one.id, one.pid, one.engine) for one in asked.containers] == [
        ("app", IDENT, 7, address),
        ("db", "cd" * 32, 7, address),
    ]


def test_a_container_that_is_removed_meanwhile_is_left_out(tmp_path: Path) -> None:
    """It was listed, and is not there when it is asked for."""
    told = answers(_attributes(), _attributes("cd" * 32, "/db"))
    del told[f"/containers/{IDENT}/json"]
    with engine(tmp_path, told) as address:
        asked = containers([address])
    assert (asked.state, [one.name for one in asked.containers]) == (OK, ["db"])


def test_the_layer_is_read_of_the_one_that_was_named(tmp_path: Path) -> None:
    """Files that were added or changed, and no directories on the way to them; what was removed is not there."""
    changes = [
        {"Kind": 0, "Path": "/etc"},
        {"Kind": 1, "Path": "/etc/app.yaml"},
        {"Kind": 0, "Path": "/etc/app"},
        {"Kind": 2, "Path": "/etc/gone.yaml"},
    ]
    told = answers(_attributes(), _attributes("cd" * 32, "/db")) | {f"/containers/{IDENT}/changes": changes}
    with engine(tmp_path, told) as address:
        asked = containers([address], layers_of="app")
    assert [one.layer for one in asked.containers] == [("/etc/app", "/etc/app.yaml"), None]


def test_one_container_of_two_engines_is_one(tmp_path: Path) -> None:
    """Two sockets may lead to the same engine."""
    with engine(tmp_path, answers(_attributes())) as address:
        asked = containers([address, f"unix://{tmp_path}/../{tmp_path.name}/engine.sock"])
    assert [one.id for one in asked.containers] == [IDENT]


def test_no_engine_at_all_is_a_reason() -> None:
    """Not an exception."""
    assert containers([]) == ((), "no engine: neither DOCKER_HOST nor a socket in the usual places")


def test_an_absent_socket_is_a_reason(tmp_path: Path) -> None:
    """Nothing is where the settings say."""
    assert containers([f"unix://{tmp_path}/no.sock"]).state == f"unix://{tmp_path}/no.sock: nothing is there"


def test_a_dead_socket_is_a_reason(tmp_path: Path) -> None:
    """The engine is stopped, and its socket still lies there."""
    path = str(tmp_path / "dead.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    assert "nobody is listening" in containers([f"unix://{path}"]).state


def test_a_closed_socket_is_a_reason(public: Path, as_user: AsUser) -> None:
    """Whoever is not in its group may not ask."""
    path = public / "closed.sock"
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(path))
        closed.listen()
        path.chmod(0o600)
        state = as_user(65533, lambda: containers([f"unix://{path}"]).state)
    assert "no permission" in state


def test_a_file_is_no_socket(tmp_path: Path) -> None:
    """The engine makes a directory of a socket that is missing when it is mounted."""
    assert containers([f"unix://{tmp_path}"]).state == f"unix://{tmp_path}: it is no socket"


def test_an_engine_that_does_not_answer_is_a_reason(tmp_path: Path) -> None:
    """It is stopped (SIGSTOP): the kernel takes the connection, and nobody reads from it."""
    path = str(tmp_path / "stopped.sock")
    with socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(path)
        stopped.listen()
        asked = containers([f"unix://{path}"], timeout=1)
    assert asked.containers == ()
    assert "timed out" in asked.state


@pytest.mark.parametrize(
    "told",
    [{"/version": None}, {"/containers/json": None}, {f"/containers/{IDENT}/json": None}, {"/version": []}, {}],
    ids=["at the version", "at the list", "at a container", "no engine", "no list"],
)
def test_an_engine_that_breaks_off_is_a_reason(tmp_path: Path, told: dict[str, Any]) -> None:
    """What was not said is not taken for "no containers"."""
    first = {"/containers/json": [{"Id": IDENT}]} if told else {}
    with engine(tmp_path, {"/version": VERSION, **first, **told}) as address:
        asked = containers([address], timeout=1)
    assert asked.state.startswith(f"{address}: ")
    assert asked.containers == ()


def test_one_engine_that_fails_does_not_hide_another(tmp_path: Path) -> None:
    """What answers is taken."""
    with engine(tmp_path, answers(_attributes())) as address:
        asked = containers([f"unix://{tmp_path}/no.sock", address])
    assert (asked.state, len(asked.containers)) == (OK, 1)


def test_an_address_that_nobody_understands_is_a_reason() -> None:
    """The SDK would need another program for ssh."""
    assert containers(["ssh://host"]).state == "ssh://host: only unix:// and tcp:// are understood"


def test_docker_host_counts_alone() -> None:
    """As for docker itself."""
    assert addresses({"DOCKER_HOST": "unix:///x", "HOME": "/nowhere"}) == ("unix:///x",)


def test_the_context_in_use_counts(tmp_path: Path) -> None:
    """Its address is in a folder named after the hash of its name; DOCKER_CONTEXT goes before the settings."""
    _context(tmp_path, "rootless", "unix:///run/user/1000/docker.sock")
    _context(tmp_path, "other", "tcp://other:2375")
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "rootless"}))
    assert addresses({"DOCKER_CONFIG": str(tmp_path)}) == ("unix:///run/user/1000/docker.sock",)
    assert addresses({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "other"}) == ("tcp://other:2375",)


@pytest.mark.parametrize("text", ["", "[]", '{"currentContext": 7}', '{"currentContext": "lost"}', "{" * 9999])
def test_a_broken_context_is_none(tmp_path: Path, text: str) -> None:
    """Then the usual sockets are tried."""
    (tmp_path / "config.json").write_text(text)
    usual = addresses({"DOCKER_CONFIG": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)})
    assert all(address.startswith("unix://") for address in usual)


def test_rootless_engines_are_found_by_their_sockets(tmp_path: Path) -> None:
    """Docker's and podman's, below XDG_RUNTIME_DIR; two names of one socket count once."""
    (tmp_path / "podman").mkdir()
    for path in (tmp_path / "docker.sock", tmp_path / "podman" / "podman.sock"):
        with socket.socket(socket.AF_UNIX) as there:
            there.bind(str(path))
    usual = addresses({"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)})
    assert set(usual) >= {f"unix://{tmp_path}/docker.sock", f"unix://{tmp_path}/podman/podman.sock"}
    assert not {"unix:///run/docker.sock", "unix:///var/run/docker.sock"} <= set(usual)


def _context(directory: Path, name: str, host: str) -> None:
    folder = directory / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
