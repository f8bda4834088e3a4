from tests.layout.building import bind, container, findings, line, paths, skips, stat, survey

GONE = line("/srv/a.yaml//deleted", "/config/a.yaml")


def test_a_file_that_lost_its_name_is_found() -> None:
    """The kernel says so in the root field, also where the inode still has another link."""
    [finding] = findings("MNT002", survey(container(GONE, inside={"/config/a.yaml": stat(nlink=1)})))
    assert finding.evidence == GONE
    assert "docker restart app" in finding.remedy


def test_without_a_source_a_restart_alone_is_no_help() -> None:
    """Short syntax would make a directory of it."""
    app = container(GONE, declared=(bind("/srv/a.yaml", "/config/a.yaml"),), host={"/srv/a.yaml": None})
    [finding] = findings("MNT002", survey(app))
    assert finding.remedy.startswith("put the file back at /srv/a.yaml first")


def test_on_a_filesystem_that_others_change_the_inodes_tell() -> None:
    """There the kernel learns of no rename."""
    app = container(
        line("/a.yaml", "/a.yaml", filesystem="nfs4", device="0:60"),
        declared=(bind("/mnt/nas/a.yaml", "/a.yaml"),),
        inside={"/a.yaml": stat(ino=7)},
        host={"/mnt/nas/a.yaml": stat(ino=8)},
    )
    assert paths("MNT002", survey(app)) == ["/a.yaml"]


def test_what_nobody_could_compare_is_said() -> None:
    """Without stat at both ends only the kernel's word was had."""
    app = container(line("/srv/a.yaml", "/a.yaml"), declared=(bind("/srv/a.yaml", "/a.yaml"),))
    [skipped] = skips("MNT002", survey(app))
    assert "/a.yaml" in skipped.reason
    assert skipped.what == "app"


def test_with_a_source_a_restart_is_enough() -> None:
    """What is there now is mounted then."""
    app = container(GONE, declared=(bind("/srv/a.yaml", "/config/a.yaml"),), host={"/srv/a.yaml": stat(ino=8)})
    [finding] = findings("MNT002", survey(app))
    assert finding.remedy.startswith("`docker restart app`")


def test_a_file_in_place_is_none() -> None:
    """Nothing is wrong with it."""
    assert paths("MNT002", survey(container(line("/srv/a.yaml", "/a.yaml")))) == []
