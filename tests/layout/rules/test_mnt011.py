from tests.layout.building import ROOT, container, findings, line, paths, skips, survey


def test_what_is_to_be_saved_in_the_layer_is_found() -> None:
    """No mount is where the path is."""
    app = container(line("/srv/data", "/data"))
    [finding] = findings("MNT011", survey(app), paths=frozenset({"/config/a.yaml"}))
    assert finding.evidence == ROOT
    assert paths("MNT011", survey(app), paths=frozenset({"/data/a.yaml"})) == []


def test_configuration_in_the_layer_is_found_without_being_asked_for() -> None:
    """The engine lists what was changed in it: what is mounted, or is no configuration, is left out."""
    layer = ("/config/a.yaml", "/data/b.yaml", "/usr/bin/tool", "/usr/sbin/docker-init")
    app = container(line("/srv/data", "/data"), layer=layer)
    assert paths("MNT011", survey(app)) == ["/config/a.yaml"]


def test_a_layer_that_nobody_read_is_said() -> None:
    """It takes half a second for each container."""
    assert [one.what for one in skips("MNT011", survey(container(line("/srv/data", "/data"))))] == ["app"]


def test_with_a_path_or_with_the_layer_nothing_is_left_open() -> None:
    """What was asked is answered."""
    data = line("/srv/data", "/data")
    assert skips("MNT011", survey(container(data)), paths=frozenset({"/data/a"})) == []
    assert skips("MNT011", survey(container(data, layer=()))) == []
