from tests.layout.building import container, findings, line, paths, survey


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
