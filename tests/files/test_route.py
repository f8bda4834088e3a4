"""confkeep.files.route: what each route guarantees."""

from __future__ import annotations

from confkeep.files.route import DECLARED, Route


def test_every_route_declares_its_guarantees() -> None:
    """Both keep readers, crashes and metadata safe."""
    assert set(DECLARED) == set(Route)
    assert all(g.reader_atomic and g.crash_safe and g.metadata_kept for g in DECLARED.values())


def test_only_overwrite_keeps_the_inode() -> None:
    """A rename makes a new inode, which mounts and hard links of the old one do not see."""
    assert DECLARED[Route.OVERWRITE].inode_kept
    assert not DECLARED[Route.REPLACE].inode_kept


def test_a_rename_cannot_compare_and_swap() -> None:
    """Another program may save between the last look and the rename; under a lease it waits."""
    assert DECLARED[Route.OVERWRITE].compare_and_swap
    assert not DECLARED[Route.REPLACE].compare_and_swap
