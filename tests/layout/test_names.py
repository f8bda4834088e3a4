"""What a name alone tells."""

from __future__ import annotations

import pytest

from confkeep.layout import names


@pytest.mark.parametrize("path", ["/a.yaml", "/x/A.YML", "/.env", "/a.yaml~", "/nginx.conf", "/x/key.pem"])
def test_names_of_files(path: str) -> None:
    """Endings of configuration, whatever is around them."""
    assert names.of_a_file(path)


@pytest.mark.parametrize("path", ["/", "/config", "/conf.d", "/my.app", "/yaml", "/a.yaml/x", "/..data", "/v1.2"])
def test_names_of_anything_else(path: str) -> None:
    """A dot alone makes no file."""
    assert not names.of_a_file(path)


def test_names_of_sockets() -> None:
    """Neither files nor directories."""
    assert names.of_a_socket("/run/docker.sock")
    assert not names.of_a_socket("/run/sock")


def test_files_of_the_system() -> None:
    """By their whole path."""
    assert names.of_the_system("/etc/localtime")
    assert not names.of_the_system("/srv/etc/localtime")
