from tests.layout.building import bind, container, findings, line, paths, stat, survey


def test_a_source_that_was_renamed_is_found() -> None:
    """The container keeps what is called ``a.yaml~`` now; at the source is another file."""
    app = container(
        line("/srv/a.yaml~", "/a.yaml"),
        declared=(bind("/srv/a.yaml", "/a.yaml"),),
        inside={"/a.yaml": stat(ino=7)},
        host={"/srv/a.yaml": stat(ino=8)},
    )
    [finding] = findings("MNT003", survey(app))
    assert "/srv/a.yaml~" in finding.message


def test_a_link_as_source_is_none() -> None:
    """Both ends are the same inode, whatever the paths say."""
    app = container(
        line("/srv/real.yaml", "/a.yaml"),
        declared=(bind("/srv/link.yaml", "/a.yaml"),),
        inside={"/a.yaml": stat(ino=7)},
        host={"/srv/link.yaml": stat(ino=7)},
    )
    assert paths("MNT003", survey(app)) == []


def test_a_source_below_another_mount_of_the_host_is_where_it_was() -> None:
    """The host's own table tells: /mnt/usb/a.yaml is /a.yaml of that disk. What differs then is what lies over it."""
    app = container(
        line("/a.yaml", "/a.yaml", device="254:1"),
        declared=(bind("/mnt/usb/a.yaml", "/a.yaml"),),
        inside={"/a.yaml": stat(ino=7)},
        host={"/mnt/usb/a.yaml": stat(ino=8)},
    )
    assert paths("MNT003", survey(app)) == []
    assert paths("MNT022", survey(app)) == ["/a.yaml"]


def test_where_nothing_has_the_old_name_a_restart_alone_is_no_help() -> None:
    """The engine would make an empty directory there."""
    app = container(
        line("/srv/moved/conf", "/config"),
        declared=(bind("/srv/stack/conf", "/config"),),
        inside={"/config": stat("directory")},
        host={"/srv/stack/conf": None},
    )
    [finding] = findings("MNT003", survey(app))
    assert finding.remedy.startswith("put it back at /srv/stack/conf first")
