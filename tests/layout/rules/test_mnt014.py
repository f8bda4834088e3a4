from tests.layout.building import container, paths, skips, survey, volume


CONFIG = (volume("config", "/config"),)


def test_a_volume_over_files_of_the_image_is_found() -> None:
    """A lower layer has something there."""
    assert paths("MNT014", survey(container(declared=CONFIG, image={"/config": True}))) == ["/config"]


def test_over_nothing_it_is_none() -> None:
    """The image has nothing there that could be hidden."""
    assert paths("MNT014", survey(container(declared=CONFIG, image={"/config": False}))) == []


def test_an_image_that_nobody_could_see_is_said() -> None:
    """It is not taken for empty."""
    assert [one.what for one in skips("MNT014", survey(container(declared=CONFIG)))] == ["app"]
