from tests.layout.building import bind, container, line, paths, stat, survey


def test_a_single_file_is_found() -> None:
    """A regular file that is mounted by itself."""
    app = container(line("/srv/a", "/config/a"), inside={"/config/a": stat()})
    assert paths("MNT001", survey(app)) == ["/config/a"]


def test_a_directory_with_the_name_of_a_file_is_none() -> None:
    """What stat says counts, not the name."""
    app = container(line("/srv/a.yaml", "/a.yaml"), inside={"/a.yaml": stat("directory")})
    assert paths("MNT001", survey(app)) == []


def test_where_nobody_may_look_the_name_tells() -> None:
    """Without root the ending of the name has to do."""
    app = container(line("/srv/a.yaml", "/etc/app"), line("/srv/conf.d", "/conf.d"))
    assert paths("MNT001", survey(app)) == ["/etc/app"]


def test_the_engine_alone_is_enough() -> None:
    """Of a container whose processes are not to be seen, what the engine was told counts."""
    assert paths("MNT001", survey(container(declared=(bind("/srv/a.yaml", "/a.yaml"),)))) == ["/a.yaml"]


def test_what_nobody_saves_is_left_out() -> None:
    """The clock's zone is given to half of all containers."""
    app = container(line("/etc/localtime", "/etc/localtime", "ro"), inside={"/etc/localtime": stat()})
    assert paths("MNT001", survey(app)) == []


def test_the_upper_one_of_two_mounts_counts() -> None:
    """What lies under another mount is not seen by anybody."""
    app = container(line("/srv/a.yaml", "/config/a.yaml"), line("/srv/config", "/config"))
    assert paths("MNT001", survey(app)) == []


def test_a_mounted_namespace_is_none() -> None:
    """Stat calls it a regular file (namespaces(7))."""
    netns = line("net:[4026532281]", "/run/netns/x.conf", filesystem="nsfs", device="0:4")
    assert paths("MNT001", survey(container(netns, inside={"/run/netns/x.conf": stat()}))) == []
