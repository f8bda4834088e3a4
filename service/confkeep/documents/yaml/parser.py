"""libyaml through PyYAML: events of a stream, and the limits without which its time is not linear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable


class Source(Protocol):
    """Where events come from."""

    def get_event(self) -> Any:  # noqa: ANN401 - its type says what it has
        """The next event, None at the end. Raises yaml.YAMLError, UnicodeDecodeError."""


# Wheels bring the C parser, CSafeLoader's base; where PyYAML was built without libyaml its own does the same, slower.
Parser: Final[Callable[[bytes | str], Source]] = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
#: libyaml's time grows with the square of the nesting (2,000 brackets: a second); real files stay below 30.
MAX_DEPTH: Final = 200
#: And with the square of the directives, all of them before the first event (20,000: a second).
MAX_DIRECTIVES: Final = 100
EVENTS_BETWEEN_LOOKS: Final = 256
