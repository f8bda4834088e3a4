from confkeep.layout.model import Container
from tests.layout.building import container, line, paths, skips, stat, survey


def labelled(label: str) -> Container:
    """A container with a directory of this label."""
    inside = {"/config": stat("directory", label=f"system_u:object_r:{label}:s0")}
    return container(line("/srv/config", "/config"), inside=inside)


def test_a_label_that_containers_may_not_use_is_found() -> None:
    """Where SELinux is enforcing."""
    assert paths("MNT021", survey(labelled("var_t"), selinux=True)) == ["/config"]


def test_a_container_s_label_is_none() -> None:
    """`:z` gives it."""
    assert paths("MNT021", survey(labelled("container_file_t"), selinux=True)) == []


def test_where_it_does_not_enforce_nothing_is_found() -> None:
    """It only writes to the log."""
    assert paths("MNT021", survey(labelled("var_t"), selinux=False)) == []


def test_where_nobody_knows_that_is_said() -> None:
    """It is not taken for off."""
    assert len(skips("MNT021", survey(labelled("var_t"), selinux=None))) == 1
