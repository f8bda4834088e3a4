"""Settings, System, Repairs: what the doctor finds about the configuration's mounts, and what confkeep lacks."""

from __future__ import annotations

import json
from string import Formatter
from typing import TYPE_CHECKING, Any

import pytest

from tests.daemon.fixtures import serve
from tests.daemon.running import short_directory
from tests.homeassistant.documents import write_all
from tests.homeassistant.home import INTEGRATION
from tests.homeassistant.service import Stack, launch
from tests.homeassistant.standing_in import standing_in

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.homeassistant.fixtures import Start
    from tests.homeassistant.home import Home

__all__ = ["serve"]


def finding(path: str, severity: str = "warning", rule: str = "MNT001") -> dict[str, Any]:
    """As the doctor's report has it (docs/doctor/README.md)."""
    return {
        "rule": rule,
        "severity": severity,
        "container": "homeassistant",
        "path": path,
        "message": f"what is wrong with {path}",
        "remedy": "mount the directory",
    }


def test_findings(start: Start, config: Path, short: Path) -> None:
    """Each warning and error about the configuration is a repair, and goes with it; others are none."""
    ours = [
        finding(f"{config}/automations.yaml"),
        finding(f"{config}/scenes.yaml", "error"),
        finding(f"{config}/automations.yaml", rule="MNT006"),
    ]
    others = [finding("/elsewhere/other.yaml"), finding(f"{config}-too/a.yaml"), finding(str(config), "info")]
    root = {"name": "config", "path": str(config), "kind": "directory", "findings": ours[:1]}
    answers: dict[str, tuple[int, Any]] = {
        "/healthz": (200, {}),
        "/v1/roots": (200, {"roots": [root]}),
        "/v1/doctor": (200, {"findings": ours + others}),
    }
    with standing_in(short / "s", answers):
        home = start(config, confkeep={"socket": str(short / "s")})
        home.until(lambda: len(repairs(home)) == 3, "the repairs are there")
        for issue in repairs(home):
            placeholders = issue["translation_placeholders"]
            (meant,) = (
                each for each in ours if (each["path"], each["rule"]) == (placeholders["path"], placeholders["rule"])
            )
            assert {name: meant[name] for name in ("message", "remedy", "container")}.items() <= placeholders.items()
            assert (issue["severity"], issue["translation_key"]) == (meant["severity"], "finding")
        answers["/v1/doctor"] = (403, {"slug": "forbidden", "detail": "for admins"})
        home.stop()
        home.start()
        home.until(lambda: len(repairs(home)) == 1, "who is no admin is told what concerns the roots")


def test_findings_beside_a_missing_root(start: Start, config: Path, short: Path) -> None:
    """A file that confkeep does not have hides nothing of what the doctor found."""
    root: dict[str, Any] = {"name": "other", "path": str(short), "kind": "directory", "findings": []}
    answers: dict[str, tuple[int, Any]] = {
        "/healthz": (200, {}),
        "/v1/roots": (200, {"roots": [root]}),
        "/v1/doctor": (200, {"findings": [finding(f"{config}/automations.yaml")]}),
    }
    with standing_in(short / "s", answers):
        home = start(config, confkeep={"socket": str(short / "s")})
        home.until(lambda: len(repairs(home)) == 2, "both repairs are there")
        assert {issue["translation_key"] for issue in repairs(home)} == {"finding", "no_place"}


def repairs(home: Home) -> list[dict[str, Any]]:
    """Those of the integration."""
    listed: list[dict[str, Any]] = home.owner.command("repairs/list_issues").body["issues"]
    return [issue for issue in listed if issue["domain"] == "confkeep"]


@pytest.fixture
def short() -> Generator[Path]:
    """A directory whose path leaves room for a socket's name."""
    with short_directory() as path:
        yield path


def test_a_root_elsewhere(start: Start, serve: Serve, config: Path, short: Path) -> None:
    """When confkeep has other files, the repair names its roots and what to write; saves are Home Assistant's."""
    write_all(config)
    daemon = serve("--root", f"other={short}")
    home = start(config, confkeep={"socket": daemon.socket})
    stack = Stack(home, daemon, config, config)
    home.until(lambda: "no_place" in stack.issues(), "the repair is there")
    said = stack.issues()["no_place"]["translation_placeholders"]["error"]
    for words in (f"other={short}", "files:", "automations.yaml: ROOT/PATH"):
        assert words in said
    entry = home.owner.get("automation", "garden").body
    assert home.owner.post("automation", "garden", entry | {"alias": "Alone"}).status == 200


def test_system_information(start: Start, serve: Serve, config: Path) -> None:
    """It says which way saves take: the service, or what is left without it."""
    stack = launch(start, serve, config)
    info = _info(stack)
    assert info["active"] == "service"
    assert info["socket"] == stack.daemon.socket
    assert info["version"] == stack.daemon.ask("GET", "/v1").json["version"]
    stack.daemon.stop()
    assert _info(stack)["active"] == "Home Assistant"
    assert _info(stack)["version"] == "not reached"


def _info(stack: Stack) -> dict[str, Any]:
    told = stack.home.owner.command("system_health/info", event=True).body
    info: dict[str, Any] = told["data"]["confkeep"]["info"]
    return info


@pytest.mark.parametrize("language", ["en", "de"])
def test_translations(language: str) -> None:
    """Every text is there in each language, and asks for what the code gives."""
    texts = {name: json.loads((INTEGRATION / "translations" / f"{name}.json").read_text()) for name in ("en", language)}
    assert _shape(texts[language]) == _shape(texts["en"])
    code = (INTEGRATION / "findings.py").read_text()
    for key, issue in texts[language]["issues"].items():
        assert f'"{key}"' in code
        for text in issue.values():
            for _, field, _, _ in Formatter().parse(text):
                assert field is None or f"{field}=" in code, (key, field)


def _shape(texts: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(text, str) else _shape(text) for key, text in texts.items()}
