from confkeep.layout.model import IdRange
from tests.layout.building import bind, container, line, paths, stat, survey, volume

MADE = stat("directory", mode=0o755, nlink=2)


def test_an_empty_directory_with_the_name_of_a_file_is_found() -> None:
    """Of a running container, by what it sees."""
    app = container(
        line("/srv/a.yaml", "/a.yaml"), declared=(bind("/srv/a.yaml", "/a.yaml"),), inside={"/a.yaml": MADE}
    )
    assert paths("MNT006", survey(app)) == ["/a.yaml"]


def test_of_one_that_cannot_start_the_host_tells() -> None:
    """Its mounts are not to be seen."""
    app = container(declared=(bind("/srv/a.yaml", "/etc/passwd"),), host={"/srv/a.yaml": MADE}, running=False)
    assert paths("MNT006", survey(app)) == ["/etc/passwd"]


def test_a_directory_with_something_in_it_is_meant_so() -> None:
    """Nobody was surprised by it."""
    inside = {"/a.yaml": MADE, "/a.yaml/b.yaml": stat()}
    app = container(line("/srv/a.yaml", "/a.yaml"), declared=(bind("/srv/a.yaml", "/a.yaml"),), inside=inside)
    assert paths("MNT006", survey(app)) == []


def test_an_empty_directory_with_the_name_of_one_is_meant_so() -> None:
    """``/srv/data`` is to be filled."""
    app = container(line("/srv/data", "/data"), declared=(bind("/srv/data", "/data"),), inside={"/data": MADE})
    assert paths("MNT006", survey(app)) == []


def test_without_an_engine_the_mount_tells() -> None:
    """Of a container that only /proc knows."""
    assert paths("MNT006", survey(container(line("/srv/a.yaml", "/config"), inside={"/config": MADE}))) == ["/config"]


def test_a_user_s_own_directory_is_meant_so() -> None:
    """Engines make theirs as root; in a user namespace as its root."""
    mounted = line("/srv/a.yaml", "/config")
    own = MADE._replace(uid=1000)
    assert paths("MNT006", survey(container(mounted, inside={"/config": own}))) == []
    remapped = MADE._replace(uid=100000)
    app = container(mounted, inside={"/config": remapped}, uid_map=(IdRange(0, 100000, 65536),))
    assert paths("MNT006", survey(app)) == ["/config"]


def test_a_volume_is_none() -> None:
    """The engine makes its directory in any case."""
    app = container(
        line("/v/a.yaml/_data", "/a.yaml"), declared=(volume("a.yaml", "/a.yaml"),), inside={"/a.yaml": MADE}
    )
    assert paths("MNT006", survey(app)) == []


def test_the_host_tells_where_the_container_cannot_be_looked_into() -> None:
    """By the source, which the engine names."""
    declared = (bind("/srv/a.yaml", "/a.yaml"),)
    app = container(line("/srv/a.yaml", "/a.yaml"), declared=declared, host={"/srv/a.yaml": MADE})
    assert paths("MNT006", survey(app)) == ["/a.yaml"]


def test_without_the_host_the_kernel_names_the_source() -> None:
    """The root field of the mount."""
    app = container(line("/srv/a.yaml", "/config"), inside={"/config": MADE})
    assert paths("MNT006", survey(app, host=())) == ["/config"]


def test_of_one_that_does_not_run_nothing_is_guessed() -> None:
    """Neither of a source that nobody looked at, nor of a volume."""
    unseen = container(declared=(bind("/srv/a.yaml", "/a.yaml"),), running=False)
    config = volume("a.yaml", "/a.yaml")
    kept = container(declared=(config,), host={config.source: MADE}, running=False)
    assert paths("MNT006", survey(unseen, kept)) == []
