from confkeep.layout.model import IdRange
from tests.layout.building import container, findings, line, paths, stat, survey

REMAPPED = (IdRange(0, 100000, 65536),)


def test_a_user_namespace_is_found() -> None:
    """And what it may not write in it, because nobody there owns it."""
    inside = {"/config": stat("directory", owner=0), "/data": stat("directory", owner=100000)}
    app = container(line("/srv/config", "/config"), line("/srv/data", "/data"), uid_map=REMAPPED, inside=inside)
    [finding] = findings("MNT020", survey(app))
    assert finding.path == "/config"
    assert "may not write /config, whose owner" in finding.message
    assert "chown 100000" in finding.remedy


def test_the_host_s_own_numbers_are_none() -> None:
    """Most containers have no namespace of users."""
    app = container(line("/srv/config", "/config"), uid_map=(IdRange(0, 0, 4294967295),))
    assert paths("MNT020", survey(app)) == []


def test_without_mounts_it_does_not_matter() -> None:
    """Nothing of the host can be written."""
    assert paths("MNT020", survey(container(uid_map=REMAPPED, declared=()))) == []


def test_what_nobody_looked_at_is_not_called_strange() -> None:
    """The namespace is told of all the same."""
    [finding] = findings("MNT020", survey(container(line("/srv/config", "/config"), uid_map=REMAPPED)))
    assert "may not write" not in finding.message
