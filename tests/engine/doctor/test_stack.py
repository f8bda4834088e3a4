"""The stack that the project itself proposes (compose.yaml), under the doctor's eyes."""

import shutil

import pytest

from tests.engine.container import give
from tests.engine.doctor.live import Live
from tests.engine.stack import TOP, compose_command, stack
from tests.support.needs import missing

pytestmark = pytest.mark.root

SINGLE = {f"/config/{name}.yaml" for name in ("configuration", "automations", "scenes")}
BOTH = ("confkeep", "application")


def test_own_stack(live: Live, base_image: str, keeper_image: str) -> None:
    """It shows how files that are mounted singly are saved, which the doctor warns of; there is nothing else to say."""
    command = compose_command()
    if command is None:
        missing("no Docker Compose (requirements/compose.txt)")
    config = live.base / "config"
    shutil.copytree(TOP / "docker/example", config)
    for path in (config, *config.iterdir()):
        give(path)
    project = live.name("stack")
    images = {"CONFKEEP_IMAGE": keeper_image, "APP_IMAGE": base_image}
    with stack(project, command, config, images):
        findings = live.report()["findings"]
        ours = [one for one in findings if one["container"].startswith(project)]
    told = {(one["container"].split("-")[-2], one["rule"], one["path"], one["severity"]) for one in ours}
    shared = {found for found in told if found[1] == "MNT017"}
    assert {path for _, _, path, _ in shared} == SINGLE
    singly = {(who, rule, path, "warning") for who in BOTH for rule in ("MNT001", "MNT010") for path in SINGLE}
    assert told - shared == singly | {("editor", "MNT009", "/run/confkeep", "note")}
