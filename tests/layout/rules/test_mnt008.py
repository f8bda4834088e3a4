from tests.layout.building import bind, container, findings, line, paths, skips, survey

BOUND = (bind("/srv/a.yaml", "/a.yaml", autocreated=True),)


def test_a_source_that_is_not_there_is_found() -> None:
    """Before the engine makes a directory of it."""
    [finding] = findings("MNT008", survey(container(declared=BOUND, host={"/srv/a.yaml": None}, running=False)))
    assert "makes an empty directory" in finding.message
    assert finding.evidence == "/srv/a.yaml: no such file or directory"


def test_the_engine_s_own_words_are_the_evidence() -> None:
    """Where it has tried to start the container."""
    said = 'error mounting "/srv/a.yaml" to rootfs at "/a.yaml": stat /srv/a.yaml: no such file or directory: unknown'
    app = container(declared=BOUND, host={"/srv/a.yaml": None}, running=False, error=said)
    assert findings("MNT008", survey(app))[0].evidence == said


def test_of_a_running_container_the_mount_tells_more() -> None:
    """That its source is gone is MNT002's."""
    app = container(line("/srv/a.yaml//deleted", "/a.yaml"), declared=BOUND, host={"/srv/a.yaml": None})
    assert paths("MNT008", survey(app)) == []


def test_a_source_that_nobody_looked_for_is_said() -> None:
    """It is not taken for present."""
    assert [one.what for one in skips("MNT008", survey(container(declared=BOUND, running=False)))] == ["app"]
