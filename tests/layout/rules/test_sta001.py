from pathlib import Path

from tests.layout.building import container, findings, skips, survey
from tests.support.fixtures import Filesystem


def test_state_in_memory_is_found(filesystem: Filesystem) -> None:
    """A power cut loses the journal."""
    state = str(filesystem("tmpfs"))
    [finding] = findings("STA001", survey(container()), state=state)
    assert finding.path == state


def test_state_on_a_disk_is_none(disk: Path) -> None:
    """Nothing is wrong with it."""
    assert findings("STA001", survey(container()), state=str(disk)) == []


def test_without_a_directory_that_is_said(tmp_path: Path) -> None:
    """Nobody named one; or it is not there; or the survey is of another machine."""
    missing = str(tmp_path / "missing")
    for surveyed, state in ((survey(), ""), (survey(), missing), (survey(live=False), str(tmp_path))):
        assert len(skips("STA001", surveyed, state=state)) == 1
