"""The table "What the editor does to your YAML" of docs/home-assistant.md: each row, by itself and with confkeep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.daemon.fixtures import serve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.homeassistant.fixtures import Start
    from tests.homeassistant.home import Home

__all__ = ["serve"]

OTHER = """\
# by hand
- id: other
  alias: "Other"   # quotes

  variables:
    at: 17:30:00
  trigger: []
  action: !include steps.yaml
"""
EDITED = "- id: edited\n  alias: Old\n  trigger: []\n  action: []\n"
MODE = 0o640


def edit(home: Home, config: Path) -> str:
    """The file after somebody has given the second automation another name."""
    (config / "steps.yaml").write_text("- delay: 7\n")
    path = config / "automations.yaml"
    path.write_text(OTHER + EDITED)
    path.chmod(MODE)
    entry = home.owner.get("automation", "edited").body
    assert home.owner.post("automation", "edited", entry | {"alias": "New"}).status == 200
    return path.read_text("utf-8")


def test_home_assistant_by_itself(start: Start, config: Path) -> None:
    """The whole file is written anew."""
    text = edit(start(config), config)
    for gone in ("# by hand", "# quotes", '"Other"', "\n\n", "17:30:00", "!include"):
        assert gone not in text, text
    assert "at: 63000\n" in text
    assert "- delay: 7\n" in text
    assert (config / "automations.yaml").stat().st_mode & 0o777 == 0o644


def test_with_the_integration(start: Start, serve: Serve, config: Path) -> None:
    """What was not changed stays, byte by byte."""
    daemon = serve("--root", f"config={config}")
    text = edit(start(config, confkeep={"socket": daemon.socket}), config)
    assert text == OTHER + EDITED.replace("Old", "New")
    assert (config / "automations.yaml").stat().st_mode & 0o777 == MODE


def test_a_secret(start: Start, serve: Serve, config: Path) -> None:
    """The editor can neither show nor save anything in a file that has one; the page says why, and the file stays."""
    (config / "secrets.yaml").write_text("name: Hall\n")
    daemon = serve("--root", f"config={config}")
    home = start(config, confkeep={"socket": daemon.socket})
    text = EDITED.replace("Old", "!secret name")
    (config / "automations.yaml").write_text(text)
    shown = home.owner.get("automation", "edited")
    saved = home.owner.post("automation", "new", {"alias": "New", "trigger": [], "action": []})
    for answer in (shown, saved):
        assert answer.status == 500
        assert f"anything in {config / 'automations.yaml'}: Secrets not supported" in answer.body["message"]
    assert (config / "automations.yaml").read_text("utf-8") == text
