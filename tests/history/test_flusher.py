"""confkeep.history.flusher: what was committed without a flush is flushed soon."""

from __future__ import annotations

import threading

from confkeep.history.flusher import Flusher

PATIENCE = 60


class Counted:
    """Counts its calls."""

    def __init__(self) -> None:
        """None yet."""
        self.calls = 0
        self.called = threading.Event()

    def __call__(self) -> None:
        """One more."""
        self.calls += 1
        self.called.set()


def test_without_anything_to_flush_there_is_no_thread() -> None:
    """A daemon that only reads does not wake up."""
    before = threading.active_count()
    flush = Counted()
    flusher = Flusher(flush)
    assert threading.active_count() == before
    flusher.close()
    assert flush.calls == 0


def test_many_notes_are_one_flush() -> None:
    """All that comes within a moment."""
    flush = Counted()
    flusher = Flusher(flush)
    for _ in range(100):
        flusher.note()
    assert flush.called.wait(PATIENCE)
    flusher.close()
    assert flush.calls == 1


def test_each_later_note_is_flushed_too() -> None:
    """The thread goes on."""
    flush = Counted()
    flusher = Flusher(flush)
    for calls in (1, 2):
        flusher.note()
        assert flush.called.wait(PATIENCE)
        flush.called.clear()
        assert flush.calls == calls
    flusher.close()


def test_closing_flushes_what_is_pending() -> None:
    """Before it returns."""
    flush = Counted()
    flusher = Flusher(flush)
    flusher.note()
    flusher.close()
    assert flush.calls == 1


def test_what_another_flush_took_along_is_forgotten() -> None:
    """Nothing is flushed twice."""
    flush = Counted()
    flusher = Flusher(flush)
    flusher.note()
    flusher.forget()
    flusher.close()
    assert flush.calls == 0
