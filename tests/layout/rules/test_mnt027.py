from tests.layout.building import bind, container, line, paths, survey


def test_a_mount_that_came_along_is_found() -> None:
    """A bind brings the host's mounts below it."""
    app = container(
        line("/srv/config", "/config"), line("/", "/config/usb", device="254:1"), declared=(bind("/srv/config", "/config"),)
    )
    assert paths("MNT027", survey(app)) == ["/config/usb"]


def test_the_engine_s_own_are_none() -> None:
    """/proc, /dev, /etc/hosts and the like."""
    assert paths("MNT027", survey(container(line("/srv/a", "/a"), declared=(bind("/srv/a", "/a"),)))) == []
