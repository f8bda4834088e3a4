"""What is made of the content that is there: limits of time, and saves that are overtaken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confkeep import comparing, editing
from confkeep.daemon import patches
from confkeep.documents.patch import Operation
from confkeep.errors import BodyTooLarge, Conflict, InvalidDocument
from confkeep.expect import ANYTHING
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
from confkeep.transaction import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

OLD = b"# by hand\na: 1\n"
SET = (Operation("replace", "/a", 2),)


@pytest.fixture
def root(disk: Path) -> Root:
    """A root with the file ``a.yaml``."""
    (disk / "config").mkdir()
    (disk / "config" / "a.yaml").write_bytes(OLD)
    return Root("ha", f"{disk}/config")


@pytest.fixture
def keeper(state: Path) -> Generator[Keeper]:
    """A keeper of this test's own."""
    with Keeper(state) as made:
        yield made


def test_what_is_too_large(keeper: Keeper, root: Root, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is not looked into: a patch is refused, a dump is saved as it is."""
    monkeypatch.setattr(editing, "MOST", len(OLD) - 1)
    change = Change(root, "a.yaml", None, ANYTHING, rewrite=editing.patching(root, "a.yaml", SET, most=None))
    with pytest.raises(BodyTooLarge, match=r"a\.yaml has 15 bytes; up to 14 are patched"):
        editing.patch(keeper, root, "a.yaml", SET, Request(b"", ANYTHING))
    with pytest.raises(BodyTooLarge, match=r"a\.yaml has 15 bytes") as found:
        keeper.transaction([change], Request(b"", ANYTHING).author)
    assert (found.value.members["path"], found.value.members["limit"]) == ("a.yaml", 14)
    with pytest.raises(BodyTooLarge, match="the patch has 15 bytes; up to 14 are taken"):
        patches.operations(patches.Kind.MERGE_PATCH, b'{"a": 1234567}\n')
    saved = editing.save(keeper, root, "a.yaml", Request(b"a: 3\n", ANYTHING))
    assert (saved.kept, saved.kept_reason) == (False, "one of the two texts has over 14 bytes")
    assert (disk / "config" / "a.yaml").read_bytes() == b"a: 3\n"


def test_what_takes_too_long(keeper: Keeper, root: Root, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is named and saved by nobody; of a difference the lines remain."""
    monkeypatch.setattr(editing, "SECONDS", -1.0)
    monkeypatch.setattr(comparing, "SECONDS", -1.0)
    change = Change(root, "a.yaml", None, ANYTHING, rewrite=editing.patching(root, "a.yaml", SET, most=None))
    with pytest.raises(InvalidDocument, match="processor time"):
        editing.patch(keeper, root, "a.yaml", SET, Request(b"", ANYTHING))
    with pytest.raises(InvalidDocument, match="processor time"):
        keeper.transaction([change], Request(b"", ANYTHING).author)
    keeper.save(root, "a.yaml", Request(OLD + b"b: 1\n", ANYTHING))
    base = next(one.id for one in reversed(keeper.history(root, "a.yaml", 9)))
    with pytest.raises(InvalidDocument, match="processor time"):
        comparing.merged(keeper, root, "a.yaml", b"# by hand\na: 2\n", base)
    present = comparing.on_disk(keeper, root, "a.yaml")
    compared = comparing.compare(
        root, "a.yaml", comparing.recorded(keeper, root, "a.yaml", base), present, by_structure=True
    )
    assert compared.differences is None
    assert b"\n+b: 1\n" in compared.unified
    saved = editing.save(keeper, root, "a.yaml", Request(b"a: 3\n", ANYTHING))
    assert (saved.kept, (disk / "config" / "a.yaml").read_bytes()) == (False, b"a: 3\n")


@pytest.mark.parametrize("times", [1, 99])
def test_who_is_overtaken_tries_again(
    keeper: Keeper, root: Root, disk: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Over whatever is there, a few times: the patch is done to what the other has saved."""
    file, patched = disk / "config" / "a.yaml", editing.patching
    left = times

    def overtaken(*given: object, **named: object) -> Callable[[str, bytes], bytes]:
        made = patched(*given, **named)  # type: ignore[arg-type]

        def meanwhile(path: str, base: bytes) -> bytes:
            nonlocal left
            if left:
                left -= 1
                file.write_bytes(base + b"# more\n")
            return made(path, base)

        return meanwhile

    monkeypatch.setattr(editing, "patching", overtaken)
    if times > 5:
        with pytest.raises(Conflict):
            editing.patch(keeper, root, "a.yaml", SET, Request(b"", ANYTHING))
        assert b"a: 1" in file.read_bytes()
    else:
        editing.patch(keeper, root, "a.yaml", SET, Request(b"", ANYTHING))
        assert file.read_bytes() == b"# by hand\na: 2\n# more\n"
