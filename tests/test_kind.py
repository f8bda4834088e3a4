"""What kind of document a file is: by the root's settings, its name, and what is in the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.files.root import Root
from confkeep.kind import is_secret, kind_at, kind_of

if TYPE_CHECKING:
    from pathlib import Path


def root_at(path: Path, dialect: str = "auto") -> Root:
    """A root with formats of its own."""
    formats = (("*.conf", "ini"), ("notes/*", "text"), ("*.yaml.j2", "yaml"))
    return Root("ha", str(path), formats=formats, dialect=dialect, secrets=("secrets.yaml",))


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("a.yaml", Format.YAML),
        ("mosquitto.conf", Format.INI),
        ("deep/er/x.conf", Format.INI),
        ("notes/a.yaml", Format.TEXT),
        ("a.yaml.j2", Format.YAML),
        ("a.jpg", None),
    ],
)
def test_the_settings_count_before_the_name(tmp_path: Path, name: str, format_: Format | None) -> None:
    """The first glob that fits the name or the path; then what the name announces."""
    assert kind_at(root_at(tmp_path), name).format == format_


def test_the_path_may_come_by_a_link(tmp_path: Path) -> None:
    """Globs are of the path below the root, wherever the root itself is."""
    (tmp_path / "real" / "notes").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    assert kind_of(root_at(tmp_path / "link"), f"{tmp_path}/real/notes/a.yaml").format is Format.TEXT


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        ("automations.yaml", Dialect.HOME_ASSISTANT),
        ("esphome/kitchen.yaml", Dialect.ESPHOME),
        ("stacks/compose.yaml", Dialect.COMPOSE),
    ],
)
def test_home_assistant_is_known_by_its_version(tmp_path: Path, name: str, dialect: Dialect) -> None:
    """It writes .HA_VERSION into its directory; without that nothing is assumed but what names announce."""
    other = Dialect.COMPOSE if dialect is Dialect.COMPOSE else Dialect.GENERIC
    assert kind_at(root_at(tmp_path), name).dialect is other
    (tmp_path / ".HA_VERSION").touch()
    assert kind_at(root_at(tmp_path), name).dialect is dialect


def test_a_dialect_in_the_settings_counts_for_all(tmp_path: Path) -> None:
    """Whatever names and the directory say."""
    (tmp_path / ".HA_VERSION").touch()
    for name in ("compose.yaml", "a.yaml", "esphome/a.yaml"):
        assert kind_at(root_at(tmp_path, "generic"), name).dialect is Dialect.GENERIC


def test_a_secret_by_any_of_its_names(tmp_path: Path) -> None:
    """The name that is asked for, the one that a link leads to, a hard link beside it; not where nothing is."""
    (tmp_path / "secrets.yaml").touch()
    (tmp_path / "soft.yaml").symlink_to("secrets.yaml")
    (tmp_path / "hard.yaml").hardlink_to(tmp_path / "secrets.yaml")
    (tmp_path / "plain.yaml").touch()
    names = ("secrets.yaml", "soft.yaml", "hard.yaml", "plain.yaml", "none.yaml")
    assert [is_secret(root_at(tmp_path), name) for name in names] == [True, True, True, False, False]
