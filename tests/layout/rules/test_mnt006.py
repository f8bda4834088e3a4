from tests.layout.building import bind, container, line, paths, stat, survey


MADE = stat("directory", mode=0o755, nlink=2)


def test_an_empty_directory_with_the_name_of_a_file_is_found() -> None:
    """Of a running container, by what it sees."""
    app = container(line("/srv/a.yaml", "/a.yaml"), declared=(bind("/srv/a.yaml", "/a.yaml"),), inside={"/a.yaml": MADE})
    assert paths("MNT006", survey(app)) == ["/a.yaml"]


def test_of_one_that_cannot_start_the_host_tells() -> None:
    """Its mounts are not to be seen."""
    app = container(declared=(bind("/srv/a.yaml", "/etc/passwd"),), host={"/srv/a.yaml": MADE}, running=False)
    assert paths("MNT006", survey(app)) == ["/etc/passwd"]


def test_a_directory_with_something_in_it_is_meant_so() -> None:
    """Nobody was surprised by it."""
    inside = {"/a.yaml": MADE, "/a.yaml/b.yaml": stat()}
    app = container(line("/srv/a.yaml", "/a.yaml"), declared=(bind("/srv/a.yaml", "/a.yaml"),), inside=inside)
    assert paths("MNT006", survey(app)) == []


def test_an_empty_directory_with_the_name_of_one_is_meant_so() -> None:
    """``/srv/data`` is to be filled."""
    app = container(line("/srv/data", "/data"), declared=(bind("/srv/data", "/data"),), inside={"/data": MADE})
    assert paths("MNT006", survey(app)) == []
