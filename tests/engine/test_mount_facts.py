"""What mounts do to a save, without confkeep.

The design rests on this: a kernel or an engine that changes it is noticed here.
"""

from pathlib import Path

from tests.engine.container import Container
from tests.engine.fixtures import Idle

FILE = "/config/automations.yaml"


def _try(container: Container) -> dict[str, object]:
    outcomes: dict[str, object] = container.python("attempts", FILE, user="0")
    return outcomes


def test_a_bound_file_cannot_be_replaced(idle: Idle, config: Path) -> None:
    """Rename onto, exchange with and unlink of a bound file: EBUSY; link: EXDEV; writing works."""
    tried = _try(idle(f"--volume={config}/automations.yaml:{FILE}"))
    assert tried["temporary"] == tried["open"] == "done"
    assert tried["rename"] == tried["exchange"] == tried["unlink"] == "EBUSY"
    assert tried["link"] == "EXDEV"


def test_a_read_only_bound_file_says_busy_first(idle: Idle, config: Path) -> None:
    """On a read-only file bind rename still says EBUSY; only opening it for writing tells the cause."""
    container = idle(f"--volume={config}/automations.yaml:{FILE}:ro")
    tried = _try(container)
    assert tried["rename"] == tried["unlink"] == "EBUSY"
    assert tried["open"] == "EROFS"


def test_a_writable_file_in_a_read_only_directory(idle: Idle, config: Path) -> None:
    """A read-only directory around a writable file bind: no temporary file, EROFS and not EBUSY."""
    container = idle(f"--volume={config}:/config:ro", f"--volume={config}/automations.yaml:{FILE}")
    tried = _try(container)
    assert tried["temporary"] == "EROFS"
    assert tried["open"] == "done"


def test_a_source_that_the_host_renamed_over(idle: Idle, config: Path) -> None:
    """The container keeps the old inode: mount root `//deleted`, no link left, and what it writes is lost."""
    source = config / "automations.yaml"
    before = source.stat().st_ino
    container = idle(f"--volume={source}:{FILE}")
    (config / "new").write_bytes(b"from the host\n")
    (config / "new").rename(source)
    tried = _try(container)
    assert tried["inode"] == before != source.stat().st_ino
    assert tried["nlink"] == 0
    assert str(tried["root"]).endswith("//deleted")
    container.exec("sh", "-c", f"echo lost > {FILE}")
    assert container.read(FILE) == b"lost\n"
    assert source.read_bytes() == b"from the host\n"


def test_a_stale_source_with_another_link(idle: Idle, config: Path) -> None:
    """With a hard link elsewhere the stale inode still has a link: only the mount's root tells."""
    source = config / "automations.yaml"
    (config / "backup.yaml").hardlink_to(source)
    container = idle(f"--volume={source}:{FILE}")
    (config / "new").write_bytes(b"from the host\n")
    (config / "new").rename(source)
    tried = _try(container)
    assert tried["nlink"] == 1
    assert str(tried["root"]).endswith("//deleted")
