"""confkeep.etag: the version token of a file."""

from __future__ import annotations

from confkeep.etag import etag_of


def test_it_is_what_sha256sum_prints() -> None:
    """SHA-256 in lower-case hex."""
    assert etag_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert etag_of(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
