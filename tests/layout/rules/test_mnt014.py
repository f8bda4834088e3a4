from tests.layout.building import bind, container, paths, skips, survey, volume

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


def test_what_is_no_named_volume_is_none() -> None:
    """A bind hides the image's files too, and nothing was copied; without a name it is MNT013's."""
    nameless = volume("ab" * 32, "/nameless")
    app = container(declared=(bind("/srv/a", "/bound"), nameless), image={"/bound": True, "/nameless": True})
    assert paths("MNT014", survey(app)) == []
    assert skips("MNT014", survey(app)) == []
