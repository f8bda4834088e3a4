from tests.layout.building import container, line, paths, skips, survey

COMPOSE = {"com.docker.compose.service": "app"}


def test_configuration_in_the_layer_of_a_compose_container_is_found() -> None:
    """Compose copies `content:` there, and MNT011 leaves it to this rule."""
    app = container(line("/srv/data", "/data"), labels=COMPOSE, layer=("/etc/app.yaml", "/data/b.yaml"))
    assert paths("MNT026", survey(app)) == ["/etc/app.yaml"]
    assert paths("MNT011", survey(app)) == []


def test_without_compose_it_is_none() -> None:
    """Nobody copied it (MNT011)."""
    assert paths("MNT026", survey(container(line("/srv/data", "/data"), layer=("/etc/app.yaml",)))) == []


def test_a_layer_that_nobody_read_is_said() -> None:
    """It takes half a second for each container."""
    assert [one.what for one in skips("MNT026", survey(container(line("/", "/x"), labels=COMPOSE)))] == ["app"]
