"""Writers of others, and the floor: as a program would use them."""

from __future__ import annotations

import os
from typing import Final

from bench import floor as least
from bench.peers.writing import Made, flush_directory, peer

_HOME_ASSISTANT: Final = "as of 2024.3.3"


def floor() -> Made:
    """The least that is durable."""
    return Made("", lambda path, data, _: least.replace_at(path, data))


def plain(*, flushed: bool) -> Made:
    """What most programs do: in place."""

    def save(path: str, data: bytes, _: str | None) -> None:
        with open(path, "wb") as file:
            file.write(data)
            if flushed:
                file.flush()
                os.fsync(file.fileno())

    return Made("", save)


def atomicwrites() -> Made:
    """1.4.1; ``atomicwrites-homeassistant`` 1.4.1 is the same file under another name of the package."""
    module, number = peer("atomicwrites")

    def save(path: str, data: bytes, _: str | None) -> None:
        with module.atomic_write(path, mode="wb", overwrite=True) as file:
            file.write(data)

    return Made(number, save)


def home_assistant() -> Made:
    """``homeassistant.util.file.write_utf8_file_atomic``, line by line (Apache-2.0), as its JSON stores call it."""
    module, _ = peer("atomicwrites")

    def save(path: str, data: bytes, _: str | None) -> None:
        with module.AtomicWriter(path, mode="wb", overwrite=True).open() as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(data)

    return Made(_HOME_ASSISTANT, save)


def atomik(*, flushed: bool) -> Made:
    """Its temporary file beside the target: by default it is in /tmp, and most often on another filesystem."""
    module, number = peer("atomik")

    def save(path: str, data: bytes, _: str | None) -> None:
        with module.file(path, mode=module.Mode.BYTES, overwrite=True, tmp_dir=os.path.dirname(path)) as file:
            file.write(data)
            if flushed:
                file.flush()
                os.fsync(file.fileno())
        if flushed:
            flush_directory(path)

    return Made(number, save)


def safer() -> Made:
    """As it comes: what is written is kept in memory until the end."""
    module, number = peer("safer")

    def save(path: str, data: bytes, _: str | None) -> None:
        with module.open(path, "wb") as file:
            file.write(data)

    return Made(number, save)


def safer_flushed() -> Made:
    """With its temporary file from the beginning: else there is nothing yet that could be flushed."""
    module, number = peer("safer")

    def save(path: str, data: bytes, _: str | None) -> None:
        with module.open(path, "wb", temp_file=True) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        flush_directory(path)

    return Made(number, save)


def durablewrite() -> Made:
    """As it comes: ``fsync="full"``."""
    module, number = peer("durablewrite")
    return Made(number, lambda path, data, _: module.write_bytes_atomic(path, data))
