from confkeep.layout.model import Stat
from tests.layout.building import container, findings, line, paths, stat, survey

CONFIG = line("/srv/config", "/config")


def link(target: str) -> Stat:
    """A symbolic link."""
    return stat("link", target=target)


def test_a_link_out_of_its_mount_is_found() -> None:
    """Whether it is absolute or not."""
    inside = {"/config/a.yaml": link("/srv/store/a.yaml"), "/config/b.yaml": link("../store/b.yaml")}
    found = findings("MNT024", survey(container(CONFIG, inside=inside)))
    assert [(one.path, one.evidence) for one in found] == [
        ("/config/a.yaml", "/config/a.yaml -> /srv/store/a.yaml"),
        ("/config/b.yaml", "/config/b.yaml -> ../store/b.yaml"),
    ]


def test_a_link_to_nothing_is_found() -> None:
    """Somebody looked, and nothing was there."""
    inside = {"/config/a.yaml": link("b.yaml"), "/config/b.yaml": None}
    assert paths("MNT024", survey(container(CONFIG, inside=inside))) == ["/config/a.yaml"]


def test_a_circle_is_found() -> None:
    """Forty links are the most that the kernel follows."""
    inside = {"/config/a.yaml": link("b.yaml"), "/config/b.yaml": link("a.yaml")}
    assert paths("MNT024", survey(container(CONFIG, inside=inside))) == ["/config/a.yaml", "/config/b.yaml"]


def test_a_link_that_stays_below_is_none() -> None:
    """Kubernetes makes them: a.yaml -> ..data/a.yaml, ..data -> ..2024."""
    inside = {
        "/config/a.yaml": link("..data/a.yaml"),
        "/config/..data": link("..2024"),
        "/config/..2024/a.yaml": stat(),
    }
    assert paths("MNT024", survey(container(CONFIG, inside=inside))) == []


def test_into_another_mount_is_found() -> None:
    """It exists, and is no file of this mount."""
    inside = {"/config/a.yaml": link("/data/a.yaml"), "/data/a.yaml": stat()}
    app = container(CONFIG, line("/srv/data", "/data"), inside=inside)
    assert paths("MNT024", survey(app)) == ["/config/a.yaml"]


def test_links_that_are_no_configuration_are_left_out() -> None:
    """Unless they are what is to be saved."""
    app = container(CONFIG, inside={"/config/current": link("/srv/x")})
    assert paths("MNT024", survey(app)) == []
    assert paths("MNT024", survey(app), paths=frozenset({"/config/current"})) == ["/config/current"]
