from tests.layout.building import bind, container, findings, line, paths, skips, stat, survey

NESTED = (line("/srv/config", "/config"), line("/srv/a.yaml", "/config/a.yaml"))


def test_an_empty_mount_point_is_found() -> None:
    """Runc makes it with mode 0755."""
    [finding] = findings("MNT016", survey(container(*NESTED, host={"/srv/config/a.yaml": stat(mode=0o755)})))
    assert finding.host_path == "/srv/config/a.yaml"


def test_a_file_with_content_is_somebody_s() -> None:
    """It was there before."""
    assert paths("MNT016", survey(container(*NESTED, host={"/srv/config/a.yaml": stat(mode=0o755, size=1)}))) == []


def test_an_empty_file_of_another_mode_is_somebody_s() -> None:
    """No engine made it."""
    assert paths("MNT016", survey(container(*NESTED, host={"/srv/config/a.yaml": stat(mode=0o644)}))) == []


def test_a_place_that_nobody_looked_at_is_said() -> None:
    """It is not taken for clean."""
    assert [one.what for one in skips("MNT016", survey(container(*NESTED)))] == ["app"]


def test_the_mount_point_of_a_directory_is_none() -> None:
    """An empty directory does no harm."""
    app = container(NESTED[0], line("/srv/sub", "/config/sub"), host={"/srv/config/sub": stat(mode=0o755)})
    assert paths("MNT016", survey(app)) == []
    assert skips("MNT016", survey(app)) == []


def test_what_came_along_is_the_host_s() -> None:
    """No engine made a mount point for it."""
    declared = (bind("/srv/config", "/config"),)
    app = container(*NESTED, declared=declared, host={"/srv/config/a.yaml": stat(mode=0o755)})
    assert paths("MNT016", survey(app)) == []
