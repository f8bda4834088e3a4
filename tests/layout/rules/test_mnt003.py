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
