from __future__ import annotations

import json
from pathlib import Path

import pytest

from confkeep.layout.model import Container
from confkeep.layout.mounttable import parse_table
from confkeep.layout.picture import ASCII, BOXES, document, lines
from confkeep.layout.replay import replay
from confkeep.layout.survey import Survey
from tests.docs.blocks import blocks_of

LAYOUTS = Path(__file__).parents[1] / "fixtures" / "mount-layouts"
README = Path(__file__).parents[2] / "docs" / "doctor" / "README.md"


def drawn(layout: str) -> list[str]:
    """The tree of a captured layout; the folder that it was made in is the same everywhere, and left out."""
    folder = f"/srv/stacks/{layout.partition('/')[0]}"
    return [line.replace(folder, "") for line in lines(replay(str(LAYOUTS / layout)), BOXES)]


@pytest.mark.parametrize(
    ("layout", "tree"),
    [
        ("01-single-file-bind", ["/a.yaml (file, ext4)", "└─ lab-01: /config/a.yaml"]),
        (
            "02-stale-after-host-rename/after",
            ["/a.yaml (file, ext4, replaced or removed on the host)", "└─ lab-02: /config/a.yaml"],
        ),
        (
            "02b-stale-old-inode-renamed-to-backup",
            ["/a.yaml (file, ext4, really /a.yaml~)", "└─ lab-02b: /config/a.yaml"],
        ),
        (
            "07-tmpfs",
            [
                "in memory (directory, tmpfs)",
                "└─ lab-07: /config",
                "in memory (directory, tmpfs)",
                "└─ lab-07: /config2",
            ],
        ),
        (
            "08-readonly-binds",
            [
                "/a.yaml (file, ext4)",
                "└─ lab-08: /config/a.yaml (read-only)",
                "/dir (directory, ext4)",
                "└─ lab-08: /dir (read-only)",
            ],
        ),
        ("10-overlay-layer-not-persistent", ["no mounts: lab-10"]),
        (
            "12-shared-file-two-containers/before",
            [
                " (directory, ext4)",
                "├─ lab-12c: /dir",
                "└─ a.yaml (file, ext4)",
                "   ├─ lab-12a: /config/a.yaml",
                "   └─ lab-12b: /data/cfg.yaml",
            ],
        ),
        ("16b-source-on-btrfs-subvolume", ["/home/a.yaml (file, btrfs)", "└─ lab-16b: /config/a.yaml"]),
        (
            "28-bind-over-named-volume-with-options",
            [
                "/var/lib/docker/volumes/lab_vol28/_data (directory, ext4, volume lab_vol28, really /store)",
                "└─ lab-28: /config",
            ],
        ),
        (
            "32-shared-socket-volume",
            [
                "/var/lib/docker/volumes/lab_sock/_data (directory, ext4, volume lab_sock)",
                "├─ lab-32c: /run/dir",
                "└─ api.sock (socket, ext4, replaced or removed on the host)",
                "   └─ lab-32c: /run/cs/api.sock",
            ],
        ),
    ],
)
def test_tree(layout: str, tree: list[str]) -> None:
    """Files of the host, and below each who sees it where; what is in a mounted directory is drawn below that."""
    assert drawn(layout) == tree


HOST = "1 0 254:0 / / rw - ext4 /dev/vda rw"
OLD = "5 4 254:0 /srv/conf//deleted /config rw - ext4 /dev/vda rw"
NEW = "7 6 254:0 /srv/conf /config ro - ext4 /dev/vda rw"
FILE = "9 8 254:0 /srv/conf/a.yaml /a.yaml rw - ext4 /dev/vda rw"
SHARE = "9 8 0:77 /export /share rw - nfs4 nas:/export rw"


def test_nothing_lies_in_a_directory_that_was_replaced() -> None:
    """A file is drawn below the directory that has the name now, not below the one that had it."""
    survey = Survey(
        tuple(Container(name, name, table=parse_table(line)) for name, line in {"a": OLD, "b": NEW, "c": FILE}.items()),
        {},
        parse_table(HOST),
    )
    assert list(lines(survey, ASCII)) == [
        "/srv/conf (directory, ext4)",
        "|- b: /config (read-only)",
        "`- a.yaml (file, ext4)",
        "   `- c: /a.yaml",
        "/srv/conf (directory, ext4, replaced or removed on the host)",
        "`- a: /config",
    ]


def test_place_that_is_not_on_the_host() -> None:
    """What no path of the host leads to is called what the kernel calls it."""
    survey = Survey((Container("a", "a", table=parse_table(SHARE)),), {}, parse_table(HOST))
    assert list(lines(survey, ASCII)) == ["nas:/export:/export (directory, nfs4)", "`- a: /share"]
    (file,) = document(survey)["files"]
    assert (file["host_path"], file["device"], file["inode"], file["verified"]) == (None, None, None, False)


def test_ascii() -> None:
    """The same where the terminal knows no other characters."""
    survey = replay(str(LAYOUTS / "12-shared-file-two-containers" / "before"))
    tree = list(lines(survey, ASCII))
    assert tree[1:] == [
        "|- lab-12c: /dir",
        "`- a.yaml (file, ext4)",
        "   |- lab-12a: /config/a.yaml",
        "   `- lab-12b: /data/cfg.yaml",
    ]


def test_document() -> None:
    """The same for programs, with inode and evidence."""
    made = json.loads(json.dumps(document(replay(str(LAYOUTS / "12-shared-file-two-containers" / "before")))))
    assert list(made) == ["version", "files", "unmounted", "sources"]
    _, file = made["files"]
    assert file["host_path"] == "/srv/stacks/12-shared-file-two-containers/a.yaml"
    assert (file["verified"], file["kind"], file["stale"], file["device"]) == (False, "file", False, "254:0")
    assert isinstance(file["inode"], int)
    assert [(mount["container"], mount["path"], mount["read_only"]) for mount in file["mounts"]] == [
        ("lab-12a", "/config/a.yaml", False),
        ("lab-12b", "/data/cfg.yaml", False),
    ]
    assert all(
        "/config/a.yaml " in mount["evidence"] or "/data/cfg.yaml " in mount["evidence"] for mount in file["mounts"]
    )
    assert made["sources"]["api"] == "ok"


def test_document_is_the_one_that_the_page_shows() -> None:
    """Exactly the members of docs/doctor/README.md, of the same kinds, in the same order."""
    _, block = (block for block in blocks_of(README) if block.language == "json")
    shown = json.loads(block.text)
    made = document(replay(str(LAYOUTS / "12-shared-file-two-containers" / "before")))
    assert list(shown) == list(made)
    assert list(shown["files"][0]) == list(made["files"][1])
    assert list(map(type, shown["files"][0].values())) == list(map(type, made["files"][1].values()))
    assert list(shown["files"][0]["mounts"][0]) == list(made["files"][1]["mounts"][0])


def test_what_has_no_mounts_is_named() -> None:
    """No container is left out; our own has no name. Processes that are none are of no concern."""
    survey = Survey((Container("b", "1"), Container("a", "2"), Container("", "3"), Container("pid 9")), {})
    assert list(lines(survey, BOXES)) == ["no mounts: b, a, here"]
    assert document(survey)["unmounted"] == ["b", "a", ""]
