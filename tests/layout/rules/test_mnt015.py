from tests.layout.building import bind, container, line, paths, survey


def test_a_mount_inside_another_is_found() -> None:
    """Whatever they are."""
    app = container(line("/srv/config", "/config"), line("/srv/a", "/config/a"), line("/srv/configs", "/configs"))
    assert paths("MNT015", survey(app)) == ["/config/a"]


def test_what_the_engine_was_not_told_is_none() -> None:
    """Nobody can un-nest in compose what came along with the directory (MNT027)."""
    app = container(
        line("/srv/config", "/config"), line("/", "/config/sub", device="254:9"), declared=(bind("/srv/config", "/config"),)
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
