"""confkeep.layout.compose: which findings a compose file has, and where."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import (
    FileTooLarge,
    InvalidDocument,
    IoError,
    NoPermission,
    NotARegularFile,
    NotFound,
)
from confkeep.layout.compose import MAX_BYTES, places
from confkeep.layout.diagnosis import Severity, Source
from tests.layout.composing import accepted, check, lay_out, only, rules, services

if TYPE_CHECKING:
    from tests.support.fixtures import AsUser

FIXTURES = Path(__file__).parents[1] / "fixtures/compose"
VOLUME = "\nvolumes: { data: }\n"


@pytest.mark.parametrize(
    ("volumes", "files", "expected"),
    [
        ("['./conf:/config']", ["conf/"], []),
        ("['./conf/a.yaml:/config/a.yaml']", ["conf/a.yaml"], ["MNT001"]),
        ("[{type: bind, source: conf/a.yaml, target: /config/a.yaml}]", ["conf/a.yaml"], ["MNT001"]),
        ("['./conf/a.yaml:/config/a.yaml']", ["conf/a.yaml/x"], []),
        ("['./conf/settings:/config/settings']", ["conf/settings"], ["MNT001"]),
        ("['./conf/a.yaml:/config/a.yaml']", [], ["MNT001", "MNT006"]),
        ("['./conf/a:/config/a.yaml']", [], ["MNT001", "MNT006"]),
        ("['./conf/a.yaml:/config/a.yaml']", ["conf/a.yaml/"], ["MNT006"]),
        ("['./conf:/config']", [], ["MNT006"]),
        ("[{type: bind, source: ./conf, target: /config}]", [], ["MNT006"]),
        ("[{type: bind, source: ./conf, target: /config, bind: {create_host_path: false}}]", [], ["MNT008"]),
        ("['./conf:/config:ro']", ["conf/"], ["MNT009"]),
        ("['./conf:/config:ro,z']", ["conf/"], ["MNT009"]),
        ("['./conf:/config:rw']", ["conf/"], []),
        ("[{type: bind, source: ./conf, target: /config, read_only: true}]", ["conf/"], ["MNT009"]),
        ("['/dev/null:/dev/config:ro']", [], []),
        ("['./x.sock:/run/x.sock:ro', './x.sock:/config/y.sock']", ["x.sock/"], ["MNT006", "MNT006"]),
        ("[/data]", [], ["MNT013"]),
        ("[{type: volume, target: /data}]", [], ["MNT013"]),
        ("['data:/data']", [], []),
        ("['data:/data', './conf:/data/conf']", ["conf/"], ["MNT015"]),
        ("['./conf:/data/conf', 'data:/data']", ["conf/"], ["MNT015"]),
        ("['data:/data', './conf:/database']", ["conf/"], []),
        ("['data:/data', './conf:/data/../conf/']", ["conf/"], []),
        ("[{type: tmpfs, target: /config}]", [], ["MNT012"]),
        ("[{type: tmpfs, target: /tmp}]", [], []),
        ("[{type: tmpfs, target: /tmp}, 'data:/tmp/data']", [], []),
        ("['./confkeep.sock:/run/confkeep.sock']", [], ["MNT006", "STA002"]),
        ("['./run/confkeep.sock:/run/other.sock']", ["run/confkeep.sock/"], ["MNT006", "STA002"]),
        ("['./x.sock:/run/x.sock:ro', './x.sock:/config/y.sock']", ["x.sock"], ["MNT001", "MNT001"]),
        ("['./run:/run/confkeep']", ["run/"], []),
        ("['./conf/:/a', './conf/a.yaml:/b/a.yaml']", ["conf/a.yaml"], ["MNT001", "MNT018"]),
        ("['./conf/:/a:ro', './conf/a.yaml:/b/a.yaml']", ["conf/a.yaml"], ["MNT001", "MNT009"]),
        ("['./conf/:/a', './conf/a.yaml:/a/a.yaml']", ["conf/a.yaml"], ["MNT001", "MNT015"]),
        ("['./a:/x', './conf:/x']", ["conf/"], []),
    ],
)
def test_one_service(tmp_path: Path, volumes: str, files: list[str], expected: list[str]) -> None:
    """Exactly the findings of one service's volumes, in a file that Compose accepts."""
    compose = lay_out(tmp_path, services(f"    volumes: {volumes}\n{VOLUME}"), *files)
    assert sorted(rules(compose)) == expected
    accepted(compose)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("./conf:/config", "./conf:/config", ["MNT017"]),
        ("./conf:/config", "./conf:/config:ro", ["MNT009"]),
        ("./conf:/a", "./x/../conf/:/b", ["MNT017"]),
        ("./media:/media", "./media:/media", []),
        ("./media/a:/media/a", "./media/a:/media/a", ["MNT001", "MNT001", "MNT017"]),
        ("data:/config", "data:/config", ["MNT017"]),
        ("data:/srv", "data:/srv", []),
        ("./conf:/config", "./conf/a.yaml:/config/a.yaml", ["MNT001", "MNT018"]),
        ("./conf:/config", "./link.yaml:/config/a.yaml", ["MNT001", "MNT018"]),
        ("./media/a:/a", "./hard:/b", ["MNT001", "MNT001", "MNT017"]),
    ],
)
def test_two_services(tmp_path: Path, one: str, other: str, expected: list[str]) -> None:
    """Two services are compared by what their sources are, not by how they are spelled."""
    text = services(f"    volumes: ['{one}']\n  second:\n    image: busybox\n    volumes: ['{other}']\n{VOLUME}")
    compose = lay_out(tmp_path, text, "conf/a.yaml", "media/a", "x/")
    (compose.parent / "link.yaml").symlink_to("conf/a.yaml")
    (compose.parent / "hard").hardlink_to(compose.parent / "media/a")
    assert sorted(rules(compose)) == expected


@pytest.mark.parametrize(
    ("volumes", "expected"),
    [
        ("['./conf/a.yaml:/config/a.yaml']", ["MNT001", "MNT010"]),
        ("['./conf/a.yaml:/config/a.yaml', {type: tmpfs, target: /config}]", ["MNT001", "MNT012"]),
        ("['./conf/a.yaml:/config/a.yaml:ro']", ["MNT001", "MNT009"]),
        ("['./conf:/config']", []),
    ],
)
def test_a_readonly_root(tmp_path: Path, volumes: str, expected: list[str]) -> None:
    """With a read-only root it counts whether anything writable lies over the file's directory."""
    compose = lay_out(tmp_path, services(f"    read_only: true\n    volumes: {volumes}\n"), "conf/a.yaml")
    assert sorted(rules(compose)) == expected


def test_a_volume_that_is_a_bind(tmp_path: Path) -> None:
    """A volume of the local driver with o=bind is judged as what it binds; its device is never created."""
    options = "driver_opts: {type: none, o: 'bind,rw', device: '${BASE}/conf'}"
    compose = lay_out(tmp_path, services(f"    volumes: ['conf:/config']\nvolumes:\n  conf: {{{options}}}\n"))
    finding = only("MNT008", check(compose, BASE=str(tmp_path)))
    assert (finding.host_path, finding.patch) == (str(tmp_path / "conf"), "")


def test_configs_and_secrets(tmp_path: Path) -> None:
    """What Compose mounts for configs and secrets is a note, what it copies into the layer a warning."""
    body = "    configs: [one, {source: two, target: /etc/two.toml}]\n    secrets: [three, four]\n"
    top = "configs: {one: {content: x}, two: {file: ./2}}\nsecrets: {three: {file: ./3}, four: {environment: X}}\n"
    report = check(lay_out(tmp_path, services(body + top), "2"))
    assert [(one.rule, one.severity, one.path) for one in report.findings] == [
        ("MNT025", Severity.NOTE, "/etc/two.toml"),
        ("MNT026", Severity.WARNING, "/one"),
        ("MNT008", Severity.ERROR, "/run/secrets/three"),
        ("MNT025", Severity.NOTE, "/run/secrets/three"),
        ("MNT025", Severity.NOTE, "/run/secrets/four"),
    ]


def test_a_nested_mount_that_shows_nothing_new(tmp_path: Path) -> None:
    """A file that the outer directory has in that very place needs no mount of its own."""
    volumes = "['./conf:/config', './conf/a.yaml:/config/a.yaml', './x.yaml:/config/x.yaml']"
    report = check(lay_out(tmp_path, services(f"    volumes: {volumes}\n"), "conf/a.yaml", "x.yaml"))
    assert [one.remedy for one in report.findings if one.rule == "MNT015"] == [
        "remove this entry: /config shows it already",
        "give it a path outside /config",
    ]


def test_a_missing_directory_is_only_a_note(tmp_path: Path) -> None:
    """Many stacks leave it to the engine to make their directories; a directory instead of a file is an error."""
    report = check(lay_out(tmp_path, services("    volumes:\n      - ./data:/data\n      - ./a.yaml:/a.yaml\n")))
    assert [one.severity for one in report.findings if one.rule == "MNT006"] == [Severity.NOTE, Severity.ERROR]


def test_the_place_of_a_finding(tmp_path: Path) -> None:
    """A finding names service, path, line and what stands there, also where an anchor or another service says it."""
    text = services(
        "    extends: base\n"
        "  base:\n    image: busybox\n    labels: {x: 'a\u2028b'}\n    volumes: &all\n"
        "      - &one ./conf/a.yaml:/config/a.yaml # note\n"
        "  third:\n    image: busybox\n    volumes:\n      - *one\n"
    )
    report = check(lay_out(tmp_path, text, "conf/a.yaml"))
    found = [one for one in report.findings if one.rule == "MNT001"]
    assert [one.container for one in found] == ["app", "base", "third"]
    assert {one.location.line for one in found if one.location} == {9}
    assert {one.evidence for one in found} == {"&one ./conf/a.yaml:/config/a.yaml"}
    assert {one.host_path for one in found} == {str(tmp_path / "project/conf/a.yaml")}


def test_places(tmp_path: Path) -> None:
    """Every mount has its line, whether anything is wrong with it or not, and every service its entry."""
    text = services(
        "    volumes:\n      - ./a:/a\n      - type: tmpfs\n        target: /t/\n  empty: {image: busybox}\n"
    )
    assert places(str(lay_out(tmp_path, text)), {}) == {"app": {"/a": 5, "/t": 6}, "empty": {}}


@pytest.mark.parametrize("start", ["\ufeff", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_of_any_kind(tmp_path: Path, start: str, end: str) -> None:
    """A byte order mark and the line ends of Windows move no line."""
    text = start + services("    volumes:\n      - /data\n").replace("\n", end)
    (finding,) = check(lay_out(tmp_path, text)).findings
    assert finding.location
    assert finding.location.line == 5


def test_merges_and_extensions(tmp_path: Path) -> None:
    """`<<` merges, `x-` fields are nobody's mounts, and a service's own list replaces a merged one."""
    text = (
        "x-base: &base\n  image: busybox\n  volumes: [/merged]\n"
        "services:\n  one:\n    <<: *base\n  two:\n    <<: [*base]\n    volumes: [/own]\n"
    )
    compose = lay_out(tmp_path, text)
    assert [one.path for one in check(compose).findings] == ["/merged", "/own"]
    accepted(compose)


def test_what_was_not_looked_at(tmp_path: Path) -> None:
    """What lies in other files, or has no value here, is skipped with its reason and line, never taken for well."""
    text = (
        "include: [other.yaml]\n"
        "services:\n"
        "  a: {image: busybox, volumes: ['${NOWHERE}/a.yaml:/a.yaml', 'elsewhere:/x', 'C:\\x:/y']}\n"
        "  b: {extends: {file: common.yaml, service: b}}\n"
        "  c: {image: busybox, volumes_from: [a], volumes: [{type: image, source: x, target: /y}]}\n"
        "---\nservices: {}\n"
    )
    report = check(lay_out(tmp_path, text))
    assert report.findings == ()
    assert {re.sub(r" \(.*:(\d+)\)$", r" \1", one.reason) for one in report.skipped} == {
        "files that are included are not looked at: check each by itself 1",
        "the variable NOWHERE is not set, neither in the environment nor in .env 3",
        "a path of Windows: Compose takes a letter and a colon for a drive 3",
        "what the service inherits from another file is not looked at 4",
        "volumes_from is not looked at 5",
        "a mount of type image 5",
        "only the first document of a file is looked at 7",
    }
    assert report.sources == {Source.COMPOSE: "ok"}


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    """A path from the environment may hold any byte: what is said of it can be printed."""
    compose = lay_out(tmp_path, services('    volumes: ["$ODD/a.yaml:/config/a.yaml", "$ODD:/b", "./\\0:/c"]\n'))
    odd = compose.rename(os.fsdecode(os.fsencode(compose) + b"\xff"))
    report = check(odd, ODD="./" + os.fsdecode(b"\xfe"))
    assert [one.rule for one in report.findings] == ["MNT001", "MNT006", "MNT006", "MNT018"]
    assert [one.reason.split(": ")[1] for one in report.skipped] == ["embedded null byte"]
    assert str(report).encode()


def test_a_source_that_nobody_may_look_at(tmp_path: Path, public: Path, as_user: AsUser) -> None:
    """Where the look is not permitted the name decides, and the report says what was skipped."""
    compose = lay_out(public, services("    volumes: ['./closed/a.yaml:/config/a.yaml']\n"), "closed/a.yaml")
    (compose.parent / "closed").chmod(0o700)
    report = as_user(1234, lambda: check(compose))
    assert [one.rule for one in report.findings] == ["MNT001"]
    assert [(one.rule, one.what) for one in report.skipped] == [("MNT008", "app: /config/a.yaml")]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "the file is empty"),
        ("- a\n", 1, "a compose file is a mapping"),
        ("services:\n  - a\n", 2, "services must be a mapping"),
        ("services:\n  app: x\n", 2, "services.app must be a mapping"),
        ("services:\n  app:\n    image: x\n    image: y\n", 4, "duplicate key 'image'"),
        ("services:\n\tapp: x\n", 2, "found character that cannot start any token"),
        (services("    volumes: ./a:/b\n"), 4, "services.app.volumes must be a list"),
        (services("    volumes:\n      - [a]\n"), 5, "an entry is a text or a mapping"),
        (services("    volumes:\n      - vol:/y\n"), 5, "uses the volume 'vol', which the top-level"),
        (services("    volumes:\n      - {type: bind, target: /x}\n"), 5, "a bind without its source"),
        (services("    volumes:\n      - {type: bin, target: /x}\n"), 5, "type 'bin' is none that Compose knows"),
        (
            services("    volumes:\n      - type: volume\n        source: [a]\n        target: /x\n"),
            6,
            "a single value",
        ),
        (services("    extends: nobody\n"), 4, "extends 'nobody', which is not in the file"),
        (services("    extends: app\n"), 3, "services.app extends itself"),
        ("services: &a\n  app: *a\n", 2, "*a contains itself"),
    ],
)
def test_what_compose_refuses(tmp_path: Path, text: str, line: int, reason: str) -> None:
    """A file that Compose would refuse is an error that names file, line and reason; and Compose does refuse it."""
    compose = lay_out(tmp_path, text)
    with pytest.raises(InvalidDocument) as raised:
        check(compose)
    assert raised.value.detail.startswith(f"{compose}:{line}: ")
    assert reason in raised.value.detail
    assert raised.value.remedy
    with pytest.raises(AssertionError):
        accepted(compose)


def test_files_that_cannot_be_read(tmp_path: Path, public: Path, as_user: AsUser) -> None:
    """Each reason has its own error: missing, a directory, a FIFO that nobody writes, too large, forbidden."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "latin").write_bytes(b"a: \xe9\n")
    cases = {"none": NotFound, ".": NotARegularFile, "fifo": NotARegularFile, "large": FileTooLarge, "large/x": IoError}
    for name, error in cases.items():
        with pytest.raises(error):
            check(tmp_path / name)
    with pytest.raises(InvalidDocument):
        check(tmp_path / "latin")
    closed = lay_out(public, services(""))
    closed.chmod(0o600)
    with pytest.raises(NoPermission):
        as_user(1234, lambda: check(closed))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("captured-v5", "MNT001 MNT001 MNT006 MNT006 MNT006 MNT008 MNT008 MNT013 MNT025 MNT025"),
        ("captured-v1", "MNT001 MNT001 MNT006 MNT006 MNT006 MNT008 MNT008 MNT013 MNT025 MNT025"),
    ],
)
def test_captured_files(tmp_path: Path, name: str, expected: str) -> None:
    """The files of the captured layouts: what the running containers had, before they run and without their sources."""
    compose = lay_out(tmp_path, (FIXTURES / f"{name}.yaml").read_text())
    assert sorted(rules(compose)) == expected.split()
