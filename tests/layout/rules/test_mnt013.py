from tests.layout.building import container, paths, survey, volume


def test_a_volume_without_a_name_is_found() -> None:
    """Its name is 64 hexadecimal digits."""
    assert paths("MNT013", survey(container(declared=(volume("ab" * 32, "/config"),)))) == ["/config"]


def test_a_named_one_is_none() -> None:
    """It is found again."""
    assert paths("MNT013", survey(container(declared=(volume("config", "/config"),)))) == []
