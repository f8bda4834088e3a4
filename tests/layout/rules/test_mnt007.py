from tests.layout.building import container, findings, survey

ERROR = (
    'error mounting "/srv/a.yaml" to rootfs at "/etc/app": mount /srv/a.yaml:/etc/app: not a directory: unknown: Are'
    " you trying to mount a directory onto a file (or vice-versa)?"
)


def test_a_file_onto_a_directory_is_found() -> None:
    """The engine says so when it cannot start the container."""
    [finding] = findings("MNT007", survey(container(running=False, error=ERROR)))
    assert (finding.path, finding.host_path, finding.evidence) == ("/etc/app", "/srv/a.yaml", ERROR)


def test_any_other_failure_is_none() -> None:
    """A container may fail to start for many reasons."""
    other = 'exec: "serve": executable file not found in $PATH: unknown'
    assert findings("MNT007", survey(container(running=False, error=other))) == []


def test_another_runtime_s_words_are_understood() -> None:
    """Crun names neither end."""
    error = "crun: open executable: mount `/srv/a.yaml` to `/etc/app`: Not a directory: OCI runtime error"
    [finding] = findings("MNT007", survey(container(running=False, error=error)))
    assert (finding.path, finding.host_path) == ("", None)
    assert "the place it is mounted at" in finding.message


def test_one_that_runs_now_is_none() -> None:
    """Its last failure is history."""
    assert findings("MNT007", survey(container(error=ERROR))) == []
