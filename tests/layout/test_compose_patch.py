"""confkeep.layout.compose_patch: patches that `patch` and `git apply` take, and that mend what they were made for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from confkeep.layout.compose_diff import unified_diff
from confkeep.layout.compose_edit import Edit, NoEdit, apply
from confkeep.layout.compose_nodes import Text
from confkeep.layout.compose_patch import Patches
from confkeep.layout.compose_rules import find
from tests.layout.composing import accepted, check, lay_out, only, patched, rules, services, stack_of

if TYPE_CHECKING:
    from confkeep.layout.diagnosis import Diagnosis, Report

AWKWARD = Path(__file__).parents[1] / "fixtures/compose/awkward.yaml"
TOOLS = [("patch", "-p0", "--binary", "--batch", "compose.yaml"), ("git", "apply", "-p0", "-")]
FILES = ("app/config/a.yaml", "app/config/b.yaml", "app/config/c.yaml", "shared/settings.yaml", "run/", "token.txt")
DATA = {"DATA_DIR": "./data"}


def keys(report: Report) -> set[tuple[str, str, str]]:
    """What is found, without its line."""
    return {(one.rule, one.container, one.path) for one in report.findings}


def mended(compose: Path, finding: Diagnosis, tool: tuple[str, ...], **environment: str) -> str:
    """The file with the patch applied: Compose accepts it and the finding is gone."""
    text = patched(compose, finding.patch, *tool)
    old = compose.read_bytes()
    compose.write_bytes(text.encode())
    accepted(compose, **environment)
    assert (finding.rule, finding.container, finding.path) not in keys(check(compose, **environment))
    compose.write_bytes(old)
    return text


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[0])
@pytest.mark.parametrize(
    ("start", "end", "last"),
    [("", "\n", "\n"), ("\ufeff", "\r\n", ""), ("", "\r\n", "\n\n# the end"), ("\ufeff", "\n", "")],
)
def test_every_patch_of_an_awkward_file(tmp_path: Path, start: str, end: str, last: str, tool: tuple[str, ...]) -> None:
    """Each patch applies, mends its finding, brings no new one but a missing source, and keeps every comment."""
    text = (start + AWKWARD.read_text().rstrip("\n") + last).replace("\n", end)
    compose = lay_out(tmp_path, text, *FILES)
    before = check(compose, **DATA)
    with_patch = [one for one in before.findings if one.patch]
    assert {one.rule for one in with_patch} == {"MNT001", "MNT006", "MNT009", "MNT010", "MNT013", "STA002"}
    for finding in {one.patch: one for one in with_patch}.values():
        new = mended(compose, finding, tool, **DATA)
        assert new.startswith(start)
        assert end == "\n" or "\n" not in new.replace("\r\n", "")
        # The directory's patch takes lines away, and with them what stands behind them: here nothing does.
        assert [line for line in text.split(end) if line.lstrip().startswith("#")] == [
            line for line in new.split(end) if line.lstrip().startswith("#")
        ]
        assert "hunter2" not in finding.patch


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("MNT001", "- ./conf/a.yaml:/config/a.yaml # c", "- ./conf:/config # c"),
        ("MNT001", "- './conf/a.yaml:/config/a.yaml:z'", "- './conf:/config:z'"),
        ("MNT001", '- "${X:-./conf}/a.yaml:/config/a.yaml"', '- "${X:-./conf}:/config"'),
        (
            "MNT001",
            "- {type: bind, source: conf/a.yaml, target: '/config/a.yaml'}",
            "- {type: bind, source: conf, target: '/config'}",
        ),
        (
            "MNT006",
            "- ./b.yaml:/b.yaml",
            "- { type: bind, source: ./b.yaml, target: /b.yaml, bind: { create_host_path: false } }",
        ),
        (
            "MNT006",
            "- './${X:-b}.yaml:/b.yaml:ro'   # c",
            (
                "- { type: bind, source: './${X:-b}.yaml', target: /b.yaml, read_only: true, "
                "bind: { create_host_path: false } }   # c"
            ),
        ),
        (
            "MNT006",
            "- type: bind\n        source: ./b.yaml # c\n        target: /b.yaml # c",
            (
                "- type: bind\n        source: ./b.yaml # c\n        target: /b.yaml # c\n"
                "        bind: { create_host_path: false }"
            ),
        ),
        (
            "MNT006",
            "- {type: bind, source: ./b, target: /b, bind: {propagation: rslave}}",
            "- {type: bind, source: ./b, target: /b, bind: {propagation: rslave, create_host_path: false}}",
        ),
        (
            "MNT006",
            "- {type: bind, source: ./b, target: /b, bind: {create_host_path: true}}",
            "- {type: bind, source: ./b, target: /b, bind: {create_host_path: false}}",
        ),
        ("MNT009", "- ./conf:/config:ro", "- ./conf:/config"),
        ("MNT009", "- ./conf:/config:ro,z", "- ./conf:/config:z"),
        (
            "MNT009",
            "- {type: bind, source: ./conf, target: /config, read_only: true}",
            "- {type: bind, source: ./conf, target: /config, read_only: false}",
        ),
        ("MNT013", "- /data", "- app-data:/data"),
        ("MNT013", "- {type: volume, target: /x/cache.d}", "- {type: volume, target: /x/cache.d, source: app-cache-d}"),
        ("STA002", "- ./run/confkeep.sock:/run/confkeep/confkeep.sock", "- ./run:/run/confkeep"),
    ],
)
def test_the_new_line(tmp_path: Path, rule: str, before: str, after: str) -> None:
    """The change is the smallest there is: quotes, comments and variables of the line stay."""
    compose = lay_out(tmp_path, services(f"    volumes:\n      {before}\n"), "conf/a.yaml", "run/")
    new = mended(compose, only(rule, check(compose)), TOOLS[0])
    assert new.removesuffix("\nvolumes:\n  app-data:\n").removesuffix("\nvolumes:\n  app-cache-d:\n") == services(
        f"    volumes:\n      {after}\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "\nvolumes:\n  app-data:\n"),
        ("volumes:\n", "volumes:\n  app-data:\n"),
        ("volumes: {}\n", "volumes: { app-data: {}}\n"),
        ("volumes: {one: }\n", "volumes: {one: , app-data: {} }\n"),
        ("volumes:\n    app-data: # taken\n# end\n", "volumes:\n    app-data: # taken\n    app-data-2:\n# end\n"),
        ("volumes:\n  one:\n    name: x\nx-last: 1\n", "volumes:\n  one:\n    name: x\n  app-data:\nx-last: 1\n"),
    ],
)
def test_where_a_volume_is_declared(tmp_path: Path, before: str, after: str) -> None:
    """An anonymous volume gets a name that is free, declared in whatever top-level `volumes` there is."""
    compose = lay_out(tmp_path, services(f"    volumes: [/data]\n{before}"))
    assert mended(compose, only("MNT013", check(compose)), TOOLS[0]).endswith(after)


def test_a_volume_that_is_a_bind_made_writable(tmp_path: Path) -> None:
    """The mode of a volume stands where it is mounted, whatever it binds."""
    volume = "volumes:\n  conf: { driver_opts: { o: bind, device: $PWD/conf } }\n"
    compose = lay_out(tmp_path, services(f"    volumes: ['conf:/config:ro']\n{volume}"), "conf/")
    here = {"PWD": str(compose.parent)}
    finding = only("MNT009", check(compose, **here))
    assert mended(compose, finding, TOOLS[0], **here) == services(f"    volumes: ['conf:/config']\n{volume}")


def test_a_patch_that_mends_nothing(tmp_path: Path) -> None:
    """Where the finding is still there after the change, or another one is, there is no patch."""
    stack = stack_of(lay_out(tmp_path, services("    volumes: [/data]\n")))
    found = find(stack)
    other = replace(found[0], rule="MNT015")
    assert Patches(stack, found, lambda _: []).patch(found[0])
    assert not Patches(stack, found, lambda _: found).patch(found[0])
    assert not Patches(stack, found, lambda _: [other]).patch(found[0])


def test_edits_that_overlap() -> None:
    """Two edits of the same characters are none."""
    with pytest.raises(NoEdit):
        apply("abc", [Edit(0, 2, "x"), Edit(1, 3, "y")])


def test_the_diff_itself() -> None:
    """Hunks are counted as diff counts them, with one line around each change."""
    text = Text("f", "".join(f"{n}\n" for n in range(1, 10)))
    edits = [Edit(0, 2, ""), Edit(9, 9, "\nnew"), Edit(16, 17, "x"), Edit(18, 18, "end\n")]
    assert unified_diff("f", text, edits) == (
        "--- f\n+++ f\n@@ -1,2 +1,1 @@\n-1\n 2\n@@ -5,2 +4,3 @@\n 5\n+new\n 6\n@@ -8,2 +8,3 @@\n 8\n-9\n+x\n+end\n"
    )


def test_all_files_of_a_directory_at_once(tmp_path: Path) -> None:
    """Several files of one directory, in several services, become one mount of it in each: by one patch for all."""
    text = services(
        "    volumes:\n      - ./conf/a.yaml:/config/a.yaml\n      # of b\n      - ./conf/b.yaml:/config/b.yaml # b\n"
        "  second:\n    image: busybox\n    volumes: [ /x, './conf/b.yaml:/etc/config/b.yaml', './x:/y' ]\n"
        "  third:\n    image: busybox\n    volumes: [ './conf:/all' ]\n"
    ).replace("/etc/config", "/srv/config")
    compose = lay_out(tmp_path, text, "conf/a.yaml", "conf/b.yaml", "x/")
    found = [one for one in check(compose).findings if one.rule in {"MNT001", "MNT018"}]
    assert [one.rule for one in found] == ["MNT001", "MNT018", "MNT001", "MNT018", "MNT001", "MNT018"]
    assert len({one.patch for one in found}) == 1
    assert mended(compose, found[0], TOOLS[0]) == services(
        "    volumes:\n      - ./conf:/config\n      # of b\n"
        "  second:\n    image: busybox\n    volumes: [ /x, './conf:/srv/config', './x:/y' ]\n"
        "  third:\n    image: busybox\n    volumes: [ './conf:/all' ]\n"
    )


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        ("MNT001", "    volumes: [./a.yaml:/config/a.yaml]\n"),  # everything else beside the compose file
        ("MNT001", "    volumes: [../project/a.yaml:/config/a.yaml]\n"),
        ("MNT001", "    volumes: [/etc/hosts:/config/hosts]\n"),
        ("MNT001", "    volumes: [./conf/a.yaml:/etc/config/a.yaml]\n"),  # what the image has there
        ("MNT001", "    volumes: [./conf/a.yaml:/app/a.yaml]\n"),
        ("MNT001", "    volumes: [./conf/a.yaml:/config/b.yaml]\n"),  # another name
        ("MNT001", "    volumes: ['./conf/a.yaml:/config/a.yaml', './x:/config']\n"),  # the place is taken
        ("MNT001", "    volumes: ['./conf/a.yaml:/config/a.yaml', './x:/config/x']\n"),  # would be nested
        # One mode for all, or none.
        ("MNT001", "    volumes: ['./conf/a.yaml:/config/a.yaml', './conf/b.yaml:/config/b.yaml:ro']\n"),
        ("MNT001", "    volumes: ['~/a.yaml:/config/a.yaml']\n"),
        ("MNT001", "    volumes: ['/home/x/b.yaml:/config/b.yaml']\n"),
        ("MNT001", "    volumes: [/etc/ssl/openssl.cnf:/config/openssl.cnf]\n"),
        ("MNT001", "    volumes: ['./${FILE:-conf/a.yaml}:/config/a.yaml']\n"),
        (
            "MNT001",
            "    volumes: [vol:/config/a.yaml]\nvolumes:\n  vol: {driver_opts: {o: bind, device: $PWD/conf/a.yaml}}\n",
        ),
        ("MNT009", "    volumes: ['./conf:/a:ro', './conf:/b:ro']\n"),  # which of them?
        ("MNT009", "    volumes: ['./conf:/a:ro', './conf:/b']\n"),  # there is a writer
        ("MNT013", "    volumes: &all [/data]\n  b:\n    image: x\n    volumes: *all\n"),  # would be shared
        ("MNT013", '    volumes: ["/da\\x74a"]\n'),  # not as it is written
        ("MNT013", "    volumes:\n      - >-\n        /data\n"),
        ("MNT006", "    volumes: ['./missing:/b:z']\n"),  # has no long notation that we know to be the same
        ("STA002", "    volumes: [./confkeep.sock:/run/x/confkeep.sock]\n"),
        ("STA002", "    volumes: [./run/confkeep.sock:/run/confkeep.sock]\n"),
    ],
)
def test_where_only_words_help(tmp_path: Path, rule: str, body: str) -> None:
    """Where the change takes more than the file says there is a remedy, and no patch."""
    compose = lay_out(tmp_path, services(body), "conf/a.yaml", "conf/b.yaml", "a.yaml", "x/")
    found = [one for one in check(compose, PWD=str(compose.parent)).findings if one.rule == rule]
    assert found
    assert {one.patch for one in found} == {""}
    assert all(one.remedy for one in found)


def test_a_name_that_no_patch_can_carry(tmp_path: Path) -> None:
    """A file name with a line break would end the header of a diff."""
    compose = lay_out(tmp_path, services("    volumes: [/data]\n"))
    odd = compose.rename(compose.with_name("a\n+++ b.yaml"))
    assert only("MNT013", check(odd)).patch == ""
    spaced = odd.rename(odd.with_name("my compose.yaml"))
    patch = only("MNT013", check(spaced)).patch
    assert "app-data:/data" in patched(spaced, patch, "git", "apply", "-p0", "-")


def test_many_findings_do_not_cost_a_check_each(tmp_path: Path) -> None:
    """Patches stop where their checks would cost more than the file is worth; the findings do not."""
    compose = lay_out(tmp_path, services("    volumes:\n" + "".join(f"      - /data/{n}\n" for n in range(400))))
    findings = check(compose).findings
    assert len(findings) == 400
    assert 0 < sum(bool(one.patch) for one in findings) < 400


def test_our_own_stack() -> None:
    """compose.yaml at the top binds single files on purpose; the patch of that keeps it a valid file."""
    compose = Path(__file__).parents[2] / "compose.yaml"
    finding = next(one for one in check(compose).findings if one.rule == "MNT001")
    assert "+    source: ${CONFIG_DIR:-./docker/example}\n" in finding.patch
    assert set(rules(compose)) == {"MNT001", "MNT009", "MNT010", "MNT017"}
    assert yaml.safe_load(compose.read_text())
