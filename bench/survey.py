"""A survey of 1, 10 and 100 running containers: how long the doctor looks, and how long a save waits for its answer."""

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

from bench.budget import Budget, micro, milli, p95, table
from confkeep.layout.doctor import diagnose
from confkeep.layout.look import look
from confkeep.layout.model import OK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confkeep.layout.survey import Survey

_COUNTS = (1, 10, 100)
_FILES = 3
_LABEL = "dev.confkeep.bench"
_ASKED = 2_000  # times
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
    rows = [[str(each.count), *each.row()] for each in seen]
    head = ["containers", "mounts", "look ms, p50", "most", "rules ms", "holders cold ms", "warm us, p50", "p95"]
    table(f"survey of containers with {_FILES} mounted files each, by engine, /proc and stat", head, rows)
    ten, hundred = seen[-2:]
    return [
        Budget("a survey of 100 containers, s", median(hundred.looks), 1),
        Budget("the same, 100 containers / 10", median(hundred.looks) / median(ten.looks), 12),
        Budget("who holds an inode, warm, 100 containers, ms, p95", p95(hundred.answers) * 1e3, 1),
    ]


class _Measured:
    """What one number of containers took, in seconds."""

    def __init__(self, count: int, surveys: Sequence[tuple[float, Survey]], inode: tuple[str, int]) -> None:
        self.count = count
        self.looks = [taken for taken, _ in surveys]
        survey = surveys[-1][1]
        assert [survey.sources[source] for source in list(survey.sources)[:4]] == [OK] * 4, survey.sources
        before = time.perf_counter()
        assert len(survey.holders(inode, None)) == 1
        self.cold = time.perf_counter() - before
        self.mounts = len(survey.holdings)
        self.answers = [_timed(survey, inode) for _ in range(_ASKED)]
        before = time.perf_counter()
        diagnose(survey)
        self.rules = time.perf_counter() - before

    def row(self) -> list[str]:
        """The cells after the first."""
        looks = [milli(median(self.looks)), milli(max(self.looks))]
        answers = [micro(median(self.answers)), micro(p95(self.answers))]
        return [str(self.mounts), *looks, milli(self.rules), milli(self.cold), *answers]


def _measure(count: int, file: Path, rounds: int) -> _Measured:
    found = file.stat()
    inode = f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}", found.st_ino
    surveys: list[tuple[float, Survey]] = []
    for _ in range(rounds):
        before = time.perf_counter()
        survey = look()
        surveys.append((time.perf_counter() - before, survey))
    return _Measured(count, surveys, inode)


def _timed(survey: Survey, inode: tuple[str, int]) -> float:
    before = time.perf_counter()
    survey.holders(inode, None)
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
