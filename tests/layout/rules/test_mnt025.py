from tests.layout.building import bind, container, findings, line, paths, stat, survey


def test_a_compose_secret_is_a_note() -> None:
    """Whoever only reads it is right."""
    app = container(declared=(bind("/srv/s.txt", "/run/secrets/s", read_only=True, managed="compose secret"),))
    [finding] = findings("MNT025", survey(app))
    assert (finding.severity, "compose secret" in finding.message) == ("note", True)


def test_for_what_is_to_be_saved_it_is_an_error() -> None:
    """It would be overwritten from its source."""
    app = container(declared=(bind("/srv/s.txt", "/run/secrets/s", read_only=True, managed="compose secret"),))
    [finding] = findings("MNT025", survey(app), paths=frozenset({"/run/secrets/s"}))
    assert finding.severity == "error"


def test_a_configmap_is_found_by_where_it_comes_from() -> None:
    """Kubelet's directories have names of their own."""
    root = "/var/lib/kubelet/pods/1/volumes/kubernetes.io~configmap/app"
    assert paths("MNT025", survey(container(line(root, "/config", "ro")))) == ["/config"]


def test_a_configmap_is_found_by_its_generations() -> None:
    """Kubelet switches between them by the link `..data`."""
    inside = {"/config/..data": stat("link", target="..2024_01_01")}
    assert paths("MNT025", survey(container(line("/srv/vol", "/config"), inside=inside))) == ["/config"]


def test_a_swarm_config_is_found() -> None:
    """The engine declares none of them, and keeps them below the container's own directory, or in a tmpfs."""
    swarm = line(f"/var/lib/docker/containers/{'a' * 64}/mounts/configs/1", "/app.yaml", "ro")
    secret = line("/x1", "/run/secrets/s", "ro", "tmpfs", "0:70")
    app = container(swarm, secret, declared=())
    assert paths("MNT025", survey(app)) == ["/app.yaml", "/run/secrets/s"]
    assert paths("MNT027", survey(app)) == []
    assert paths("MNT001", survey(app)) == []


def test_the_user_s_own_file_is_none() -> None:
    """A read-only bind is not managed by anybody."""
    assert paths("MNT025", survey(container(line("/srv/a.yaml", "/a.yaml", "ro")))) == []


def test_any_other_mount_that_came_along_is_none() -> None:
    """A disk, or a whole tmpfs (MNT027)."""
    app = container(line("/x", "/disk"), line("/", "/memory", "rw", "tmpfs", "0:70"), declared=())
    assert paths("MNT025", survey(app)) == []
