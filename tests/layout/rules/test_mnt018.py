from tests.layout.building import container, findings, line, paths, survey


FILE = line("/srv/config/a.yaml", "/a.yaml")


def test_a_file_in_one_and_its_directory_in_another_are_found() -> None:
    """What saves through the directory leaves the file's mount behind."""
    [finding] = findings("MNT018", survey(container(FILE), container(line("/srv/config", "/dir"), name="editor")))
    assert finding.path == "/a.yaml"
    assert "in editor as /dir/a.yaml" in finding.message


def test_the_same_in_one_container_is_found() -> None:
    """It is no better there."""
    assert paths("MNT018", survey(container(FILE, line("/srv/config", "/dir")))) == ["/a.yaml"]


def test_nobody_renames_through_a_read_only_directory() -> None:
    """Then only the host can leave the mount behind (MNT001)."""
    assert paths("MNT018", survey(container(FILE, line("/srv/config", "/dir", "ro")))) == []


def test_a_file_over_itself_in_its_directory_is_none() -> None:
    """There is only one way to it: that is MNT015."""
    app = container(line("/srv/config", "/config"), line("/srv/config/a.yaml", "/config/a.yaml"))
    assert paths("MNT018", survey(app)) == []


def test_another_filesystem_with_the_same_paths_is_none() -> None:
    """Paths are compared within one device."""
    other = container(line("/srv/config", "/dir", device="254:1"), name="editor")
    assert paths("MNT018", survey(container(FILE), other)) == []
