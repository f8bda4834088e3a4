"""confkeep.documents.collector: the garbage collector waits, and is then as it was."""

from __future__ import annotations

import gc
import threading

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


def test_threads_that_overlap() -> None:
    """The collector is off as long as one of them is in a pause, and on again after the last."""
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with paused():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with paused():
        thread.start()
        assert inside.wait(60)
    assert not gc.isenabled()
    leave.set()
    thread.join(60)
    assert gc.isenabled()
