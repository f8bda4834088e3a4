from tests.layout.building import bind, container, findings, line, paths, survey


def test_a_mount_that_came_along_is_found() -> None:
    """A bind brings the host's mounts below it."""
    app = container(
        line("/srv/config", "/config"),
        line("/", "/config/usb", device="254:1"),
        declared=(bind("/srv/config", "/config"),),
    )
    assert paths("MNT027", survey(app)) == ["/config/usb"]


def test_the_engine_s_own_are_none() -> None:
    """/proc, /dev, /etc/hosts and the like."""
    assert paths("MNT027", survey(container(line("/srv/a", "/a"), declared=(bind("/srv/a", "/a"),)))) == []


ROOT_OF_HOST = line("/", "/rootfs", "ro")


def test_those_of_one_directory_are_one_finding() -> None:
    """Whoever mounts the host's root gets dozens."""
    along = [line("/", f"/rootfs/mnt/{name}", device=f"254:{name}") for name in "123"]
    app = container(ROOT_OF_HOST, *along, declared=(bind("/", "/rootfs", read_only=True),))
    [finding] = findings("MNT027", survey(app))
    assert finding.path == "/rootfs/mnt/1"
    assert "2 more below /rootfs" in finding.message


def test_without_the_engine_the_host_s_own_mounts_tell() -> None:
    """What the host has at that place came along; nobody asked for it, and other rules leave it alone."""
    app = container(
        ROOT_OF_HOST, line("/", "/rootfs/mnt/usb", device="254:1"), line("/x", "/rootfs/own", device="254:1")
    )
    assert [(one.path, one.ours_to_judge) for one in survey(app).holdings] == [
        ("/rootfs", True),
        ("/rootfs/mnt/usb", False),
        ("/rootfs/own", True),
    ]
    assert paths("MNT015", survey(app)) == ["/rootfs/own"]
