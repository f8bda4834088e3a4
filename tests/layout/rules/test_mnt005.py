from confkeep.layout.diagnosis import Source
from tests.layout.building import bind, container, line, paths, skips, survey


def test_a_mount_that_only_the_engine_believes_in_is_found() -> None:
    """It is in `Mounts`, and not in mountinfo."""
    app = container(
        line("/srv/config", "/config"), declared=(bind("/srv/a", "/config/a"), bind("/srv/config", "/config"))
    )
    assert paths("MNT005", survey(app)) == ["/config/a"]


def test_a_destination_behind_a_link_is_none() -> None:
    """Images link /var/run to /run, and the engine mounts where that leads."""
    app = container(
        line("/run/docker.sock", "/run/docker.sock"), declared=(bind("/run/docker.sock", "/var/run/docker.sock"),)
    )
    assert paths("MNT005", survey(app)) == []
    assert paths("MNT027", survey(app)) == []


def test_where_one_side_is_not_to_be_seen_that_is_said() -> None:
    """Neither the engine's word nor the kernel's is taken for both."""
    told = container(declared=(bind("/srv/a", "/a"),), name="told", missing={Source.PROC: "closed"})
    seen = container(line("/srv/a", "/a"), name="seen", missing={Source.API: "unknown"})
    assert paths("MNT005", survey(told, seen)) == []
    assert [one.what for one in skips("MNT005", survey(told, seen))] == ["told", "seen"]
