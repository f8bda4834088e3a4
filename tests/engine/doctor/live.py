"""Containers of one test, with all that it says about their mounts, and what the doctor says of them."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engine.cli import LABEL, docker, run
from tests.engine.container import ISOLATED, Container
from tests.engine.doctor.host import Host, commands, report

Key = tuple[str, str, str]
"""Container (by its name in the test), rule, path in the container."""
_DIGITS = 12
"""Of an id, as engines print it."""
_DISK_BYTES = {"ext4": 8 << 20, "btrfs": 128 << 20}
Finding = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """One report, as far as it is about this test's containers."""

    findings: dict[Key, Finding]
    skipped: list[dict[str, str]]
    sources: dict[str, str]

    def why(self, rule: str) -> set[str]:
        """The reasons for which this rule was not looked at."""
        return {skipped["reason"] for skipped in self.skipped if skipped["rule"] == rule}

    @property
    def keys(self) -> set[Key]:
        """What was found, and where."""
        return set(self.findings)

    def of(self, rule: str) -> Finding:
        """The only finding of this rule."""
        (finding,) = (finding for (_, found, _), finding in self.findings.items() if found == rule)
        return finding


class Live:
    """The names of containers are short here and unique on the engine: other tests may be using it."""

    def __init__(self, image: str, host: Host, base: Path) -> None:
        self.image = image
        self.host = host
        self.base = base
        self._prefix = f"ck{secrets.token_hex(4)}-"
        self._names: list[str] = []
        self._ids: dict[str, str] = {}
        self._volumes: list[str] = []
        self._mounts: list[Path] = []

    # --- files

    def file(self, name: str, content: str = "a: 1\n") -> Path:
        """A file of the host, with its directories."""
        path = self.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def mount(self, at: Path, *arguments: str | Path) -> Path:
        """``mount ARGUMENTS AT`` on the host."""
        self.host.run("mount", *arguments, at)
        self._mounts.append(at)
        return at

    def disk(self, at: Path, filesystem: str = "ext4") -> Path:
        """An empty disk with a filesystem of its own, mounted there."""
        image = self.base / f"{at.name}.img"
        with image.open("wb") as file:
            file.truncate(_DISK_BYTES[filesystem])
        self.host.run(f"mkfs.{filesystem}", "-q", image)
        return self.mount(at, "-t", filesystem, "-o", "loop", image)

    def unmount(self, at: Path) -> None:
        """Take one away again."""
        self.host.run("umount", at)
        self._mounts.remove(at)

    # --- containers

    def name(self, short: str) -> str:
        """What the engine calls it."""
        return self._prefix + short

    def create(self, short: str, *options: str | Path) -> str:
        """A container that will only sleep; its id."""
        self._names.append(self.name(short))
        named = (*ISOLATED, "--init", f"--name={self.name(short)}", *map(str, options))
        made = docker("create", *named, self.image, "sleep", "infinity")
        self._ids[made[:_DIGITS]] = short
        return made

    def run(self, short: str, *options: str | Path) -> Container:
        """A container that sleeps; one of the same name is removed first."""
        if self.name(short) in self._names:
            docker("rm", "--force", "--volumes", self.name(short))
        made = Container(self.create(short, *options))
        docker("start", made.id)
        return made

    def start(self, short: str) -> None:
        """Start it, or start it again."""
        docker("start", self.name(short))

    def restart(self, short: str) -> None:
        """End it and start it again, as a user does."""
        docker("restart", "--time=0", self.name(short))

    def fail(self, short: str, *options: str | Path) -> str:
        """A container that cannot start; what the engine says of that."""
        self.create(short, *options)
        return self.start_fails(short)

    def start_fails(self, short: str) -> str:
        """What the engine says of a container that cannot start."""
        assert run("docker", "start", self.name(short)).returncode != 0
        error: str = Container(self.name(short)).state["Error"]
        return error

    def volume(self, short: str, *options: str) -> str:
        """A named volume, made now; its name."""
        name = self.name(short)
        docker("volume", "create", f"--label={LABEL}=volume", *options, name)
        self._volumes.append(name)
        return name

    def line(self, short: str, mount_point: str) -> str:
        """The container's line of mountinfo about this mount point; it must have one."""
        lines = Container(self.name(short)).read("/proc/self/mountinfo").decode().splitlines()
        (line,) = (line for line in lines if line.split(" ")[4] == mount_point)
        return line

    # --- the doctor

    def doctor(self, *arguments: str | Path) -> Seen:
        """What ``confkeep doctor`` says to a person at the host's prompt."""
        return self.read(self.report(*arguments))

    def report(self, *arguments: str | Path) -> dict[str, Any]:
        """The whole of it, about other containers too."""
        return report(self.host.confkeep("doctor", "--format=json", *arguments))

    def read(self, document: dict[str, Any]) -> Seen:
        """What of a report is about this test's containers."""
        ours = [finding for finding in document["findings"] if self._is_ours(finding)]
        found = {(self._short(one["container"]), one["rule"], one["path"]): one for one in ours}
        assert len(found) == len(ours), ours  # nothing is told twice
        skipped = [one for one in document["skipped"] if not one["what"] or self._short(one["what"])]
        return Seen(found, skipped, document["sources"])

    def _is_ours(self, finding: Finding) -> bool:
        """Whether it is about this test's containers, and not about one with somebody's who mounts the whole disk."""
        shared = finding["rule"] in {"MNT017", "MNT018"}
        return bool(self._short(finding["container"])) and (not shared or self._prefix in finding["message"])

    def apply(self, finding: Finding) -> None:
        """Run the docker command that the finding's remedy names."""
        (command,) = commands(finding["remedy"])
        docker(*command[1:])

    def close(self) -> None:
        """Remove everything."""
        if self._names:
            run("docker", "rm", "--force", "--volumes", *self._names)
        if self._volumes:
            run("docker", "volume", "rm", "--force", *self._volumes)
        for at in reversed(self._mounts):
            run(*self.host.enter("umount", "--lazy", at))

    def _short(self, name: str) -> str:
        """What the test calls it, "" if it is somebody else's. Without an engine's word it is called by its id."""
        return self._ids.get(name) or (name.removeprefix(self._prefix) if name.startswith(self._prefix) else "")
