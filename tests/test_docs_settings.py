"""docs/settings.md: every setting, with the default that it has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from confkeep.daemon.loading import load
from confkeep.daemon.settings import AccessSettings, LogSettings, RootSettings, Settings, WhoSettings

TEXT: Final = (Path(__file__).parents[1] / "docs" / "settings.md").read_text("utf-8")
NESTED: Final[dict[str, type[msgspec.Struct]]] = {
    "access": AccessSettings, "log": LogSettings, "roots": RootSettings, "access.readers": WhoSettings,
    "access.editors": WhoSettings, "access.admins": WhoSettings,
}  # fmt: skip


def documented() -> dict[str, str]:
    """Each key of the table and its default, as it is written."""
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", TEXT, re.MULTILINE)
    return {key: default.strip() for keys, default in rows for key in re.findall(r"`([^`]+)`", keys)}


def known(kind: type[msgspec.Struct] = Settings, prefix: str = "") -> dict[str, Any]:
    """Each key that a file may have and its default."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        name = prefix + field.name
        if name in NESTED:
            inner = f"{name}.NAME." if name == "roots" else f"{name}."
            found |= known(NESTED[name], inner)
        else:
            made = field.default_factory
            found[name] = field.default if made is msgspec.NODEFAULT else made()
    return found


def test_each_setting_is_there_and_no_other() -> None:
    """Neither more nor fewer than the code knows."""
    assert documented().keys() == known().keys()


def test_each_default_is_the_one_of_the_code() -> None:
    """Those that are values are written as TOML has them."""
    for key, written in documented().items():
        default = known()[key]
        if default is msgspec.NODEFAULT:
            assert written == "required", key
        elif default is None:
            assert "`" not in written, key
        else:
            value = tomllib.loads(f"x = {written.strip('`')}")["x"]
            assert msgspec.json.encode(value) == msgspec.json.encode(default), key


def test_the_example_is_taken(tmp_path: Path) -> None:
    """As it stands."""
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    path = tmp_path / "confkeep.toml"
    path.write_text(example, "utf-8")
    assert load(str(path)).access.group == 1000
