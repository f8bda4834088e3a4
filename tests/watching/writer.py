"""A process that changes the files ``000.yaml``, ``001.yaml`` … below a directory at random, as editors and scripts do.

``python -m tests.watching.writer DIRECTORY FILES SEED CHANGES METHOD…``: with CHANGES 0 it goes on until it is killed.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_LONGEST: Final = 9_000  # more than a block: what is written in steps can be seen in between


def path_of(directory: Path, number: int) -> Path:
    """The file: in four directories, so that one watch does not see them all."""
    return directory / str(number % 4) / f"{number:03}.yaml"


def write(path: Path, data: bytes) -> None:
    """In place, the same inode."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(fd, data, 0)
        os.ftruncate(fd, len(data))
    finally:
        os.close(fd)


def truncate(path: Path, data: bytes) -> None:
    """Emptied first, then in two steps."""
    with path.open("wb", buffering=0) as file:
        file.write(data[: len(data) // 2])
        file.write(data[len(data) // 2 :])


def rename(path: Path, data: bytes) -> None:
    """A new file in its place."""
    new = path.with_name(f"{path.name}.{os.getpid()}~")
    new.write_bytes(data)
    new.rename(path)


def append(path: Path, data: bytes) -> None:
    """At its end; now and then it is begun anew."""
    with path.open("ab") as file:
        if file.tell() > _LONGEST:
            file.truncate(0)
        file.write(data[:100])


def remove(path: Path, _: bytes) -> None:
    """It is gone."""
    with suppress(FileNotFoundError):
        path.unlink()


METHODS: Final[dict[str, Callable[[Path, bytes], None]]] = {
    method.__name__: method for method in (write, truncate, rename, append, remove)
}


def change(directory: Path, files: int, chance: random.Random, methods: Iterable[str]) -> None:
    """One change of one file."""
    path = path_of(directory, chance.randrange(files))
    data = b"value: %x\n" % chance.getrandbits(8 * chance.choice((4, 40, _LONGEST // 2)))
    METHODS[chance.choice(list(methods))](path, data)


@contextmanager
def writers(count: int, directory: Path, files: int, changes: int, *methods: str) -> Generator[list[bytes]]:
    """So many of them; in the end they are finished, or killed if they would go on for ever."""
    numbers = (str(files), "{seed}", str(changes))
    command = [sys.executable, "-m", "tests.watching.writer", str(directory), *numbers, *(methods or METHODS)]
    processes = [
        subprocess.Popen([each.format(seed=seed) for each in command], stderr=subprocess.PIPE, cwd=_TOP)
        for seed in range(count)
    ]
    said: list[bytes] = []
    try:
        yield said
    finally:
        for process in processes:
            if not changes:
                process.kill()
            said.append(process.communicate()[1])


_TOP: Final = Path(__file__).parents[2]


def main(directory: str, files: str, seed: str, changes: str, *methods: str) -> None:
    """Change, and change again."""
    chance = random.Random(int(seed))
    done = 0
    while not int(changes) or done < int(changes):
        change(Path(directory), int(files), chance, methods)
        done += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
