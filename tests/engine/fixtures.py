"""The types of this directory's fixtures, for the tests' signatures."""

from collections.abc import Callable

from tests.engine.container import Container, Keeper, Setup

Serve = Callable[[Setup], Keeper]
Idle = Callable[..., Container]
