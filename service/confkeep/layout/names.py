"""What a name alone tells: used where nobody may look, and to notice what is not what its name says."""

from __future__ import annotations

import posixpath
from typing import Final

#: Endings of configuration files and of what is mounted beside them.
_FILES: Final = frozenset(
    [
        ".cfg",
        ".cnf",
        ".conf",
        ".config",
        ".crt",
        ".csv",
        ".db",
        ".env",
        ".hcl",
        ".htpasswd",
        ".ini",
        ".json",
        ".json5",
        ".key",
        ".list",
        ".log",
        ".lua",
        ".md",
        ".pem",
        ".php",
        ".properties",
        ".py",
        ".rules",
        ".sh",
        ".sql",
        ".sqlite",
        ".toml",
        ".txt",
        ".xml",
        ".yaml",
        ".yml",
    ]
)
_SYSTEM: Final = frozenset(
    ("/etc/localtime", "/etc/timezone", "/etc/machine-id", "/etc/passwd", "/etc/group", "/etc/os-release")
)


def of_a_file(path: str) -> bool:
    """Whether the name is one that people give to a file: ``a.yaml``, ``.env``; also ``a.yaml~``."""
    name = posixpath.basename(path).rstrip("~").lower()
    return posixpath.splitext(name)[1] in _FILES or name in _FILES


def of_a_socket(path: str) -> bool:
    """Whether the name is one that people give to a socket."""
    return path.endswith((".sock", ".socket"))


def of_the_system(path: str) -> bool:
    """Whether this is a file that containers are given to read (the clock's zone, who is who): nobody saves it."""
    return path in _SYSTEM
