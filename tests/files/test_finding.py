"""confkeep.files.finding: what a doctor's rule says about where a file lives."""

from __future__ import annotations

import pickle

from confkeep.files.finding import Finding


def test_a_finding_is_a_value() -> None:
    """Two that say the same are the same, here and in another process."""
    one = Finding("MNT011", "error", "message", "remedy", "evidence")
    other = pickle.loads(pickle.dumps(one))  # noqa: S301 - our own
    assert one == other
    assert hash(one) == hash(other)
