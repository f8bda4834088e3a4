from tests.layout.building import READ_ONLY_ROOT, container, findings, line, paths, stat, survey


def test_a_file_whose_directory_is_read_only_is_found() -> None:
    """It can be written in place, and not replaced."""
    app = container(line("/srv/a", "/config/a"), root=READ_ONLY_ROOT, inside={"/config/a": stat()})
    assert paths("MNT010", survey(app)) == ["/config/a"]


def test_a_mounted_directory_around_it_is_the_remedy() -> None:
    """Then the file's directory is writable."""
    app = container(line("/srv/config", "/config"), root=READ_ONLY_ROOT)
    assert paths("MNT010", survey(app), paths=frozenset({"/config/a"})) == []


def test_what_is_to_be_saved_on_it_is_found() -> None:
    """Nothing is mounted there at all."""
    app = container(line("/srv/config", "/config"), root=READ_ONLY_ROOT)
    [finding] = findings("MNT010", survey(app), paths=frozenset({"/etc/app.yaml"}))
    assert (finding.path, finding.evidence) == ("/etc/app.yaml", READ_ONLY_ROOT)


def test_a_writable_root_is_none() -> None:
    """Temporary files can be made beside the file."""
    app = container(line("/srv/a", "/config/a"), inside={"/config/a": stat()})
    assert paths("MNT010", survey(app)) == []
