"""The figures of the tests here are part of their result: they are printed with it."""

from collections.abc import Callable

import pytest

Note = Callable[[str], None]

_figures = pytest.StashKey[list[str]]()


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Have one line printed at the end of the run."""
    figures = request.config.stash.setdefault(_figures, [])
    name = str(request.node.name)
    return lambda line: figures.append(f"{name}: {line}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was noted."""
    figures = config.stash.get(_figures, list[str]())
    if figures:
        terminalreporter.section("readers and crashes")
        for line in figures:
            terminalreporter.line(line)
