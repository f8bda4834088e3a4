from tests.layout.building import bind, container, line, paths, survey


def test_a_mount_inside_another_is_found() -> None:
    """Whatever they are."""
    app = container(line("/srv/config", "/config"), line("/srv/a", "/config/a"), line("/srv/configs", "/configs"))
    assert paths("MNT015", survey(app)) == ["/config/a"]


def test_what_the_engine_was_not_told_is_none() -> None:
    """Nobody can un-nest in compose what came along with the directory (MNT027)."""
    app = container(
        line("/srv/config", "/config"),
        line("/", "/config/sub", device="254:9"),
        declared=(bind("/srv/config", "/config"),),
    )
    assert paths("MNT015", survey(app)) == []


def test_a_container_that_cannot_start_for_it_is_found() -> None:
    """The engine can make no mount point in a read-only mount."""
    app = container(
        declared=(bind("/srv/config", "/config", read_only=True), bind("/srv/a", "/config/a")),
        running=False,
        error="error mounting: open /merged/config/a: read-only file system: unknown",
    )
    assert paths("MNT015", survey(app)) == ["/config/a"]


def test_a_mount_in_the_container_s_own_tmpfs_is_none() -> None:
    """Nobody else reaches its mount point: compose mounts secrets into a tmpfs at /run."""
    tmpfs = line("/", "/run", filesystem="tmpfs", device="0:70")
    assert paths("MNT015", survey(container(tmpfs, line("/srv/s", "/run/secrets/s", "ro")))) == []


def test_one_that_cannot_start_for_another_reason_is_none() -> None:
    """Its mounts may be nested, and nobody knows yet whether that does any harm."""
    nested = (bind("/srv/config", "/config", read_only=True), bind("/srv/a", "/config/a"))
    app = container(declared=nested, running=False, error="no such image")
    assert paths("MNT015", survey(app)) == []
