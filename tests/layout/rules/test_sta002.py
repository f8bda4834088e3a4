from tests.layout.building import container, line, paths, stat, survey


def test_the_socket_by_itself_is_found() -> None:
    """After the daemon's next start it leads nowhere; also under another name."""
    seen = {"/run/keep": stat("socket")}
    app = container(line("/run/confkeep/confkeep.sock", "/run/keep"), inside=seen)
    assert paths("STA002", survey(app)) == ["/run/keep"]


def test_its_directory_is_none() -> None:
    """That is the remedy."""
    assert paths("STA002", survey(container(line("/run/confkeep", "/run/confkeep")))) == []


def test_another_program_s_socket_is_none() -> None:
    """docker.sock is another matter."""
    assert paths("STA002", survey(container(line("/run/docker.sock", "/run/docker.sock")))) == []
