"""Home Assistant with the integration, and the daemon that it talks to, over the same files."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.homeassistant.documents import write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.running import Daemon
    from tests.homeassistant.fixtures import Start
    from tests.homeassistant.home import Home
    from tests.support.mounting import Mounts

FILES: Final = ("automations.yaml", "scripts.yaml", "scenes.yaml")


@dataclass(frozen=True)
class Stack:
    """``config`` is what both see; ``host`` has the files that are mounted there on their own, or is the same."""

    home: Home
    daemon: Daemon
    config: Path
    host: Path

    def text(self, name: str = "automations.yaml") -> str:
        """What Home Assistant sees."""
        return (self.config / name).read_text("utf-8")

    def history(self, name: str = "automations.yaml") -> list[dict[str, Any]]:
        """Its revisions, newest first."""
        found: list[dict[str, Any]] = self.daemon.ask("GET", f"/v1/history/config/{name}").json["revisions"]
        return found

    def names(self, kind: str) -> set[str]:
        """What the automations, scripts or scenes in use are called."""
        states = self.home.owner.states().items()
        return {str(state["attributes"].get("friendly_name")) for name, state in states if name.startswith(f"{kind}.")}

    def wait_for_name(self, kind: str, name: str) -> None:
        """Until one in use is called so."""
        self.home.until(lambda: name in self.names(kind), f"{name} is in use")

    def freeze(self) -> Callable[[], None]:
        """Stop the daemon where it is; what is returned waits until somebody connects to it."""
        self.daemon.running.send_signal(signal.SIGSTOP)
        self.home.until(lambda: self._state() == "T", "it is frozen")
        before = self._connections()
        return lambda: self.home.until(lambda: self._connections() > before, "somebody asks the daemon")

    def _state(self) -> str:
        with open(f"/proc/{self.daemon.running.pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(") ")[2][0]

    def _connections(self) -> int:
        with open("/proc/net/unix", encoding="ascii") as file:
            return sum(line.rstrip().endswith(f" {self.daemon.socket}") for line in file)

    def issues(self) -> dict[str, dict[str, Any]]:
        """The integration's repairs, by their translation's key."""
        listed = self.home.owner.command("repairs/list_issues").body["issues"]
        return {issue["translation_key"]: issue for issue in listed if issue["domain"] == "confkeep"}


def bind_files(config: Path, mounts: Mounts) -> Path:
    """The three files mounted on their own, 0640, from a directory of the host's; that directory."""
    host = config.with_name("host")
    host.mkdir()
    write_all(host)
    for name in FILES:
        (host / name).chmod(0o640)
        mounts.bind(host / name, config / name)
    return host


def launch(
    start: Start, serve: Serve, config: Path, *, host: Path | None = None, environ: Mapping[str, str] | None = None
) -> Stack:
    """Both, running; the daemon's only root is ``config``. Without ``host`` its files are ordinary ones."""
    if host is None:
        write_all(config)
    daemon = serve("--root", f"config={config}")
    home = start(config, environ=environ or {}, confkeep={"socket": daemon.socket})
    return Stack(home, daemon, config, host or config)


def message(body: Any) -> str:  # noqa: ANN401 - JSON
    """What the page shows of an answer that is no success."""
    assert [*body] == ["message"], json.dumps(body)
    return str(body["message"])
