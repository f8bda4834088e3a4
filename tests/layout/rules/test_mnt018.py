from confkeep.layout.model import Declared
from tests.layout.building import bind, container, findings, line, paths, stat, survey

FILE = line("/srv/config/a.yaml", "/a.yaml")


def test_a_file_in_one_and_its_directory_in_another_are_found() -> None:
    """What saves through the directory leaves the file's mount behind."""
    [finding] = findings("MNT018", survey(container(FILE), container(line("/srv/config", "/dir"), name="editor")))
    assert finding.path == "/a.yaml"
    assert "in editor as /dir/a.yaml" in finding.message


def test_the_same_in_one_container_is_found() -> None:
    """It is no better there."""
    assert paths("MNT018", survey(container(FILE, line("/srv/config", "/dir")))) == ["/a.yaml"]


def test_nobody_renames_through_a_read_only_directory() -> None:
    """Then only the host can leave the mount behind (MNT001)."""
    assert paths("MNT018", survey(container(FILE, line("/srv/config", "/dir", "ro")))) == []


def test_a_file_over_itself_in_its_directory_is_none() -> None:
    """There is only one way to it: that is MNT015."""
    app = container(line("/srv/config", "/config"), line("/srv/config/a.yaml", "/config/a.yaml"))
    assert paths("MNT018", survey(app)) == []


def test_another_filesystem_with_the_same_paths_is_none() -> None:
    """Paths are compared within one device."""
    other = container(line("/srv/config", "/dir", device="254:1"), name="editor")
    assert paths("MNT018", survey(container(FILE), other)) == []


def test_one_file_is_told_of_once() -> None:
    """However many mount it singly."""
    editor = container(line("/srv/config", "/dir"), name="editor")
    assert len(findings("MNT018", survey(container(FILE), container(FILE, name="two"), editor))) == 1


def test_what_nobody_asked_for_is_none() -> None:
    """A file bind of the host that came along is not in anybody's compose file."""
    declared = (bind("/srv/config", "/dir"),)
    assert paths("MNT018", survey(container(FILE, line("/srv/config", "/dir"), declared=declared))) == []


def test_a_file_without_a_known_place_is_none() -> None:
    """The engine alone does not say where the content of a plugin's volume lies."""
    plugin = container(declared=(Declared("volume", "", "/a.yaml", volume="v"),))
    assert paths("MNT018", survey(plugin, container(line("/srv/config", "/dir"), name="editor"))) == []


def test_who_has_the_whole_machine_is_none() -> None:
    """It would be every file that anybody mounts singly."""
    assert paths("MNT018", survey(container(FILE), container(line("/", "/host"), name="agent"))) == []


def test_files_of_the_system_are_none() -> None:
    """Nobody saves the clock's zone."""
    zone = container(line("/etc/localtime", "/etc/localtime"), inside={"/etc/localtime": stat()})
    assert paths("MNT018", survey(zone, container(line("/etc", "/etc.host"), name="backup"))) == []
