"""A survey of 1, 10 and 100 running containers: how long the doctor looks, and a save asks who else holds its file."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench import process
from bench.budget import Budget, micro, milli, p95, table
from confkeep.files import mounts
from confkeep.files.place import resolve
from confkeep.files.root import ANYWHERE
from confkeep.layout.doctor import diagnose
from confkeep.layout.holders import Holders
from confkeep.layout.look import look
from confkeep.layout.model import OK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from confkeep.layout.survey import Survey

_COUNTS = (1, 10, 100)
_FILES = 3
_LABEL = "dev.confkeep.bench"
_ASKED = 2_000  # times
_SETTLED = 4.0
#: The machine's own programs, read-only, are the image: nothing is downloaded, and a container is one `sleep`.
_PROGRAMS = ("/usr:/usr:ro",)
_LINKS = ("bin", "lib", "lib64", "sbin")


def run(rounds: int, directory: str | None) -> list[Budget]:
    """Containers are added to those before. Those that somebody else runs here are surveyed with them."""
    if subprocess.run(["docker", "version"], capture_output=True, check=False).returncode != 0:
        print("\nsurvey: no container engine, nothing measured (see .ci/engine)")
        return []
    with ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="confkeep-bench-", dir=directory)))
        image = _image()
        stack.callback(_docker, "rmi", "--force", image)
        names: list[str] = []
        stack.callback(_remove, names)
        seen = [_measure(count, _start(image, base, names, count), rounds) for count in _COUNTS]
        more = _daemons(base)
    rows = [[str(each.count), *each.row()] for each in seen]
    head = ["containers", "mounts", "look ms, p50", "most", "rules ms", "save: first ms", "us, p50", "p95", "stat us"]
    table(f"survey of containers with {_FILES} mounted files each, by engine, /proc and stat", head, rows)
    ten, hundred = seen[-2:]
    return [
        Budget("a survey of 100 containers, s", median(hundred.looks), 1),
        Budget("the same, 100 containers / 10", median(hundred.looks) / median(ten.looks), 12),
        Budget("who holds a file, asked by a save, 100 containers, ms", median(hundred.answers) * 1e3, 1),
        Budget("memory of a daemon that surveys 100 containers, MB more", more, 30),
    ]


class _Measured:
    """What one number of containers took, in seconds."""

    def __init__(self, count: int, surveys: Sequence[tuple[float, Survey]], file: Path) -> None:
        self.count = count
        found = file.stat()
        inode = f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}", found.st_ino
        self.looks = [taken for taken, _ in surveys]
        survey = surveys[-1][1]
        assert [survey.sources[source] for source in list(survey.sources)[:4]] == [OK] * 4, survey.sources
        assert len(survey.holders(inode, None)) == 1
        self.mounts = len(survey.holdings)
        self.rules = _timed(lambda: diagnose(survey))
        self.cold, self.answers = _asked_by_a_save(file)
        self.stats = [_timed(file.stat) for _ in range(_ASKED)]

    def row(self) -> list[str]:
        """The cells after the first."""
        looks = [milli(median(self.looks)), milli(max(self.looks))]
        answers = [micro(median(self.answers)), micro(p95(self.answers))]
        return [str(self.mounts), *looks, milli(self.rules), milli(self.cold), *answers, micro(median(self.stats))]


def _measure(count: int, file: Path, rounds: int) -> _Measured:
    surveys: list[tuple[float, Survey]] = []
    for _ in range(rounds):
        before = time.perf_counter()
        survey = look()
        surveys.append((time.perf_counter() - before, survey))
    return _Measured(count, surveys, file)


def _daemons(base: Path) -> float:
    """Megabytes that a daemon with a survey has more than one without, after their first look."""
    used: dict[str, float] = {}
    rows: list[list[str]] = []
    for survey in ("true", "false"):
        folder = base / f"survey-{survey}"
        (folder / "config").mkdir(parents=True)
        roots = f'survey = {survey}\n[roots.config]\npath = "{folder}/config"\n'
        with process.running(*process.serve(folder, roots), "/healthz") as server:
            time.sleep(_SETTLED)
            used[survey], before = server.resident_bytes() / 1e6, server.wake_ups()
            time.sleep(_SETTLED)
            rows.append([survey, milli(server.seconds), f"{used[survey]:.1f}", str(server.wake_ups() - before)])
    table(f"a daemon; wake-ups in {_SETTLED:g} idle seconds", ["survey", "start ms", "RSS MB", "wake-ups"], rows)
    return used["true"] - used["false"]


def _asked_by_a_save(file: Path) -> tuple[float, list[float]]:
    """Seconds of the first question, which looks around, and of many more in a row."""
    held = Holders()
    with resolve(ANYWHERE, os.fspath(file)) as place:
        fd = place.look()
        assert fd is not None
        facts = mounts.facts(fd, place.parent)
        os.close(fd)
        cold = _timed(lambda: held(place, facts))
        answers = [_timed(lambda: held(place, facts)) for _ in range(_ASKED)]
        assert held(place, facts).state == "yes"
    held.close()
    return cold, answers


def _timed(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def _start(image: str, base: Path, names: list[str], count: int) -> Path:
    """Containers up to this number; a file that one of them alone has mounted."""
    while len(names) < count:
        folder = base / str(len(names))
        folder.mkdir()
        for number in range(_FILES):
            (folder / f"{number}.yaml").write_text("a: 1\n")
        volumes = [*_PROGRAMS, *(f"{folder}/{number}.yaml:/config/{number}.yaml" for number in range(_FILES))]
        command = ("run", "--detach", "--network=none", f"--label={_LABEL}", *(f"--volume={each}" for each in volumes))
        names.append(_docker(*command, image, "/usr/bin/sleep", "infinity"))
    return base / "0" / "0.yaml"


def _image() -> str:
    """Directories and links, to mount the machine's programs into."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        usr = tarfile.TarInfo("usr")
        usr.type = tarfile.DIRTYPE
        tar.addfile(usr)
        for name in _LINKS:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
            tar.addfile(link)
    return _docker("import", "-", f"confkeep-bench:{os.getpid()}", stdin=archive.getvalue())


def _remove(names: list[str]) -> None:
    if names:
        _docker("rm", "--force", *names)


def _docker(*arguments: str, stdin: bytes = b"") -> str:
    return subprocess.run(["docker", *arguments], input=stdin, capture_output=True, check=True).stdout.decode().strip()
