from tests.layout.building import bind, container, line, paths, stat, survey

BOUND = (bind("/srv/nas", "/config"),)


def test_a_filesystem_mounted_over_the_source_is_found() -> None:
    """The container sees what lies under it."""
    app = container(
        line("/srv/nas", "/config"),
        declared=BOUND,
        inside={"/config": stat("directory", ino=7)},
        host={"/srv/nas": stat("directory", ino=7, dev="0:60")},
    )
    assert paths("MNT022", survey(app)) == ["/config"]
    assert paths("MNT003", survey(app)) == []


def test_a_bind_mounted_over_the_source_is_found() -> None:
    """The device is the same; the name is, and the inode is not."""
    app = container(
        line("/srv/nas", "/config"),
        declared=BOUND,
        inside={"/config": stat("directory", ino=7)},
        host={"/srv/nas": stat("directory", ino=8)},
    )
    assert paths("MNT022", survey(app)) == ["/config"]


def test_the_same_inode_is_none() -> None:
    """Nothing is between."""
    same = {"/config": stat("directory")}
    app = container(line("/srv/nas", "/config"), declared=BOUND, inside=same, host={"/srv/nas": stat("directory")})
    assert paths("MNT022", survey(app)) == []
