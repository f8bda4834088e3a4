from tests.layout.building import bind, container, findings, line, paths, stat, survey

WRITES = line("/srv/config", "/config")


def test_two_writers_of_one_directory_are_found_once() -> None:
    """The finding names the other."""
    [finding] = findings("MNT017", survey(container(WRITES), container(WRITES, name="sidecar")))
    assert (finding.container, "sidecar" in finding.message) == ("app", True)


def test_with_a_container_asked_for_it_is_that_one_s() -> None:
    """Whoever asks about the second is told about the first."""
    [finding] = findings("MNT017", survey(container(WRITES), container(WRITES, name="sidecar")), container="sidecar")
    assert (finding.container, "app" in finding.message) == ("sidecar", True)


def test_a_reader_is_no_writer() -> None:
    """That is the remedy."""
    reader = container(line("/srv/config", "/config", "ro"), name="reader")
    assert paths("MNT017", survey(container(WRITES), reader)) == []


def test_a_writer_of_the_directory_writes_the_file() -> None:
    """One mounts the file, the other a directory above it."""
    single = container(line("/srv/config/a.yaml", "/a.yaml"))
    assert paths("MNT017", survey(single, container(line("/srv", "/all"), name="backup"))) == ["/a.yaml"]


def test_what_is_hidden_by_another_mount_is_not_written() -> None:
    """The other container sees something else at that path."""
    hidden = container(line("/srv", "/all"), line("/var/x", "/all/config"), name="backup")
    assert paths("MNT017", survey(container(WRITES), hidden)) == []


def test_a_shared_socket_is_none() -> None:
    """Sockets are shared on purpose."""
    socket = line("/run/docker.sock", "/run/docker.sock")
    seen = {"/run/docker.sock": stat("socket")}
    assert paths("MNT017", survey(container(socket, inside=seen), container(socket, name="two", inside=seen))) == []


def test_the_engine_alone_is_enough() -> None:
    """By the host's paths."""
    both = [container(declared=(bind("/srv/config", "/config"),), name=name) for name in ("one", "two")]
    assert paths("MNT017", survey(*both)) == ["/config"]


def test_a_mounted_namespace_is_no_place_of_a_filesystem() -> None:
    """Engines bind nsfs, whose root fields are no paths (`net:[4026532281]`)."""
    namespace = line("net:[4026532281]", "/run/docker/netns/x", filesystem="nsfs", device="0:4")
    assert paths("MNT017", survey(container(namespace), container(WRITES, name="other"))) == []


def test_devices_and_the_clock_s_zone_are_none() -> None:
    """They are mounted for everybody, and nobody saves there."""
    shared = (line("/dri", "/gpu", filesystem="devtmpfs", device="0:5"), line("/etc/localtime", "/etc/localtime"))
    assert paths("MNT017", survey(container(*shared), container(*shared, name="two"))) == []


def test_who_has_the_whole_machine_is_no_second_writer() -> None:
    """Agents and backups mount /; they administer it."""
    assert paths("MNT017", survey(container(WRITES), container(line("/", "/host"), name="agent"))) == []
