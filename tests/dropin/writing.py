"""The original and the drop-in as modules, and what can be said of a write with either."""

from __future__ import annotations

import errno
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.support.needs import need

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

TOP: Final = Path(__file__).parents[2]
#: The one directory that makes the drop-in usable.
SERVICE: Final = TOP / "service"
#: Where `make test` puts those that we are compared with; they are not importable by default.
PEERS: Final = Path(sys.prefix, "peers")


def nothing(*_: object) -> None:
    """Do nothing."""


def load_original() -> ModuleType:
    """Version 1.4.1, under a name of its own."""
    file = PEERS / "atomicwrites" / "__init__.py"
    need(file.exists(), f"no {file}: make {sys.prefix}/peers.stamp")
    spec = importlib.util.spec_from_file_location("the_original", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def put(module: ModuleType, path: Any, data: str = "new", mode: int | None = None, **options: Any) -> None:  # noqa: ANN401 - str, bytes, PathLike
    """Write ``data`` to ``path``, over what is there unless ``options`` say otherwise; ``mode`` through fileno()."""
    with module.atomic_write(path, **({"overwrite": True} | options)) as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(data)


def write(module: ModuleType, path: Any, *steps: Callable[[Any], object], **options: Any) -> None:  # noqa: ANN401 - as above
    """Do ``steps`` with the open file, one after the other, in a block with these ``options``."""
    with module.atomic_write(path, **options) as file:
        for step in steps:
            step(file)


def mode_of(path: Path) -> int:
    """Its permission bits."""
    return path.stat().st_mode & 0o7777


def descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))


def fail(error: BaseException) -> Any:  # noqa: ANN401 - it never returns
    """A step that raises ``error``."""
    raise error


def outcome(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it returns
    """What ``call`` returns; the name of the errno of its OSError, the type of another exception."""
    try:
        return call()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    except (TypeError, ValueError) as error:
        return type(error)
