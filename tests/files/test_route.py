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


def test_both_routes_compare_and_swap() -> None:
    """Under a lease everybody else waits; what an exchange displaced is compared, and put back if it is not that."""
    assert DECLARED[Route.OVERWRITE].compare_and_swap
    assert DECLARED[Route.REPLACE].compare_and_swap
