"""confkeep.documents.collector: the garbage collector waits, and is then as it was."""

from __future__ import annotations

import gc

import pytest

from confkeep.documents.collector import paused


def test_a_pause() -> None:
    """Ends with the collector on, whatever happens meanwhile."""
    with paused():
        assert not gc.isenabled()
        with paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), paused():
        raise KeyError
    assert gc.isenabled()


def test_where_it_is_off() -> None:
    """It stays off."""
    gc.disable()
    try:
        with paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
