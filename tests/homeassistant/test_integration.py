"""Home Assistant's own editor saves through confkeep: comments, quotes, layout, inode and mode stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.daemon.fixtures import serve
from tests.homeassistant.documents import EDITED, GARDEN, HALL, PORCH, write_all
from tests.homeassistant.service import Stack, bind_files, launch, message

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.homeassistant.fixtures import Start
    from tests.support.mounting import Mounts

__all__ = ["serve"]


@pytest.fixture(params=["ordinary files", "file binds"])
def stack(request: pytest.FixtureRequest, start: Start, serve: Serve, config: Path, mounts: Mounts) -> Stack:
    """Both over ordinary files, or over files that are mounted on their own."""
    return launch(start, serve, config, host=bind_files(config, mounts) if request.param == "file binds" else None)


def test_edit_create_delete(stack: Stack) -> None:
    """Each is 200 and in use; what is not of that entry stays byte by byte; inode (of a bind) and mode stay."""
    for name, kind, key, naming, other in EDITED:
        path = stack.host / name
        path.chmod(0o640)
        before, inode = stack.text(name), path.stat().st_ino
        entry = stack.home.owner.get(kind, key).body
        old = entry[naming]
        assert stack.home.owner.post(kind, key, entry | {naming: "Renamed"}).status == 200
        assert stack.text(name) == before.replace(old, "Renamed")
        fresh = {key: value for key, value in entry.items() if key != "id"}
        assert stack.home.owner.post(kind, "fresh", fresh | {naming: "Fresh"}).status == 200
        assert stack.text(name).startswith(before.replace(old, "Renamed").rstrip("\n"))
        assert stack.home.owner.get(kind, "fresh").body[naming] == "Fresh"
        assert stack.home.owner.delete(kind, "fresh").status == 200
        assert stack.text(name).rstrip("\n") == before.replace(old, "Renamed").rstrip("\n")
        assert other in stack.text(name)
        assert path.read_text("utf-8") == stack.text(name)
        assert path.stat().st_mode & 0o777 == 0o640
        if stack.host != stack.config:
            assert path.stat().st_ino == inode
        assert stack.history(name)[0]["origin"] == "api"
        stack.wait_for_name(kind, "Renamed")


def test_comments_in_what_is_edited(stack: Stack) -> None:
    """The entry's own comments stay where they belong, though most of it changes."""
    entry = stack.home.owner.get("automation", "garden").body
    entry["trigger"].append({"platform": "time", "at": "06:00:00"})
    entry["action"][0]["delay"] = 6
    entry["mode"] = "single"
    assert stack.home.owner.post("automation", "garden", entry).status == 200
    text = stack.text()
    for kept in (PORCH, HALL, "alias: 'Garden'   # single quotes\n\n", "  # water, then rest\n", "- delay: 6   # five"):
        assert kept in text, text
    assert stack.home.owner.get("automation", "garden").body == entry


def test_who_has_done_it(stack: Stack) -> None:
    """The history names the entry and the person."""
    entry = stack.home.owner.get("automation", "garden").body
    stack.home.owner.post("automation", "garden", entry | {"alias": "Lawn"})
    assert stack.history()[0]["message"] == "Home Assistant: “Lawn” by Owner"


def test_a_save_that_changes_nothing(stack: Stack) -> None:
    """It is 200, and the file stays as it is."""
    before = stack.text()
    entry = stack.home.owner.get("automation", "garden").body
    assert stack.home.owner.post("automation", "garden", entry).status == 200
    assert stack.text() == before


def test_what_the_editor_cannot_read(stack: Stack) -> None:
    """The page says which item it is, in place of a bare 500; the file stays."""
    for text, words in (
        ("- null\n", "item 1"),
        ("id: garden\nalias: Garden\n", "a list"),
        ("- id: garden\n  alias: [\n", "automations.yaml"),
    ):
        (stack.host / "automations.yaml").write_text(text)
        entry: dict[str, Any] = {"alias": "New", "trigger": [], "action": []}
        for answer in (stack.home.owner.get("automation", "garden"), stack.home.owner.post("automation", "x", entry)):
            assert answer.status == 500
            assert words in message(answer.body)
        assert stack.text() == text


def test_variables_in_another_order(stack: Stack) -> None:
    """A template may use what stands before it: the order is saved, and comments elsewhere stay."""
    entry = stack.home.owner.get("automation", "garden").body
    for names in (("total", "base"), ("base", "total")):
        values = {"total": "{{ base * 2 }}", "base": 2}
        entry["variables"] = {name: values[name] for name in names}
        assert stack.home.owner.post("automation", "garden", entry).status == 200
        assert list(stack.home.owner.get("automation", "garden").body["variables"]) == list(names)
    assert "alias: 'Garden'   # single quotes" in stack.text()


def test_an_include(start: Start, serve: Serve, config: Path) -> None:
    """What Home Assistant has read from another file is not written into this one, in the edited entry neither."""
    write_all(config)
    (config / "steps.yaml").write_text("- delay: 7\n")
    text = GARDEN.replace("action:\n    - delay: 5   # five", "action: !include steps.yaml  # shared")
    daemon = serve("--root", f"config={config}")
    home = start(config, confkeep={"socket": daemon.socket})
    for edited in ("porch", "garden"):
        (config / "automations.yaml").write_text(PORCH + text)
        entry = home.owner.get("automation", edited).body
        assert home.owner.post("automation", edited, entry | {"alias": "Renamed"}).status == 200
        assert (config / "automations.yaml").read_text().count("action: !include steps.yaml  # shared\n") == 1
        assert "Renamed" in (config / "automations.yaml").read_text()


def test_files_that_are_not_there(start: Start, serve: Serve, config: Path) -> None:
    """The first scene makes its file; a configuration directory may lack all three."""
    daemon = serve("--root", f"config={config}")
    home = start(config, confkeep={"socket": daemon.socket})
    (config / "scenes.yaml").unlink()
    assert home.owner.post("scene", "1", {"name": "Evening", "entities": {}}).status == 200
    assert (config / "scenes.yaml").read_text() == "- id: '1'\n  name: Evening\n  entities: {}\n"
    assert home.owner.delete("scene", "1").status == 200
    assert (config / "scenes.yaml").read_text() == "[]\n"
    assert home.owner.post("scene", "2", {"name": "Night", "entities": {}}).status == 200
    assert home.owner.get("scene", "2").body["name"] == "Night"


def test_single_file_roots(start: Start, serve: Serve, config: Path, mounts: Mounts) -> None:
    """A daemon that knows each file as a root of its own is found by their paths, or by ``files``."""
    host = bind_files(config, mounts)
    roots = [f"--root={name.removesuffix('.yaml')}={config / name}" for name in ("automations.yaml", "scripts.yaml")]
    daemon = serve(*roots, f"--root=elsewhere={host / 'scenes.yaml'}")
    home = start(config, confkeep={"socket": daemon.socket, "files": {"scenes.yaml": "elsewhere/scenes.yaml"}})
    for name, kind, key, naming, other in EDITED:
        entry = home.owner.get(kind, key).body
        assert home.owner.post(kind, key, entry | {naming: "Renamed"}).status == 200
        assert other in (host / name).read_text()
        assert "Renamed" in (host / name).read_text()
    assert "without confkeep" not in home.log()
