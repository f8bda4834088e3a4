"""Which documents are understood, and how a file name announces them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Format(StrEnum):
    """The formats that confkeep can check; YAML, JSON, JSONC and TOML it can edit."""

    YAML = "yaml"
    JSON = "json"
    JSONC = "jsonc"
    TOML = "toml"
    INI = "ini"
    ENV = "env"
    TEXT = "text"


_BY_SUFFIX: Final = {
    ".yaml": Format.YAML,
    ".yml": Format.YAML,
    ".json": Format.JSON,
    ".jsonc": Format.JSONC,
    ".code-workspace": Format.JSONC,
    ".toml": Format.TOML,
    ".ini": Format.INI,
    ".env": Format.ENV,
}
# Their readers allow comments: VS Code and what is built on it, TypeScript, ESLint, Angular, Deno, .NET.
_WITH_COMMENTS: Final = re.compile(
    r"(?:settings|keybindings|launch|tasks|extensions|argv|\.?devcontainer|language-configuration|angular|nx|turbo"
    r"|\.eslintrc|\.babelrc|api-extractor|deno|(?:ts|js)config(?:\..+)?|appsettings(?:\..+)?|launchsettings|global)\.json"
)


def format_of(name: str) -> Format | None:
    """The format that a file name (or path) announces, None where it announces none that we know."""
    base = name.rpartition("/")[2].lower()
    if base.startswith(".env."):
        return Format.ENV
    if _WITH_COMMENTS.fullmatch(base):
        return Format.JSONC
    _, dot, suffix = base.rpartition(".")
    return _BY_SUFFIX.get(dot + suffix)
