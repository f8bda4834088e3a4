"""The tests here talk to a real daemon."""

from tests.daemon.fixtures import folder, house, serve

__all__ = ["folder", "house", "serve"]
