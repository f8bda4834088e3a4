import pytest

from confkeep.layout.model import CAP_DAC_OVERRIDE, Credentials
from tests.layout.building import container, findings, line, paths, skips, stat, survey

USER = Credentials(1000, 1000, frozenset({2000}), 0)
CONFIG = line("/srv/config", "/config")


def test_a_directory_of_another_user_is_found() -> None:
    """Nothing can be created in it."""
    app = container(CONFIG, credentials=USER, inside={"/config": stat("directory", mode=0o755)})
    [finding] = findings("MNT019", survey(app))
    assert 'user: "0:0"' in finding.remedy
    assert "chown 1000:1000" in finding.remedy


def test_a_file_of_another_user_in_an_own_directory_is_found() -> None:
    """It can be replaced, and not written in place."""
    inside = {"/config": stat("directory", mode=0o755, owner=1000), "/config/a.yaml": stat()}
    assert "/config/a.yaml" in findings("MNT019", survey(container(CONFIG, credentials=USER, inside=inside)))[0].message


@pytest.mark.parametrize(
    ("owner", "mode"),
    [(1000, 0o644), (1000, 0o200), (2000, 0o620), (0, 0o646)],
    ids=["own", "own only", "group", "others"],
)
def test_what_it_may_write_is_none(owner: int, mode: int) -> None:
    """As owner, by a supplementary group, or as anybody."""
    app = container(line("/srv/a", "/a"), credentials=USER, inside={"/a": stat(owner=owner, mode=mode)})
    assert paths("MNT019", survey(app)) == []


def test_the_owner_s_bits_count_for_the_owner() -> None:
    """That others may write does not help him (path_resolution(7))."""
    app = container(line("/srv/a", "/a"), credentials=USER, inside={"/a": stat(owner=1000, mode=0o466)})
    assert paths("MNT019", survey(app)) == ["/a"]


def test_the_superuser_may_write_everything_that_he_knows() -> None:
    """With CAP_DAC_OVERRIDE; without it he is a user like others."""
    foreign = {"/a": stat(owner=1000, mode=0o600)}
    for capabilities, found in ((1 << CAP_DAC_OVERRIDE, []), (0, ["/a"])):
        root = Credentials(0, 0, frozenset(), capabilities)
        app = container(line("/srv/a", "/a"), credentials=root, inside=foreign)
        assert paths("MNT019", survey(app)) == found


def test_a_user_by_name_is_said() -> None:
    """Without /proc nobody knows its number."""
    assert [one.what for one in skips("MNT019", survey(container(CONFIG)))] == ["app"]


def test_a_read_only_mount_is_not_to_be_written() -> None:
    """MNT009 tells of it."""
    app = container(line("/srv/a", "/a", "ro"), credentials=USER, inside={"/a": stat()})
    assert paths("MNT019", survey(app)) == []


def test_what_came_along_is_not_to_be_written() -> None:
    """Nobody asked for it."""
    app = container(line("/srv/a", "/a"), declared=(), credentials=USER, inside={"/a": stat()})
    assert paths("MNT019", survey(app)) == []


def test_a_device_is_not_saved() -> None:
    """Nor is a socket."""
    app = container(line("/srv/a", "/a"), credentials=USER, inside={"/a": stat("other")})
    assert paths("MNT019", survey(app)) == []


def test_only_configuration_of_this_mount_counts() -> None:
    """Neither a photo, nor a directory, a link, or what is mounted inside."""
    inside = {
        "/config": stat("directory", mode=0o755, owner=1000),
        "/config/photo.jpg": stat(),
        "/config/old.yaml": stat("directory", mode=0o755),
        "/config/link.yaml": stat("link"),
        "/config/in.yaml": stat(),
        "/elsewhere.yaml": stat(),
    }
    inner = line("/srv/in.yaml", "/config/in.yaml", "ro")
    assert paths("MNT019", survey(container(CONFIG, inner, credentials=USER, inside=inside))) == []
