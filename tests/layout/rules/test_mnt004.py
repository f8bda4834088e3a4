from tests.layout.building import container, line, paths, survey


def test_a_directory_that_was_removed_is_found() -> None:
    """Also where a new one has its name."""
    app = container(line("/srv/config//deleted", "/config"))
    assert paths("MNT004", survey(app)) == ["/config"]
    assert paths("MNT002", survey(app)) == []


def test_a_directory_in_place_is_none() -> None:
    """Nothing is wrong with it."""
    assert paths("MNT004", survey(container(line("/srv/config", "/config")))) == []
