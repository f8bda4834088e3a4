"""Why a text has no nodes."""

from __future__ import annotations


class Uncomposable(Exception):
    """The text has no tree of nodes; the message says why, in words that end a sentence."""
