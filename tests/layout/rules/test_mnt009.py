from tests.layout.building import bind, container, findings, line, paths, survey

READ_ONLY = line("/srv/config", "/config", "ro")


def test_a_read_only_mount_is_a_note() -> None:
    """Most containers only read."""
    [finding] = findings("MNT009", survey(container(READ_ONLY)))
    assert finding.severity == "note"


def test_for_what_is_to_be_saved_it_is_an_error() -> None:
    """The path that was asked about is on it."""
    [finding] = findings("MNT009", survey(container(READ_ONLY)), paths=frozenset({"/config/a.yaml"}))
    assert finding.severity == "error"


def test_a_writable_mount_in_it_does_not_make_it_one() -> None:
    """What is to be saved is on the inner mount."""
    app = container(READ_ONLY, line("/srv/x", "/config/x"))
    [finding] = findings("MNT009", survey(app), paths=frozenset({"/config"}))
    assert finding.severity == "error"
    assert [one.severity for one in findings("MNT009", survey(app), paths=frozenset({"/config/x/a"}))] == ["note"]


def test_a_writable_mount_is_none() -> None:
    """Nothing is wrong with it."""
    assert paths("MNT009", survey(container(line("/srv/config", "/config")))) == []


def test_the_kernel_s_own_filesystems_are_none() -> None:
    """Whoever watches a machine has its /proc and /sys."""
    app = container(line("/", "/host/proc", "ro", "proc", "0:5"), line("/", "/host/sys", "ro", "sysfs", "0:6"))
    assert paths("MNT009", survey(app)) == []


def test_the_engine_alone_is_enough() -> None:
    """Its word is the evidence then."""
    app = container(declared=(bind("/srv/a", "/a", read_only=True), bind("/srv/b", "/b")))
    assert [(one.path, one.evidence) for one in findings("MNT009", survey(app))] == [("/a", "bind /srv/a at /a (ro)")]
