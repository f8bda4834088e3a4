"""What a path on this host is, or what its name says where it is not there; and which names are configuration."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_CONFIG_SUFFIXES: Final = frozenset(
    {"cfg", "cnf", "conf", "config", "env", "hcl", "ini", "json", "json5", "jsonc", "properties", "rules", "toml"}
    | {"xml", "yaml", "yml"}
)
_FILE_SUFFIXES: Final = (
    _CONFIG_SUFFIXES
    | {"cer", "cert", "crt", "css", "csv", "db", "htpasswd", "html", "j2", "js", "key", "list", "log", "lua", "md"}
    | {"pem", "php", "pl", "pub", "py", "rb", "sh", "sql", "sqlite", "sqlite3", "template", "tmpl", "ts", "txt"}
)
_FILE_NAMES: Final = frozenset(
    {".env", ".htpasswd", "Caddyfile", "Corefile", "Dockerfile", "crontab", "group", "hostname", "hosts"}
    | {"localtime", "passwd", "shadow", "timezone"}
)
CONFIG_DIRECTORIES: Final = frozenset(
    {".config", "cfg", "conf", "conf.d", "config", "configs", "configuration", "etc", "settings"}
)
#: Where a host, and an image, has its own things.
SYSTEM_DIRECTORIES: Final = frozenset(
    {"bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "tmp", "usr"}
)


class Shape(StrEnum):
    """What a source is; UNKNOWN where nobody may look."""

    FILE = "a regular file"
    DIRECTORY = "a directory"
    EMPTY_DIRECTORY = "an empty directory"
    OTHER = "no file and no directory"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Look:
    """``inode``: device and number where it is there, which tells that two paths are one. ``reason``: why UNKNOWN."""

    shape: Shape
    inode: tuple[int, int] | None = None
    reason: str = ""


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name.lstrip(".") else ""


def named_as_file(path: str) -> bool:
    """Whether the name is one that files have; a trailing slash says directory."""
    name = os.path.basename(path)
    return name in _FILE_NAMES or _suffix(name) in _FILE_SUFFIXES


def named_as_socket(path: str) -> bool:
    """Whether the name is one that sockets have."""
    return path.endswith(".sock")


def named_as_config(path: str) -> bool:
    """Whether a directory of the path, or the file's own name, is one that configuration has."""
    *directories, name = path.lower().split("/")
    return not CONFIG_DIRECTORIES.isdisjoint((*directories, name)) or _suffix(name) in _CONFIG_SUFFIXES


def look(path: str) -> Look:
    """One look; symbolic links are followed, as the engine does."""
    try:
        found = os.stat(path)
        shape = _shape(path, found.st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return Look(Shape.MISSING)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        return Look(Shape.UNKNOWN, reason=getattr(error, "strerror", None) or str(error))
    return Look(shape, (found.st_dev, found.st_ino))


def _shape(path: str, mode: int) -> Shape:
    if stat.S_ISREG(mode):
        return Shape.FILE
    if not stat.S_ISDIR(mode):
        return Shape.OTHER
    if not named_as_file(path) and not named_as_socket(path):
        return Shape.DIRECTORY  # only where the name says something else does it matter whether it is empty
    with os.scandir(path) as entries:
        return Shape.EMPTY_DIRECTORY if next(entries, None) is None else Shape.DIRECTORY
