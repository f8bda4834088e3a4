import re
import socket
import threading
from pathlib import Path

import pytest

import confkeep as package
from tests.cli.command import Command, failure
from tests.daemon.looking import Folder
from tests.daemon.running import Daemon, short_directory

ASKING = {
    "get": ["get", "ha/a"],
    "put": ["put", "ha/a", "--force"],
    "stat": ["stat", "ha/a"],
    "ls": ["ls", "ha"],
    "ls of roots": ["ls"],
    "history": ["history", "ha/a"],
    "restore": ["restore", "1", "--force"],
    "watch": ["watch", "ha"],
    "set": ["set", "ha/a", "/x", "1"],
    "unset": ["unset", "ha/a", "/x"],
    "diff": ["diff", "ha/a"],
    "diff of what is proposed": ["diff", "ha/a", "--to", "-"],
    "merge": ["merge", "ha/a", "-", "--base", "0" * 64],
    "edit": ["edit", "ha/a"],
}
every_asking_command = pytest.mark.parametrize("arguments", ASKING.values(), ids=ASKING.keys())


@every_asking_command
@pytest.mark.parametrize(
    "host", ["unix:///nowhere/s", "unix://", "tcp://localhost:1", "/run/s", f"unix:///{'s' * 200}"]
)
def test_no_daemon(host: str, arguments: list[str]) -> None:
    """Exit code 3, by flag or by variable, and the remedy says how to name the socket."""
    done = Command()(*arguments, "--host", host)
    assert (done.code, done.out) == (3, b"")
    assert "confkeep: " in done.errors
    failure(Command({"CONFKEEP_HOST": host})(*arguments, "--json"), 3, "no-daemon")


@every_asking_command
def test_no_permission_to_connect_is_no_daemon(arguments: list[str], tmp_path: Path) -> None:
    """A path that is no socket: exit code 3, and the path."""
    (tmp_path / "file").touch()
    members = failure(Command()(*arguments, "--json", "--host", f"unix://{tmp_path}/file"), 3, "no-daemon")
    assert str(tmp_path / "file") in members["detail"]


def test_flag_counts_more_than_the_variable(confkeep: Command, house: Daemon) -> None:
    """--host names the daemon whatever the environment says; an empty variable is none."""
    assert Command({"CONFKEEP_HOST": "unix:///nowhere"})("ls", "--host", f"unix://{house.socket}").code == 0
    assert "/run/confkeep/confkeep.sock" in Command({"CONFKEEP_HOST": ""})("ls", "--help").text
    assert house.socket in confkeep("ls", "--help").text


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops",
        b"HTTP/1.1 400 Oops\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
    ],
    ids=["nothing", "not http", "cut short", "not json", "no problem", "no json"],
)
@every_asking_command
def test_something_else_answers(arguments: list[str], answer: bytes) -> None:
    """Another program at the socket: an error in a sentence, exit code 1 or 3, for people and as JSON."""
    if arguments[0] == "get" and answer.endswith(b"<html>"):
        return  # a file may hold anything
    for flags in ([], ["--json"]):
        with short_directory() as directory, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(directory / "s"))
            listener.listen()

            def serve(listener: socket.socket = listener) -> None:
                caller = listener.accept()[0]
                with caller:
                    caller.recv(65536)
                    caller.sendall(answer)

            serving = threading.Thread(target=serve)
            serving.start()
            done = Command()(*arguments, *flags, "--host", f"unix://{directory}/s")
            serving.join()
        assert done.code in {1, 3}
        assert done.json["detail"] if flags else done.errors.startswith("confkeep: ")


def test_wrong_usage() -> None:
    """Exit code 2 and the usage; an unknown command names those there are."""
    for arguments in ([], ["frobnicate"], ["get"], ["get", "a/b", "--colour"], ["put", "a/b"], ["inspect"]):
        done = Command()(*arguments)
        assert (done.code, done.out) == (2, b""), arguments
        assert done.errors.startswith("usage: confkeep")


def test_help_documents_the_exit_codes() -> None:
    """Each of the codes 0 to 7 has its line."""
    text = Command()("--help").text
    assert re.findall(r"^  (\d)  ", text, re.MULTILINE) == list("01234567")


@pytest.mark.parametrize("command", [
    "serve", "get", "put", "stat", "ls", "history", "inspect", "watch", "restore", "set", "unset", "edit", "diff",
    "merge", "validate",
])  # fmt: skip
def test_each_command_has_help(command: str) -> None:
    """--help for each, and --json in each."""
    done = Command()(command, "--help")
    assert (done.code, done.errors) == (0, "")
    assert "--json" in done.text


def test_version() -> None:
    """One line."""
    assert Command()("--version").text == f"confkeep {package.__version__}\n"


def test_errors_are_one_json_document(confkeep: Command, folder: Folder) -> None:
    """Whatever goes wrong under --json: one document on standard output, nothing on standard error, the same code."""
    folder.file("a.yaml")
    cases = [
        (["get", folder.at("none")], 6),
        (["get", "ha"], 2),
        (["put", folder.at("a.yaml"), "--if-match", "0"], 4),
        (["put", folder.at("b.yaml"), "--create", "--validate", "syntax"], 5),
        (["stat", "nobody/x"], 6),
        (["ls", "nobody"], 6),
        (["history", "ha"], 2),
        (["inspect", str(folder.path / "none" / "x")], 6),
        (["set", folder.at("a.yaml"), "/none/x", "1"], 6),
        (["unset", folder.at("a.yaml"), "a"], 2),
        (["diff", folder.at("none")], 6),
        (["diff", "nothing", "-"], 2),
        (["merge", folder.at("a.yaml"), "-", "--base", "0" * 64], 6),
        (["edit", "nobody/x"], 6),
    ]
    for arguments, code in cases:
        plain = confkeep(*arguments, stdin=b"]")
        done = confkeep(*arguments, "--json", stdin=b"]")
        assert (plain.code, done.code, done.errors) == (code, code, ""), arguments
        assert done.json["detail"] in plain.errors


def test_ascii_terminal(folder: Folder, house: Daemon) -> None:
    """A POSIX locale is no reason to fail on an umlaut."""
    folder.file("ü.yaml", "ü: 1\n".encode())
    plain = Command({"CONFKEEP_HOST": f"unix://{house.socket}", "LC_ALL": "POSIX"})
    for arguments in (["ls", "ha"], ["ls", "ha", "--json"], ["stat", folder.at("ü.yaml")]):
        assert plain(*arguments).code == 0
