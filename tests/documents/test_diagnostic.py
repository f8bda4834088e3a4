"""confkeep.documents.diagnostic: the shape of the Language Server Protocol."""

from __future__ import annotations

from dataclasses import asdict

from confkeep.documents.diagnostic import Diagnostic, Position, Range


def test_it_has_the_protocols_members() -> None:
    """An editor takes it as it is."""
    diagnostic = Diagnostic("error", "syntax", "message", Range(Position(1, 2), Position(3, 4)))
    assert asdict(diagnostic) == {
        "severity": "error",
        "code": "syntax",
        "message": "message",
        "range": {"start": {"line": 1, "character": 2}, "end": {"line": 3, "character": 4}},
        "source": "confkeep",
    }
